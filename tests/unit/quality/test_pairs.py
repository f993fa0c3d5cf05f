"""The picture of the closest pairs: which pixels stand where."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from ganaug.images import SplitRow, save_split
from ganaug.io import write_json
from ganaug.quality.pairs import COLUMNS, GAP, SIDE, TEXT, draw_pairs


def drawn(tmp_path: Path, pairs: list[dict[str, float]] | None, *, most: int = 12) -> np.ndarray:
    """A picture of images of one colour each: image k of the pool is 10 k, sample k is 100 + k."""
    pool, samples = np.arange(6) * 10, 100 + np.arange(9)
    for name, values in (("dev", pool), ("samples", samples)):
        np.save(
            tmp_path / f"{name}.npy", np.broadcast_to(np.uint8(values)[:, None, None, None], (len(values), 4, 4, 1))
        )
    # Training images are rows 5, 3 and 0 of the pool, in this order; the others are none.
    roles = {5: "train", 4: "validation", 3: "train", 1: "validation", 0: "train"}
    save_split(tmp_path / "r0.csv", [SplitRow(row, role, f"c{row}", "g", "s") for row, role in roles.items()])
    reasons = {} if pairs else {"pairs": "memorisation cannot be measured without generated images"}
    write_json(tmp_path / "q.json", {"memorisation": {"pairs": pairs, "reasons": reasons}})
    draw_pairs(
        split=str(tmp_path / "r0.csv"),
        dev=str(tmp_path / "dev.npy"),
        samples=str(tmp_path / "samples.npy"),
        quality=str(tmp_path / "q.json"),
        picture=str(tmp_path / "pairs.png"),
        most=most,
    )
    return np.asarray(Image.open(tmp_path / "pairs.png"))


def test_a_sample_stands_left_of_the_training_image_that_its_row_names(tmp_path: Path) -> None:
    named = [(7, 1), (2, 0), (0, 2)]
    picture = drawn(tmp_path, [{"sample": s, "train": t, "distance": 0.5, "rank": 0.1} for s, t in named])
    width = 2 * SIDE + 2 + GAP
    assert picture.shape == (SIDE + TEXT + GAP, 3 * width, 3)
    for k, (sample, real) in enumerate([(107, 30), (102, 50), (100, 0)]):
        assert (picture[:SIDE, k * width : k * width + SIDE] == sample).all()
        assert (picture[:SIDE, k * width + SIDE + 2 : k * width + 2 * SIDE + 2] == real).all()
        # Something is written below.
        assert picture[SIDE : SIDE + TEXT, k * width : (k + 1) * width].min() < 128


def test_so_many_are_drawn_and_no_more(tmp_path: Path) -> None:
    pairs = [{"sample": k, "train": 0, "distance": 1.0, "rank": 0.0} for k in range(9)]
    assert drawn(tmp_path, pairs, most=8).shape[:2] == (2 * (SIDE + TEXT + GAP), COLUMNS * (2 * SIDE + 2 + GAP))


def test_where_nothing_was_compared_the_picture_says_so(tmp_path: Path) -> None:
    picture = drawn(tmp_path, None)
    assert picture.min() < 128
    assert (picture[-1] == 255).all()
