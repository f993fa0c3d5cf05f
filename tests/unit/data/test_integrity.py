from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganaug.data import integrity as module
from ganaug.data.integrity import check_sealed, near_pairs, neighbours, perceptual_hashes, repeated
from ganaug.errors import UserError
from ganaug.images import IndexRow


def index(*groups: str) -> list[IndexRow]:
    return [IndexRow(label="a", group=group, origin="real", source=f"{n}.png") for n, group in enumerate(groups)]


def check(rows: list[IndexRow], digests: list[bytes], test: list[bool]) -> None:
    mask = np.array(test)
    check_sealed(rows, digests, test=mask, dev=~mask, advice="do this")


def noise(count: int, side: int = 16, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, channels), dtype=np.uint8)


def test_images_that_occur_more_than_once_are_counted():
    assert repeated([b"a", b"b", b"a", b"c", b"b", b"a"]) == 5
    assert repeated([b"a", b"b"]) == 0


def test_equal_images_across_the_test_set_name_both_files():
    with pytest.raises(UserError, match=r"^2.png: this test image has the same pixels as 0.png, .*; do this$"):
        check(index("x", "y", "z"), [b"p", b"q", b"p"], [False, False, True])


def test_equal_images_on_one_side_are_fine():
    rows = index("x", "x", "z")
    check(rows, [b"p", b"p", b"q"], [False, False, True])
    check(rows, [b"p", b"p", b"q"], [True, True, False])
    assert [row.group for row in rows] == ["x", "x", "z"]


def test_a_group_on_both_sides_is_named():
    with pytest.raises(UserError, match=r"^1.png: this test image is of the group x, as is 0.png"):
        check(index("x", "x"), [b"p", b"q"], [False, True])


def test_an_equal_image_is_told_before_the_group_that_it_joined():
    with pytest.raises(UserError, match=r"^2.png: this test image has the same pixels as 0.png"):
        check(index("x", "x", "x"), [b"p", b"q", b"p"], [False, True, True])


def test_what_is_left_out_stands_on_no_side():
    test, dev = np.array([False, False, True]), np.array([False, True, False])
    check_sealed(index("x", "y", "x"), [b"p", b"q", b"p"], test=test, dev=dev, advice="")


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


@pytest.mark.parametrize(("side", "channels"), [(8, 1), (32, 3), (64, 3)])
def test_an_image_has_the_same_hash_in_any_company(side, channels):
    images = noise(100, side, channels)
    whole = perceptual_hashes(images)
    assert whole.tolist() == [int(perceptual_hashes(images[k : k + 1])[0]) for k in range(len(images))]
    assert whole[7:90].tolist() == perceptual_hashes(images[7:90]).tolist()


def test_neighbours_by_hand():
    hashes = np.array([0b0, 0xFFFF_0000, 0b111, 0xFFFF_0001, 0b1111_1111, 0b1, 0b0], dtype=np.uint64)
    sealed = np.array([True, True, False, False, False, False, True])
    [near] = neighbours(hashes, [sealed], bits=3)
    assert near.across.row.tolist() == [5, 3, 0, 1, -1, 0, 5]
    assert near.across.bits.tolist() == [1, 1, 3, 1, -1, 1, 1]
    assert near.within.row.tolist() == [6, -1, 5, -1, -1, 2, 0]
    assert near.within.bits.tolist() == [0, -1, 2, -1, -1, 2, 0]
    [none] = neighbours(hashes, [sealed], bits=0)
    assert none.across.row.tolist() == [-1] * 7
    assert none.within.row.tolist() == [6, -1, -1, -1, -1, -1, 0]


def every_pair(hashes: np.ndarray, bits: int) -> set[tuple[int, int, int]]:
    numbers = hashes.tolist()
    apart = ((i, j, (numbers[i] ^ numbers[j]).bit_count()) for j in range(len(numbers)) for i in range(j))
    return {pair for pair in apart if pair[2] <= bits}


def found(hashes: np.ndarray, bits: int) -> set[tuple[int, int, int]]:
    return {
        (min(i, j), max(i, j), d)
        for first, second, apart in near_pairs(hashes, bits)
        for i, j, d in zip(first.tolist(), second.tolist(), apart.tolist(), strict=True)
    }


# Hashes that lie near each other in many ways: few flips of few centres.
centres = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=4)
flips = st.lists(st.tuples(st.integers(0, 3), st.sets(st.integers(0, 63), max_size=12)), max_size=40)


def crowd(middles: list[int], flipped: list[tuple[int, set[int]]]) -> np.ndarray:
    hashes = [middles[which % len(middles)] ^ sum(1 << bit for bit in bits) for which, bits in flipped]
    return np.array([*middles, *hashes], dtype=np.uint64)


@settings(deadline=None)
@given(centres, flips, st.integers(0, 16), st.sampled_from([None, 1, 2, 3, 6]))
def test_the_search_finds_what_comparing_all_finds(middles, flipped, bits, more):
    hashes = np.unique(crowd(middles, flipped))
    with pytest.MonkeyPatch.context() as patch:
        # So few values would never be sorted; with many blocks the tables would be too many for a test.
        blocks = bits + more if more and (bits + more) <= 10 else None
        patch.setattr(module, "_blocks", lambda count, bits: blocks)
        patch.setattr(module, "_LOOKED_AT", 0)
        assert found(hashes, bits) == every_pair(hashes, bits)


@settings(deadline=None)
@given(centres, flips, st.integers(0, 9), st.lists(st.booleans(), min_size=44, max_size=44))
def test_the_nearest_are_the_nearest(middles, flipped, bits, sides):
    hashes = crowd(middles, flipped)
    sealed = np.array(sides[: len(hashes)])
    [near] = neighbours(hashes, [sealed], bits=bits)
    for row, mine in enumerate(hashes.tolist()):
        apart = [(mine ^ other).bit_count() for other in hashes.tolist()]
        for nearest, same in ((near.across, False), (near.within, True)):
            others = [k for k in range(len(hashes)) if k != row and (sealed[k] == sealed[row]) == same]
            best = min(((apart[k], k) for k in others if apart[k] <= bits), default=(-1, -1))
            assert (int(nearest.bits[row]), int(nearest.row[row])) == best


def test_thousands_of_hashes_are_sorted_and_found():
    generator = np.random.default_rng(1)
    hashes = np.unique(generator.integers(0, 2**64, 20_000, dtype=np.uint64))
    near = hashes[:300] ^ (np.uint64(1) << np.arange(300, dtype=np.uint64) % np.uint64(59)) * np.uint64(0b10011)
    hashes = np.unique(np.concatenate([hashes, near]))
    assert module._blocks(len(hashes), 6) is not None
    assert module._blocks(len(hashes), 16) is None
    pairs = found(hashes, 6)
    assert pairs == found_by_comparing(hashes, 6)
    assert len(pairs) >= 300


def found_by_comparing(hashes: np.ndarray, bits: int) -> set[tuple[int, int, int]]:
    return {
        (i, j, d)
        for first, second, apart in module._compare_all(hashes, bits)
        for i, j, d in zip(first.tolist(), second.tolist(), apart.tolist(), strict=True)
    }


def test_hashes_that_crowd_together_are_compared_all():
    # All share 48 bits: nearly every table has everyone beside everyone.
    hashes = np.arange(3_000, dtype=np.uint64)
    assert module._blocks(len(hashes), 2) is not None
    assert found(hashes, 2) == found_by_comparing(hashes, 2)


def test_every_division_has_its_own_neighbours():
    hashes = np.array([0, 1, 2**40 - 1], dtype=np.uint64)
    one, two = neighbours(hashes, [np.array([True, False, False]), np.array([False, False, True])], bits=6)
    assert one.across.row.tolist() == two.within.row.tolist() == [1, 0, -1]
    assert one.within.row.tolist() == two.across.row.tolist() == [-1, -1, -1]
