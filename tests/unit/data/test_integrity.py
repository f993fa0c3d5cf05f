from __future__ import annotations

import numpy as np
import pytest

from ganaug.data.integrity import check_sealed, near_duplicates, perceptual_hashes, pixel_digests
from ganaug.errors import UserError
from ganaug.images import IndexRow


def index(*groups: str) -> list[IndexRow]:
    return [IndexRow(label="a", group=group, origin="real", source=f"{n}.png") for n, group in enumerate(groups)]


def noise(count: int, side: int = 16, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, channels), dtype=np.uint8)


def test_digests_are_equal_for_equal_bytes_only():
    images = noise(3)
    images[2] = images[0]
    images[1] = images[0]
    images[1, 0, 0, 0] ^= 1
    one, two, three = pixel_digests(images)
    assert one == three != two


def test_equal_images_across_the_test_set_name_both_files():
    with pytest.raises(UserError, match=r"^2.png: this test image has the same pixels as 0.png"):
        check_sealed(index("x", "y", "z"), [b"p", b"q", b"p"], np.array([False, False, True]))


def test_equal_images_on_one_side_are_fine():
    rows = index("x", "x", "z")
    check_sealed(rows, [b"p", b"p", b"q"], np.array([False, False, True]))
    check_sealed(rows, [b"p", b"p", b"q"], np.array([True, True, False]))
    assert [row.group for row in rows] == ["x", "x", "z"]


def test_a_group_on_both_sides_is_named():
    with pytest.raises(UserError, match=r"^1.png: this test image is of the group x, as is 0.png"):
        check_sealed(index("x", "x"), [b"p", b"q"], np.array([False, True]))


def test_hashes_see_through_small_changes_and_not_through_large_ones():
    smooth = np.cumsum(np.cumsum(noise(2, 32).astype(float) - 127.5, axis=1), axis=2)
    smooth = 255 * (smooth - smooth.min()) / np.ptp(smooth)
    images = np.concatenate([smooth[:1], smooth[:1] * 0.9 + 10, smooth[1:]]).round().astype(np.uint8)
    one, brighter, other = perceptual_hashes(images)
    assert np.bitwise_count(one ^ brighter) <= 6
    assert np.bitwise_count(one ^ other) > 6


def test_the_hash_of_a_horizontal_wave():
    # A cosine of k half waves along x has the constant term and the one coefficient (0, k) above a median of zero.
    wave = np.cos(np.pi * 3 * (np.arange(32) + 0.5) / 32)
    image = np.tile(127 + 120 * wave, (32, 1)).round().astype(np.uint8)[None, :, :, None]
    bits = int(perceptual_hashes(image)[0])
    assert bits & 1
    assert bits >> 3 & 1
    assert bits >> 8 == 0  # rows 1 to 7 vary with y, which the image does not


def test_flat_images_have_one_hash():
    flat = np.full((3, 8, 8, 1), 1, dtype=np.uint8) * np.array([10, 100, 250], dtype=np.uint8)[:, None, None, None]
    assert perceptual_hashes(flat).tolist() == [1, 1, 1]  # the constant term alone is above the median


def test_grey_and_its_rgb_copy_hash_alike():
    grey = noise(5)
    assert perceptual_hashes(grey).tolist() == perceptual_hashes(grey.repeat(3, axis=3)).tolist()


@pytest.mark.parametrize("side", [4, 8, 31, 64])
def test_any_size_can_be_hashed(side):
    assert len(set(perceptual_hashes(noise(20, side, 3)).tolist())) == 20


def test_near_duplicates_by_hand():
    test = np.array([0b0, 0xFFFF_0000], dtype=np.uint64)
    development = np.array([0b111, 0xFFFF_0001, 0b1111_1111, 0b1], dtype=np.uint64)
    near = near_duplicates(test, development, bits=3)
    assert near.pairs == [(0, 3, 1), (1, 1, 1)]
    assert near.development.tolist() == [True, True, False, True]
    assert near_duplicates(test, development, bits=0).pairs == []


def test_near_duplicates_agree_with_every_pair_looked_at():
    generator = np.random.default_rng(1)
    test = generator.integers(0, 2**16, 300).astype(np.uint64)
    development = generator.integers(0, 2**16, 9_000).astype(np.uint64)  # more than one block of comparisons
    near = near_duplicates(test, development, bits=1)
    found = {row: (column, bits) for row, column, bits in near.pairs}
    for row, mine in enumerate(test.tolist()[:10]):
        distances = [(mine ^ other).bit_count() for other in development.tolist()]
        nearest = min(range(len(distances)), key=distances.__getitem__)
        assert found.get(row) == ((nearest, distances[nearest]) if distances[nearest] <= 1 else None)
        assert all(near.development[column] for column, bits in enumerate(distances) if bits <= 1)
