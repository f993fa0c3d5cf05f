"""A process of its own for each measurement, and the private memory that it and its children hold at most."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

INTERVAL = 0.05


@dataclass(frozen=True)
class Measured:
    """What a call gave, how long it took, and the highest sum of RssAnon seen while it ran.

    Pages that a forked child shares with its parent count for both, so the sum is an upper bound.
    """

    result: Any
    seconds: float
    private_bytes: int


def apart() -> ProcessPoolExecutor:
    """A new Python process that calls are sent to."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def measure(function: Callable[..., Any], *arguments: Any) -> Measured:
    """Call ``function`` in a process of its own and watch its memory (Linux only)."""
    with apart() as pool:
        process = pool.submit(os.getpid).result()
        start = time.monotonic()
        future = pool.submit(function, *arguments)
        peak = 0
        while not future.done():
            peak = max(peak, private_bytes(process))
            time.sleep(INTERVAL)
        return Measured(result=future.result(), seconds=time.monotonic() - start, private_bytes=peak)


def private_bytes(process: int) -> int:
    """The private memory (RssAnon) of a process and of all its descendants, bytes."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        children = [
            int(child)
            for task in Path(f"/proc/{process}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except (OSError, ValueError):  # it has just ended
        return 0
    own = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:")), 0)
    return own + sum(map(private_bytes, children))
