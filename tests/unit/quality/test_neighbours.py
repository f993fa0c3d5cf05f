"""Distances in blocks against distances all at once, and on a line."""

import numpy as np
import pytest

from ganaug.quality import neighbours
from ganaug.quality.neighbours import blocks, nearest, radii
from ganaug.seeds import numpy_generator


def direct(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.square(x[:, None].astype(float) - y.astype(float)).sum(axis=2)


@pytest.fixture(params=[3, 1024])
def _block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "BLOCK", request.param)


@pytest.mark.usefixtures("_block")
def test_blocks_are_what_all_at_once_gives() -> None:
    x, y = (numpy_generator(seed).standard_normal((count, 5)).astype(np.float32) for seed, count in ((0, 10), (1, 7)))
    squared = direct(x, y)
    found = np.full_like(squared, np.nan)
    for here, there, part in blocks(x, y):
        assert max(part.shape) <= neighbours.BLOCK
        found[here, there] = part
    np.testing.assert_allclose(found, squared, rtol=1e-10)
    distances, which = nearest(x, y)
    np.testing.assert_array_equal(which, squared.argmin(axis=1))
    np.testing.assert_allclose(distances, np.sqrt(squared.min(axis=1)), rtol=1e-12)
    within = np.sort(direct(x, x), axis=1)
    for k in (1, 4, 9):
        # The first of each row is the distance to itself.
        np.testing.assert_allclose(radii(x, k=k), within[:, k], rtol=1e-10)


def test_memory_is_that_of_blocks() -> None:
    shapes = [part.shape for _, _, part in blocks(np.zeros((2500, 1), np.float32), np.zeros((1100, 1), np.float32))]
    assert shapes == [(a, b) for a in (1024, 1024, 452) for b in (1024, 76)]


@pytest.mark.usefixtures("_block")
def test_on_a_line() -> None:
    line = np.float32([[0], [1], [3], [7]])
    assert radii(line, k=1).tolist() == [1, 1, 4, 16]
    assert radii(line, k=2).tolist() == [9, 4, 9, 36]
    distances, which = nearest(np.float32([[2], [8], [3]]), line)
    # 2 is as near to 1 as to 3: the first.
    assert (distances.tolist(), which.tolist()) == ([1, 1, 0], [1, 3, 2])


def test_equal_rows_far_from_the_origin_are_at_no_distance() -> None:
    rows = 1e4 + numpy_generator(0).standard_normal((30, 100)).astype(np.float32)
    assert (nearest(rows, rows)[0] == 0).all()
    assert (radii(np.repeat(rows, 2, axis=0), k=1) == 0).all()
    # Others are not near: of 100 differences with variance 2 the squared sum is about 200.
    assert (radii(rows, k=1) > 50).all()


def test_too_few_are_refused() -> None:
    line = np.float32([[0], [1], [3]])
    with pytest.raises(ValueError, match="number 3 of each image needs 4 images, not 3"):
        radii(line, k=3)
    with pytest.raises(ValueError, match="number 0"):
        radii(line, k=0)
    with pytest.raises(ValueError, match="no images to be near to"):
        nearest(line, line[:0])
    assert all(len(part) == 0 for part in nearest(line[:0], line))
