from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganaug.errors import UserError
from ganaug.images import ImageFiles, IndexRow, save_image_set
from ganaug.sets.grids import draw_grid, in_turns


@pytest.mark.parametrize(
    ("most", "chosen"),
    [
        (6, [0, 1, 2, 3, 4, 5]),
        (9, [0, 1, 2, 3, 4, 5]),
        (None, [0, 1, 2, 3, 4, 5]),
        (4, [0, 1, 2, 4]),  # two of a, for which there is a place more, and one of b and c
        (2, [0, 2]),
    ],
)
def test_classes_differ_by_one_sample_at_most(most: int | None, chosen: list[int]) -> None:
    assert in_turns(["a", "a", "b", "b", "c", "c"], most=most) == chosen


def samples(folder: Path, count: int) -> ImageFiles:
    """Of classes a and b: sample k of a has the value k, of b 100 + k."""
    files = ImageFiles(str(folder / "images.npy"), str(folder / "index.csv"))
    values = [(label, first + k) for label, first in (("a", 0), ("b", 100)) for k in range(count)]
    images = np.array([value for _, value in values], np.uint8).reshape(-1, 1, 1, 1).repeat(16, 1).repeat(16, 2)
    index = [IndexRow(label, f"g{value}", "gan", f"s{value}") for label, value in values]
    save_image_set(files.images, files.index, images, index)
    return files


def test_a_grid_has_a_class_after_the_other(tmp_path: Path) -> None:
    draw_grid(samples=samples(tmp_path, 3), most=5, columns=2, picture=str(tmp_path / "p.png"))
    picture = np.asarray(Image.open(tmp_path / "p.png"))
    # 2 x 3 places of 16 pixels with a gap of one, enlarged twice; the last is empty.
    assert picture.shape == (2 * (3 * 17 - 1), 2 * (2 * 17 - 1))
    assert picture[::34, ::34].tolist() == [[0, 1], [2, 100], [101, 255]]


def test_a_failed_gan_has_no_grid(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"images\.npy: empty, since the GAN failed; record\.json beside it"):
        draw_grid(samples=samples(tmp_path, 0), most=5, columns=2, picture=str(tmp_path / "p.png"))
    assert not (tmp_path / "p.png").exists()
