"""Images that occur twice, exactly or nearly: within the test set, within the rest, and across the two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import comb, log2

import numpy as np
from numpy.typing import NDArray

from ganaug.data.splits import Mask
from ganaug.errors import UserError
from ganaug.images import IndexRow, Pixels

HASH_BITS = 64
HASH_SIDE = 32
_LOW = 8

Hashes = NDArray[np.uint64]
Rows = NDArray[np.int64]


def check_sealed(index: Sequence[IndexRow], digests: Sequence[bytes], *, test: Mask, dev: Mask, advice: str) -> None:
    """Whether no image and no group stands in both test and development set.

    Args:
        digests: equal for equal images.
        test, dev: which images are of the two sets.
        advice: what to do where one image does.

    Raises:
        UserError: one does; names both files.
    """
    first_of: dict[bytes, str] = {}
    groups: dict[str, str] = {}
    for number in np.flatnonzero(dev).tolist():
        first_of.setdefault(digests[number], index[number].source)
        groups.setdefault(index[number].group, index[number].source)
    sealed = np.flatnonzero(test).tolist()
    for number in sealed:
        if digests[number] in first_of:
            raise UserError(
                f"{index[number].source}: this test image has the same pixels as {first_of[digests[number]]}, which is "
                f"outside the test set; {advice}"
            )
    # Only then groups: those that share an image have become one, and the message should name that image.
    for row in (index[number] for number in sealed):
        if row.group in groups:
            raise UserError(
                f"{row.source}: this test image is of the group {row.group}, as is {groups[row.group]}, which is "
                "outside the test set; move the whole group to one side"
            )


def repeated(digests: Sequence[bytes]) -> int:
    """How many of the digests stand there more than once."""
    return sum(count for count in Counter(digests).values() if count > 1)


def perceptual_hashes(images: Pixels) -> Hashes:
    """A 64-bit hash of each image, which nearly equal images share but for a few bits.

    Bit k tells whether the k-th of the 8 x 8 lowest coefficients of the two-dimensional cosine transform (DCT-II) of
    the image, grey and resized to 32 x 32, is above their median (Zauner 2010, "Implementation and benchmarking of
    perceptual image hash functions", section 3.2.1). Coefficients are rounded, so that equal ones compare as equal.

    Args:
        images: uint8, N x H x W x C, C = 1 or 3.
    """
    hashes = np.empty(len(images), dtype=np.uint64)
    weights = np.array([0.299, 0.587, 0.114]) if images.shape[-1] == 3 else np.ones(1)
    rows, columns = (low_frequencies(side) for side in images.shape[1:3])
    bit = np.uint64(1) << np.arange(_LOW * _LOW, dtype=np.uint64)
    step = max(1, 2**17 // int(np.prod(images.shape[1:])))  # as float64 1 MiB, which stays in the processor's cache
    for start in range(0, len(images), step):
        grey = images[start : start + step].astype(np.float64) @ weights
        low = np.round(rows @ grey @ columns.T, 3).reshape(len(grey), _LOW * _LOW)
        above = low > np.median(low, axis=1, keepdims=True)
        hashes[start : start + step] = (above * bit).sum(axis=1, dtype=np.uint64)
    return hashes


@cache
def low_frequencies(side: int) -> NDArray[np.float64]:
    """The 8 x ``side`` matrix that resizes a column of pixels to 32 and takes its 8 lowest DCT-II coefficients."""
    from scipy.fft import dct

    return np.asarray(dct(np.eye(HASH_SIDE), axis=0, norm="ortho"))[:_LOW] @ _area_resize(side)


def _area_resize(side: int) -> NDArray[np.float64]:
    """The 32 x ``side`` matrix of area averaging: output i is the mean of what covers [i, i + 1) * side / 32."""
    edges = np.arange(HASH_SIDE + 1) * side / HASH_SIDE
    pixels = np.arange(side)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.asarray(np.clip(overlap, 0, None) * HASH_SIDE / side)


_Pairs = tuple[Rows, Rows, NDArray[np.uint8]]

# Roughly what a step of the search costs in comparisons of two hashes: a value in the sort of a table, times the
# logarithm of their number, and the look at a pair that shares a table's bits. They choose a way, never a result.
_SORTED, _LOOKED_AT = 5, 16


def near_pairs(values: Hashes, bits: int) -> Iterator[_Pairs]:
    """All pairs of ``values`` at most ``bits`` of 64 bits apart, some more than once.

    The 64 bits are cut into blocks. Two values that differ in at most ``bits`` places agree in all blocks but
    ``bits``, so for every choice of that many blocks the values are sorted by them, and only neighbours that agree
    there are compared (Manku, Jain and Das Sarma 2007, "Detecting near-duplicates for web crawling", WWW, section 3).
    Where that would compare more than all pairs there are, for many bits or values that crowd together, all pairs are
    compared.

    Args:
        values: different from each other.

    Yields:
        Positions of the first and of the second value of some pairs, and their distances.
    """
    every = len(values) ** 2 / 2
    blocks = _blocks(len(values), bits)
    looked_at = 0.0
    if blocks is not None:
        for mask in _masks(blocks, blocks - bits):
            keys = values & mask
            order = np.argsort(keys)
            keys = keys[order]
            # The k-th round compares every value with the k-th after it, as far as their keys are equal.
            here = np.flatnonzero(keys[1:] == keys[:-1])
            distance = 1
            while len(here):
                looked_at += len(here) * _LOOKED_AT
                if looked_at > every:
                    break
                yield from _close(values, order[here], order[here + distance], bits)
                distance += 1
                here = here[here + distance < len(values)]
                here = here[keys[here] == keys[here + distance]]
            if looked_at > every:
                break
        else:
            return
    yield from _compare_all(values, bits)


def _blocks(count: int, bits: int) -> int | None:
    """Into how many blocks to cut so that the search among ``count`` values is short, or None to compare all pairs."""
    every = count**2 / 2

    def cost(blocks: int) -> float:
        tables = comb(blocks, bits)
        shared = HASH_BITS * (blocks - bits) / blocks
        return tables * (count * log2(count + 1) * _SORTED + every * 2**-shared * _LOOKED_AT)

    best = min(range(bits + 1, bits + 7), key=cost)
    return best if cost(best) < every else None


def _masks(blocks: int, chosen: int) -> Iterator[np.uint64]:
    """The bits of every choice of blocks. Bit k is of block k modulo their number: each has high and low ones."""
    block = [sum(1 << bit for bit in range(k, HASH_BITS, blocks)) for k in range(blocks)]
    for choice in combinations(block, chosen):
        yield np.uint64(sum(choice))


def _close(values: Hashes, first: Rows, second: Rows, bits: int) -> Iterator[_Pairs]:
    apart = np.bitwise_count(values[first] ^ values[second])
    near = apart <= bits
    if near.any():
        yield first[near], second[near], apart[near]


def _compare_all(values: Hashes, bits: int) -> Iterator[_Pairs]:
    step = max(1, 2**20 // max(1, len(values)))  # about 1 MiB of distances stays in the processor's cache
    for start in range(0, len(values), step):
        apart = np.bitwise_count(values[start : start + step, None] ^ values[None, start:])
        first, second = np.nonzero(apart <= bits)
        later = second > first
        first, second = first[later], second[later]
        if len(first):
            yield first + start, second + start, apart[first, second]


@dataclass(frozen=True)
class Nearest:
    """For each image the nearest one of others, if it is near enough; of several the first.

    Attributes:
        row: int64, N; -1 where there is none.
        bits: int64, N; how many bits the two hashes differ in, -1 where there is none.
    """

    row: Rows
    bits: Rows


@dataclass(frozen=True)
class Neighbours:
    """Near-duplicates of each image on the other side of the seal, and among the others on its own side."""

    across: Nearest
    within: Nearest


def neighbours(hashes: Hashes, seals: Sequence[Mask], *, bits: int) -> list[Neighbours]:
    """The near-duplicates, at most ``bits`` of 64 bits apart, of each image under each division into test and rest."""
    values, value = np.unique(hashes, return_inverse=True)
    parts = [_Sides(len(values), value, sealed) for sealed in seals]
    for first, second, apart in near_pairs(values, bits):
        for part in parts:
            part.add(first, second, apart)
            part.add(second, first, apart)
    return [part.neighbours() for part in parts]


# A distance and a row in one number, which compares by the distance, then by the row.
_ROW_BITS = 40
_NONE = np.iinfo(np.int64).max


class _Sides:
    """The first images found so far for every value of the hash, on the side of the rest (0) and of the test (1)."""

    def __init__(self, values: int, value: Rows, sealed: Mask) -> None:
        """``value`` is the hash of each image, as its position among the ``values`` different ones."""
        self._value = value
        self._side = sealed.astype(np.int64)
        # By side and value: the first and the second image with the value, and the nearest one with another value.
        self._first, self._second, self._other = (np.full((2, values), _NONE, dtype=np.int64) for _ in range(3))
        rows = np.arange(len(value))
        np.minimum.at(self._first, (self._side, value), rows)
        later = self._first[self._side, value] != rows
        np.minimum.at(self._second, (self._side[later], value[later]), rows[later])

    def add(self, here: Rows, there: Rows, apart: NDArray[np.uint8]) -> None:
        """Note that the values ``here`` lie ``apart`` bits from the values ``there``."""
        for side in (0, 1):
            row = self._first[side, there]
            found = row != _NONE
            key = (apart[found].astype(np.int64) << _ROW_BITS) | row[found]
            np.minimum.at(self._other[side], here[found], key)

    def neighbours(self) -> Neighbours:
        """The nearest image of each image on either side."""
        own, opposite = self._side, 1 - self._side
        first = self._first[own, self._value]
        itself = first == np.arange(len(first))
        equal = np.where(itself, self._second[own, self._value], first)
        return Neighbours(
            across=self._nearest(opposite, equal=self._first[opposite, self._value]),
            within=self._nearest(own, equal=equal),
        )

    def _nearest(self, side: Rows, *, equal: Rows) -> Nearest:
        """Of the images with an equal hash and those with the nearest other one."""
        key = np.minimum(equal, self._other[side, self._value])
        found = key != _NONE
        return Nearest(
            row=np.where(found, key & ((1 << _ROW_BITS) - 1), -1), bits=np.where(found, key >> _ROW_BITS, -1)
        )
