"""Sums over many images that are read a few at a time: histograms, mean and standard-deviation images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganaug.images import Pixels

CHUNK_BYTES = 2**20
# So many squares of 255 still add up to less than 2**32.
CHUNK_IMAGES = 2**16
LEVELS = 256


@dataclass(frozen=True)
class Totals:
    """Sums over images, in whole numbers, so that neither order nor chunks change them.

    Attributes:
        count: images.
        sums, squares: of every pixel's values and of their squares, int64, H x W x C.
        histogram: pixels by channel and value, int64, C x 256.
    """

    count: int
    sums: NDArray[np.int64]
    squares: NDArray[np.int64]
    histogram: NDArray[np.int64]

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            count=self.count + other.count,
            sums=self.sums + other.sums,
            squares=self.squares + other.squares,
            histogram=self.histogram + other.histogram,
        )

    @property
    def mean(self) -> NDArray[np.float64]:
        """The mean image, float64, H x W x C, 0 to 255; of no images it is black."""
        return np.asarray(self.sums / max(1, self.count))

    @property
    def deviation(self) -> NDArray[np.float64]:
        """The standard deviation of every pixel over the images (divided by N), float64, H x W x C, 0 to 127.5."""
        return np.asarray(np.sqrt(np.clip(self.squares / max(1, self.count) - self.mean**2, 0, None)))


def totals(images: Pixels, rows: Sequence[int]) -> Totals:
    """The sums over ``images[rows]`` (uint8, N x H x W x C), of which about 1 MiB is held at a time."""
    shape = images.shape[1:]
    sums, squares = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    histogram = np.zeros((shape[-1], LEVELS), dtype=np.int64)
    for batch in _chunks(images, rows):
        sums += batch.sum(axis=0, dtype=np.uint32)
        squares += np.square(batch, dtype=np.uint16).sum(axis=0, dtype=np.uint32)
        for channel in range(shape[-1]):
            histogram[channel] += np.bincount(batch[..., channel].ravel(), minlength=LEVELS)
    return Totals(count=len(rows), sums=sums, squares=squares, histogram=histogram)


def _chunks(images: Pixels, rows: Sequence[int]) -> Iterator[Pixels]:
    step = min(CHUNK_IMAGES, max(1, CHUNK_BYTES // int(np.prod(images.shape[1:]))))
    for start in range(0, len(rows), step):
        yield images[list(rows[start : start + step])]


@dataclass(frozen=True)
class Channel:
    """The pixels of one channel of many images: their number, mean, standard deviation (divided by n), histogram."""

    name: str
    n: int
    mean: float
    std: float
    histogram: list[int]


def channels(summed: Totals) -> list[Channel]:
    """Each channel of the images that ``summed`` is of: grey, or red, green and blue; values 0 to 255."""
    names = ("grey",) if len(summed.histogram) == 1 else ("red", "green", "blue")
    return [_channel(name, counts.tolist()) for name, counts in zip(names, summed.histogram, strict=True)]


def _channel(name: str, counts: list[int]) -> Channel:
    n = sum(counts)
    mean = sum(value * count for value, count in enumerate(counts)) / max(1, n)
    variance = sum(count * (value - mean) ** 2 for value, count in enumerate(counts)) / max(1, n)
    return Channel(name=name, n=n, mean=round(mean, 4), std=round(variance**0.5, 4), histogram=counts)
