"""Sums over many images: worked out by hand, and the same whatever is held at a time."""

from __future__ import annotations

import numpy as np
import pytest

from ganaug.data import totals as module
from ganaug.data.totals import channels, totals
from ganaug.images import Pixels

# Two images of one pixel in colour.
PAIR: Pixels = np.array([[[[10, 0, 255]]], [[[30, 0, 255]]]], dtype=np.uint8)


def test_mean_and_deviation_of_two_images() -> None:
    summed = totals(PAIR, [0, 1])
    assert summed.count == 2
    assert summed.mean.tolist() == [[[20, 0, 255]]]
    assert summed.deviation.tolist() == [[[10, 0, 0]]]


def test_rows_may_repeat_and_stand_in_any_order() -> None:
    assert totals(PAIR, [1, 0, 1]).sums.tolist() == [[[70, 0, 765]]]


def test_channels_of_two_images() -> None:
    red, green, blue = channels(totals(PAIR, [0, 1]))
    assert (red.name, red.n, red.mean, red.std) == ("red", 2, 20, 10)
    assert (red.histogram[10], red.histogram[30], sum(red.histogram)) == (1, 1, 2)
    assert (green.mean, green.histogram[0]) == (0, 2)
    assert (blue.mean, blue.std, blue.histogram[255]) == (255, 0, 2)


def test_sums_of_parts_are_the_sums_of_all() -> None:
    whole, parts = totals(PAIR, [0, 1]), totals(PAIR, [0]) + totals(PAIR, [1])
    assert parts.count == whole.count
    assert np.array_equal(parts.squares, whole.squares)
    assert np.array_equal(parts.histogram, whole.histogram)


def test_white_images_do_not_overflow() -> None:
    summed = totals(np.full((1, 1, 1, 1), 255, dtype=np.uint8), [0] * 70_000)
    assert summed.squares.item() == 70_000 * 255**2  # beyond 32 bits
    assert summed.deviation.item() == 0


class Watched:
    """An array that notes how many of its images are read at a time."""

    def __init__(self, images: Pixels) -> None:
        self.images, self.shape, self.read = images, images.shape, list[int]()

    def __getitem__(self, rows: list[int]) -> Pixels:
        self.read.append(len(rows))
        return self.images[rows]


def test_few_images_are_held_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    images = (np.arange(10 * 4 * 4) % 256).astype(np.uint8).reshape(10, 4, 4, 1)
    whole = totals(images, range(10))
    monkeypatch.setattr(module, "CHUNK_BYTES", 3 * 16 + 5)  # three images and a bit
    watched = Watched(images)
    assert np.array_equal(totals(watched, range(10)).squares, whole.squares)  # type: ignore[arg-type]
    assert watched.read == [3, 3, 3, 1]
