"""How many images a second each of several ways to train does, side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median

ROUNDS = 5


def rates(methods: Mapping[str, Callable[[int], None]], steps: int, *, batch: int) -> dict[str, float]:
    """Images a second of each: they take turns, the median of the rounds counts, the first of them is a warm-up.

    Args:
        methods: what trains for a number of steps, by name.
        steps, batch: of a round, and images of a step.
    """
    found: dict[str, list[float]] = {name: [] for name in methods}
    for _ in range(ROUNDS + 1):
        for name, run in methods.items():
            start = time.monotonic()
            run(steps)
            found[name].append(steps * batch / (time.monotonic() - start))
    return {name: median(values[1:]) for name, values in found.items()}
