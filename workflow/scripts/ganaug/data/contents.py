"""What files hold, by SHA-256; like git, a file is read again only where its size, times or inode changed.

This module is imported whenever the Snakefile is parsed, so it needs nothing beyond the standard library.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ganaug.io import digest, digest_value, read_json, write_json

CACHE = Path(".ganaug/sources")
# A file that has just been written can change once more without a sign: the clocks of file systems are coarse.
SETTLED_NS = 2_000_000_000


def content_digests(paths: Sequence[Path], *, source: Path) -> list[str]:
    """SHA-256 of each of the files ``paths``, which together are the folder or archive ``source``.

    What is known of a source lies in a file of its own in `CACHE`. Any number of processes may ask at once: each
    writes all that it knows, and writes nothing where it learnt nothing.
    """
    cache = CACHE / f"{digest_value(str(source.absolute()))[:16]}.json"
    known = _known(cache)
    now = time.time_ns()
    found: list[str] = []
    kept: dict[str, str] = {}
    for path in paths:
        state = path.stat()
        key = _key(path, state)
        found.append(known.get(key) or digest(path))
        if state.st_ctime_ns < now - SETTLED_NS:
            kept[key] = found[-1]
    if kept != known:
        with suppress(OSError):  # without a cache the next process reads the files again, and finds the same
            write_json(cache, kept)
    return found


def _key(path: Path, state: os.stat_result) -> str:
    return f"{state.st_size} {state.st_mtime_ns} {state.st_ctime_ns} {state.st_ino} {path}"


def _known(cache: Path) -> dict[str, str]:
    """The digests in ``cache`` by path and state; none where there is no cache, or one that was damaged."""
    try:
        known: dict[str, str] = read_json(cache)
    except (OSError, ValueError):
        return {}
    return known
