"""A floor is measured as the samples are: at the same N, on the same training images."""

from collections.abc import Mapping

import numpy as np
import pytest

from ganaug.quality.calibrate import calibrate
from ganaug.quality.fid import fid
from ganaug.quality.kid import kid
from ganaug.seeds import numpy_generator


def test_by_hand() -> None:
    train, held, made = (np.full((count, 1), value, np.float32) for count, value in ((9, 0), (5, 1), (7, 3)))

    def measure(real: np.ndarray, other: np.ndarray) -> Mapping[str, float]:
        return {"rows": len(real) * len(other), "apart": float(other.mean() - real.mean())}

    found = calibrate(measure, train=train, held=held, made=made, draws=2, rng=numpy_generator(0))
    assert found.size == 5
    assert found.made == {"rows": [25, 25], "apart": [3, 3]}
    assert found.floor == {"rows": [25, 25], "apart": [1, 1]}


def test_rows_are_drawn_without_repetition_and_shared_by_a_draw() -> None:
    seen: list[tuple[list[float], list[float]]] = []

    def measure(real: np.ndarray, other: np.ndarray) -> Mapping[str, float]:
        seen.append((real[:, 0].tolist(), other[:, 0].tolist()))
        return {}

    train, held, made = (
        np.arange(start, start + count, dtype=np.float32)[:, None] for start, count in ((0, 50), (100, 20), (200, 30))
    )
    calibrate(measure, train=train, held=held, made=made, draws=3, rng=numpy_generator(0))
    assert len(seen) == 6
    for (real, generated), (again, other) in zip(seen[::2], seen[1::2], strict=True):
        assert real == again
        assert len(set(real)) == len(set(generated)) == 20
        assert set(real) <= set(range(50))
        assert set(generated) <= set(range(200, 230))
        assert sorted(other) == list(range(100, 120))
    assert len({tuple(real) for real, _ in seen}) == 3


def test_samples_like_held_out_images_are_at_the_floor_and_others_above() -> None:
    rng = numpy_generator(0)
    train, held, like = (rng.standard_normal((200, 4)).astype(np.float32) for _ in range(3))

    def measure(real: np.ndarray, other: np.ndarray) -> Mapping[str, float]:
        return {"fid": fid(real, other), "kid": kid(real, other)}

    near, far = (
        calibrate(measure, train=train, held=held[:60], made=made, draws=20, rng=rng) for made in (like, like + 1)
    )
    # FID of 60 rows in 4 dimensions is some 0.3 where the truth is 0; shifted by 1 in each the truth is 4.
    assert abs(np.mean(near.made["fid"]) - np.mean(near.floor["fid"])) < 0.3
    assert np.mean(far.made["fid"]) - np.mean(far.floor["fid"]) == pytest.approx(4, abs=1)
    # By the means alone KID is 3 |m|^2 / d = 3; higher moments add to it.
    assert abs(np.mean(near.floor["kid"])) < 0.5
    assert min(far.made["kid"]) > 3


def test_nothing_to_draw_is_refused() -> None:
    rows = np.zeros((3, 1), np.float32)
    with pytest.raises(ValueError, match="not 0 and 1"):
        calibrate(lambda _a, _b: {}, train=rows, held=rows[:0], made=rows, draws=1, rng=numpy_generator(0))
    with pytest.raises(ValueError, match="not 3 and 0"):
        calibrate(lambda _a, _b: {}, train=rows, held=rows, made=rows, draws=0, rng=numpy_generator(0))
