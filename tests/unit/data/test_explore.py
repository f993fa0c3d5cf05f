"""The pictures of the images: what they count and show, that they never grow, and that they are always the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganaug.data.classes import LETTERS, LINES, class_lines, save_all_classes
from ganaug.data.explore import (
    CLASSES,
    NearPair,
    counts_by_split,
    counts_figure,
    development_pairs,
    explore,
)
from ganaug.data.tiles import random_rows, thumbnails
from ganaug.images import ImageFiles, IndexRow, Pixels, SplitRow, save_image_set, save_split
from ganaug.io import digest, read_json, write_json

NAMES = ("counts", "random", "classes", "means", "histograms", "sizes", "near_duplicates", "first", "singles")


def row(number: int, label: str, role: str = "train") -> SplitRow:
    return SplitRow(row=number, role=role, label=label, group=f"g{number}", source=f"{label}/{number}.png")  # type: ignore[arg-type]


def noise(count: int, *, side: int, channels: int) -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, channels), dtype=np.uint8)


def photographs(count: int, *, side: int) -> Pixels:
    """Parts of a photograph that comes with scikit-learn, all different."""
    from sklearn.datasets import load_sample_image

    whole = load_sample_image("china.jpg")  # a temple among trees
    steps = [(17 * k % (whole.shape[0] - side), 29 * k % (whole.shape[1] - side)) for k in range(count)]
    return np.stack([whole[top : top + side, left : left + side] for top, left in steps])


def explored(folder: Path, images: Pixels, *, labels: list[str]) -> Path:
    """Explore images, equally many a class, of which the last is for validation; returns the folder of the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    each = len(images) // len(labels)
    rows = [
        row(number, label, "validation" if place == each - 1 else "train")
        for number, (label, place) in enumerate((label, place) for label in labels for place in range(each))
    ]
    dev = ImageFiles(str(folder / "images.npy"), str(folder / "index.csv"))
    index = [IndexRow(label=one.label, group=one.group, origin="real", source=one.source) for one in rows]
    save_image_set(dev.images, dev.index, images, index)
    save_split(folder / "r0.csv", rows)
    near = {
        "exact": 0,
        "near": 4,
        "pairs": [["left out.png", index[0].source, 0], [index[0].source, index[1].source, 2]],
    }
    part = {"test": dict.fromkeys(labels, 5), "near_duplicates": {"within": {"dev": near}}}
    write_json(
        folder / "report.json",
        {
            "parts": [part],
            "sizes": [[8, 8, 2], [16, 8, 1]],
            "skipped": [{"file": "a/broken.png", "reason": "OSError: truncated"}],
        },
    )
    out = folder / "explore"
    explore(
        split=str(folder / "r0.csv"),
        dev=dev,
        report=str(folder / "report.json"),
        root=7,
        code="c",
        pictures={name: out / f"{name}.png" for name in NAMES},
        all_classes=out / "all_classes.png",
        record=str(out / "record.json"),
    )
    return out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return explored(tmp_path_factory.mktemp("explored"), noise(6, side=8, channels=3), labels=["cat", "$dog_$"])


def test_every_picture_can_be_opened(folder: Path) -> None:
    for name in NAMES:
        width, height = Image.open(folder / f"{name}.png").size
        assert 200 < width < 1300, name
        assert 50 < height < 1500, name


def test_the_record_counts_pixels_and_images(folder: Path) -> None:
    record = read_json(folder / "record.json")
    assert record["counts"] == {
        "train": {"$dog_$": 2, "cat": 2},
        "validation": {"$dog_$": 1, "cat": 1},
        "test": {"$dog_$": 5, "cat": 5},
    }
    assert [(channel["name"], channel["n"]) for channel in record["channels"]] == [
        (name, 6 * 8 * 8) for name in ("red", "green", "blue")
    ]
    values = noise(6, side=8, channels=3)[..., 1]
    assert record["channels"][1]["mean"] == pytest.approx(values.mean(), abs=1e-4)
    assert record["channels"][1]["std"] == pytest.approx(values.std(), abs=1e-4)
    assert record["near_duplicates"] == {"images": 4, "pairs": [{"first": 0, "second": 1, "bits": 2}]}
    assert record["skipped"] == [{"file": "a/broken.png", "reason": "OSError: truncated"}]
    assert set(record["outputs"]) == {f"{name}.png" for name in (*NAMES, "all_classes")}
    assert {Path(path).name for path in record["inputs"]} == {"r0.csv", "images.npy", "index.csv", "report.json"}


def test_the_same_images_make_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = explored(tmp_path, noise(6, side=8, channels=3), labels=["cat", "$dog_$"])
    assert [digest(again / f"{name}.png") for name in NAMES] == [digest(folder / f"{name}.png") for name in NAMES]


def test_photographs_of_many_classes_add_little_to_a_report(tmp_path: Path) -> None:
    labels = [f"class {k:02d}" for k in range(CLASSES + 3)]
    out = explored(tmp_path, photographs(11 * len(labels), side=128), labels=labels)
    # In a report 3 bytes of a picture take 4 letters.
    assert sum((out / f"{name}.png").stat().st_size for name in NAMES) * 4 / 3 < 3_000_000


@pytest.mark.parametrize("channels", [1, 3])
def test_every_class_has_a_line_with_its_images_mean_and_deviation(tmp_path: Path, channels: int) -> None:
    # Class k has the images k and k + 40, so that its mean is k + 20 and twice its deviation is 40.
    classes, side, gap = LINES + 5, 4, 2
    values = np.repeat(np.arange(classes), 2) + np.tile([0, 40], classes)
    images = np.broadcast_to(values.astype(np.uint8)[:, None, None, None], (len(values), side, side, channels))
    rows = [row(number, f"{number // 2:03d}") for number in range(len(values))]
    lines, whole = class_lines(images, rows, seed=1)
    assert whole.count == 2 * classes
    save_all_classes(tmp_path / "all.png", lines)
    picture = np.asarray(Image.open(tmp_path / "all.png"))
    tall, width = 53, LETTERS + 12 * (side + gap)  # 105 lines in two columns
    assert picture.shape == (tall * (side + gap), 2 * width, 3)
    for k in range(classes):
        column, line = divmod(k, tall)
        strip = picture[line * (side + gap) :, column * width + LETTERS :][:side]
        tiles = [strip[:, place * (side + gap) :][:, :side] for place in range(12)]
        assert {int(tile[0, 0, 0]) for tile in tiles[:2]} == {k, k + 40}
        assert [int(tile[0, 0, 0]) for tile in tiles[2:]] == [255] * 8 + [k + 20, 40]
        assert all(int(np.ptp(tile)) == 0 for tile in tiles)
        name = picture[line * (side + gap) :, column * width :][:side, :LETTERS]
        assert name.min() < 128, "the name of the class stands before its line"


@pytest.mark.parametrize(("classes", "shown"), [(3, ["2", "0", "1"]), (41, None)])
def test_many_classes_are_counted_without_names(classes: int, shown: list[str] | None) -> None:
    train = {f"c{k:02d}": (2, 0, 1)[k % 3] for k in range(classes)}
    [axes] = counts_figure(
        {"train": train, "validation": dict.fromkeys(train, 5), "test": dict.fromkeys(train, 9)}
    ).axes
    if shown:
        assert [text.get_text() for text in axes.get_yticklabels()] == ["c00", "c01", "c02"]
        assert [text.get_text() for text in axes.texts[:3]] == shown
    else:
        drawn = axes.patches[0].get_data().values  # type: ignore[attr-defined]
        assert drawn.tolist() == sorted(train.values(), reverse=True)


def test_counts_name_classes_that_are_sealed_alone() -> None:
    counts = counts_by_split([row(0, "a"), row(1, "a"), row(2, "a", "validation")], test={"a": 4, "b": 6})
    assert counts == {"train": {"a": 2, "b": 0}, "validation": {"a": 1, "b": 0}, "test": {"a": 4, "b": 6}}


def test_pairs_are_shown_only_of_images_that_are_in_the_set() -> None:
    index = [IndexRow(label="a", group="g", origin="real", source=f"{k}.png") for k in range(3)]
    pairs = [["left out.png", "0.png", 1], ["2.png", "0.png", 3], ["1.png", "left out.png", 4]]
    assert development_pairs(pairs, index) == [NearPair(first=2, second=0, bits=3)]


def test_rows_are_drawn_without_repetition() -> None:
    rows = [row(k, "a") for k in range(50)]
    drawn = random_rows(rows, count=35, seed=3)
    assert len({one.row for one in drawn}) == 35
    assert drawn == random_rows(rows, count=35, seed=3)
    assert drawn != random_rows(rows, count=35, seed=4)
    assert sorted(one.row for one in random_rows(rows[:4], count=35, seed=3)) == [0, 1, 2, 3]


@pytest.mark.parametrize("channels", [1, 3])
def test_thumbnails_keep_small_images_and_reduce_large_ones(channels: int) -> None:
    small = noise(2, side=64, channels=channels)
    assert np.array_equal(thumbnails(small, [1]), small[[1]])
    large = np.full((1, 200, 200, channels), 7, dtype=np.uint8)
    assert np.array_equal(thumbnails(large, [0]), np.full((1, 64, 64, channels), 7))
