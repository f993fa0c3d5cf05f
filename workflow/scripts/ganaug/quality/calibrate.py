"""Measures at equal N: what samples get, and what real images that nobody generated would get in their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganaug.quality.kid import Features

# Real images first, then what is held against them; numbers by name.
Measure = Callable[[Features, Features], Mapping[str, float]]


@dataclass(frozen=True)
class Calibrated:
    """A measure of samples and its floor, over draws.

    Attributes:
        size: rows of every set that was measured.
        made: by name, a number a draw: training images against samples.
        floor: the same of training against held-out images, with the training images of the same draw.
    """

    size: int
    made: dict[str, list[float]]
    floor: dict[str, list[float]]


def calibrate(
    measure: Measure,
    *,
    train: Features,
    held: Features,
    made: Features,
    draws: int,
    rng: np.random.Generator,
    most: int | None = None,
) -> Calibrated:
    """A measure of samples beside its real-against-real floor at the same N.

    N is the number of rows of the smallest set, as biased measures (FID, precision, recall, coverage) agree only where
    N does. Draws pick N rows of each set without repetition. They overlap, so their spread says how much the choice of
    rows matters and is no confidence interval; a set of N rows is taken whole by each.

    Args:
        measure: two sets of features to numbers; gets training images first. What it raises is passed on.
        train, held, made: float32, each of d columns.
        draws: how many.
        rng: picks the rows.
        most: N is at most this; None: no limit.

    Raises:
        ValueError: no draw, or an empty set.
    """
    size = min(len(train), len(held), len(made), *([] if most is None else [most]))
    if draws < 1 or not size:
        raise ValueError(f"a floor needs images in every set and at least one draw, not {size} and {draws}")
    # Draws of real images do not depend on how many samples there are: sets of one N share their floor.
    apart = rng.spawn(1)[0]
    pairs: list[tuple[Mapping[str, float], Mapping[str, float]]] = []
    for _ in range(draws):
        real, other, generated = _pick(train, size, rng), _pick(held, size, rng), _pick(made, size, apart)
        pairs.append((measure(real, generated), measure(real, other)))
    names = list(pairs[0][0])
    return Calibrated(
        size,
        {name: [got[name] for got, _ in pairs] for name in names},
        {name: [floor[name] for _, floor in pairs] for name in names},
    )


def _pick(rows: Features, size: int, rng: np.random.Generator) -> Features:
    picked: NDArray[np.intp] = np.sort(rng.permutation(len(rows))[:size])
    return rows[picked]
