"""Test images that also stand, exactly or nearly, among the images to learn from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganaug.data.splits import Mask
from ganaug.errors import UserError
from ganaug.images import IndexRow, Pixels

NEAR_BITS = 6
HASH_SIDE = 32
_LOW = 8

Hashes = NDArray[np.uint64]


def pixel_digests(images: Pixels) -> list[bytes]:
    """A digest of each image; equal for images of equal bytes."""
    return [hashlib.sha256(image.tobytes()).digest() for image in images]


def check_sealed(index: Sequence[IndexRow], digests: Sequence[bytes], sealed: Mask) -> None:
    """Whether no image and no group stands in both test and development set.

    Raises:
        UserError: one does; names both files.
    """
    first_of: dict[bytes, str] = {}
    groups: dict[str, str] = {}
    for row, digest, test in zip(index, digests, sealed, strict=True):
        if not test:
            first_of.setdefault(digest, row.source)
            groups.setdefault(row.group, row.source)
    for row, digest, test in zip(index, digests, sealed, strict=True):
        if test and digest in first_of:
            raise UserError(
                f"{row.source}: this test image has the same pixels as {first_of[digest]}, which is outside the test "
                "set; remove one of them"
            )
        if test and row.group in groups:
            raise UserError(
                f"{row.source}: this test image is of the group {row.group}, as is {groups[row.group]}, which is "
                "outside the test set; move the whole group to one side"
            )


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
    rows, columns = (_low_frequencies(side) for side in images.shape[1:3])
    bit = np.uint64(1) << np.arange(_LOW * _LOW, dtype=np.uint64)
    for start in range(0, len(images), 4096):
        grey = images[start : start + 4096].astype(np.float64) @ weights
        low = np.round(rows @ grey @ columns.T, 3).reshape(len(grey), _LOW * _LOW)
        above = low > np.median(low, axis=1, keepdims=True)
        hashes[start : start + 4096] = (above * bit).sum(axis=1, dtype=np.uint64)
    return hashes


def _low_frequencies(side: int) -> NDArray[np.float64]:
    """The 8 x ``side`` matrix that resizes a column of pixels to 32 and takes its 8 lowest DCT-II coefficients."""
    from scipy.fft import dct

    return np.asarray(dct(np.eye(HASH_SIDE), axis=0, norm="ortho"))[:_LOW] @ _area_resize(side)


def _area_resize(side: int) -> NDArray[np.float64]:
    """The 32 x ``side`` matrix of area averaging: output i is the mean of what covers [i, i + 1) * side / 32."""
    edges = np.arange(HASH_SIDE + 1) * side / HASH_SIDE
    pixels = np.arange(side)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.asarray(np.clip(overlap, 0, None) * HASH_SIDE / side)


@dataclass(frozen=True)
class NearDuplicates:
    """Nearly equal images between a test and a development set.

    Attributes:
        pairs: for each test image that has any, its nearest development image: (test, development, bits apart),
            positions in their sets; by distance, then by position.
        development: which development images are nearly equal to some test image.
    """

    pairs: list[tuple[int, int, int]]
    development: Mask


def near_duplicates(test: Hashes, development: Hashes, *, bits: int = NEAR_BITS) -> NearDuplicates:
    """Compare every test hash with every development hash; nearly equal means at most ``bits`` of 64 bits apart."""
    hit = np.zeros(len(development), dtype=bool)
    pairs: list[tuple[int, int, int]] = []
    step = max(1, 2**20 // max(1, len(development)))  # about 1 MiB of distances stays in the processor's cache
    for start in range(0, len(test), step):
        distance = np.bitwise_count(test[start : start + step, None] ^ development[None, :])
        near = distance <= bits
        hit |= near.any(axis=0)
        for row in np.flatnonzero(near.any(axis=1)):
            nearest = int(distance[row].argmin())
            pairs.append((start + int(row), nearest, int(distance[row, nearest])))
    return NearDuplicates(pairs=sorted(pairs, key=lambda pair: (pair[2], pair[0])), development=hit)
