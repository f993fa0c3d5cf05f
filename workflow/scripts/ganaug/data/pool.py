"""Many images decoded by several processes into one file: little of them is ever in a process's own memory."""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ganaug.data.decode import Content, Fitted, Target, fit, formats, reason, try_load
from ganaug.data.integrity import Hashes, low_frequencies, perceptual_hashes
from ganaug.errors import UserError
from ganaug.images import Pixels

CHUNK = 256
CHUNK_BYTES = 2**22
# Fewer images than this a process are not worth starting one.
WORTH_A_PROCESS = 32


@dataclass(frozen=True)
class Decoded:
    """Images and what is known of them; row k belongs to the k-th name asked for, and holds zeros if it is bad.

    Attributes:
        images: uint8, N x S x S x C, mapped from a file.
        groups: 32 hexadecimal digits, equal for images whose pixels are equal at full size; or all empty.
        digests: 16 bytes; equal for images whose pixels are equal as they are here.
        hashes: `perceptual_hashes` of the images.
        sizes: int32, N x 2: width and height before resizing, turned as EXIF says.
        bad: the reason by row for what could not be read.
    """

    images: Pixels
    groups: list[str]
    digests: list[bytes]
    hashes: Hashes
    sizes: NDArray[np.int32]
    bad: dict[int, str]


def decode(
    contents: Iterable[tuple[int, Content]],
    names: Sequence[str],
    target: Target,
    *,
    grouped: bool,
    workers: int,
    out: Path,
    skip_bad: bool,
) -> Decoded:
    """Decode images into a file, by several processes; little of them is ever in this process's own memory.

    Args:
        contents: row of each image, and its file or pixels (uint8, H x W or H x W x 3), in any order; at most a few
            hundred are held at a time.
        names: the file of each row, for messages.
        grouped: whether to make the groups of the images.
        workers: how many processes there may be, which changes no result.
        out: the array file to be made, not atomically: it is scratch.
        skip_bad: list files that cannot be read instead of stopping at the first.

    Raises:
        UserError: a file cannot be read or never comes, or sizes differ and ``target`` does not resize.
        OSError: the disk is full.
    """
    count = len(names)
    shape = (count, target.size, target.size, target.channels)
    file = np.lib.format.open_memmap(out, mode="w+", dtype=np.uint8, shape=shape)
    place = _Place(path=out, offset=file.offset, target=target, grouped=grouped)
    groups, digests = [""] * count, [b""] * count
    hashes = np.zeros(count, dtype=np.uint64)
    sizes = np.zeros((count, 2), dtype=np.int32)
    bad: dict[int, str] = {}
    workers = _workers(count, most=workers)
    step = _chunk_length(count, target, workers=workers)
    chunks = _chunks(((row, names[row], content) for row, content in contents), step)
    for done in _results(chunks, place, workers=workers):
        for row, why in done.bad.items():
            if not skip_bad:
                raise UserError(f"{names[row]}: cannot be read ({why}); remove it or set data.on_bad to skip")
        for row, fitted_group, digest in zip(done.rows, done.groups, done.digests, strict=True):
            groups[row], digests[row] = fitted_group, digest
        hashes[done.rows], sizes[done.rows] = done.hashes, done.sizes
        bad |= done.bad
    for row, name in enumerate(names):
        if not digests[row] and row not in bad:
            raise UserError(f"{name}: is gone since the source was listed; run again when nothing changes it")
    images: Pixels = np.load(out, mmap_mode="r")
    return Decoded(
        images=images, groups=groups, digests=digests, hashes=hashes, sizes=sizes, bad=dict(sorted(bad.items()))
    )


@dataclass(frozen=True)
class _Place:
    """Where rows go and as what: row k begins ``offset + k * S * S * C`` bytes into the file."""

    path: Path
    offset: int
    target: Target
    grouped: bool


@dataclass(frozen=True)
class _Done:
    """What `Decoded` holds of some rows, but for their pixels."""

    rows: list[int]
    groups: list[str]
    digests: list[bytes]
    hashes: Hashes
    sizes: NDArray[np.int32]
    bad: dict[int, str]


_Chunk = list[tuple[int, str, Content]]


def _chunk_length(count: int, target: Target, *, workers: int) -> int:
    """How many images a chunk may have: several chunks a process, so that they end together, and few pixels each."""
    pixels = target.size * target.size * target.channels
    return max(1, min(CHUNK, count // (8 * workers), CHUNK_BYTES // pixels))


def _chunks(items: Iterable[tuple[int, str, Content]], step: int) -> Iterator[_Chunk]:
    chunk: _Chunk = []
    size = 0
    for item in items:
        chunk.append(item)
        size += _held(item[2])
        if len(chunk) == step or size > CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _held(content: Content) -> int:
    """About the bytes of memory that it takes."""
    return content.nbytes if isinstance(content, np.ndarray) else len(content)


def _decode_chunk(chunk: _Chunk, place: _Place) -> _Done:
    target = place.target
    fitted: dict[int, Fitted] = {}
    bad: dict[int, str] = {}
    for row, name, content in chunk:
        image = try_load(content, name)
        if isinstance(image, str):
            bad[row] = image
            continue
        try:
            fitted[row] = fit(image, name, target, grouped=place.grouped)
        except (MemoryError, UserError):
            raise
        except Exception as error:  # of any type, as in try_load
            bad[row] = reason(error)
    data = b"".join(one.pixels for one in fitted.values())
    pixels = np.frombuffer(data, dtype=np.uint8).reshape(-1, target.size, target.size, target.channels)
    with place.path.open("r+b") as file:
        _write_rows(file, list(fitted), pixels, offset=place.offset)
    return _Done(
        rows=list(fitted),
        groups=[one.group for one in fitted.values()],
        digests=[one.digest for one in fitted.values()],
        hashes=perceptual_hashes(pixels),
        sizes=np.array([one.size for one in fitted.values()], dtype=np.int32).reshape(-1, 2),
        bad=bad,
    )


def _write_rows(file: BinaryIO, rows: Sequence[int], pixels: Pixels, *, offset: int) -> None:
    """Write images to their rows, neighbours at once; plain writes, since a full disk kills whoever writes a map."""
    for _, run in groupby(range(len(rows)), key=lambda k: rows[k] - k):
        together = list(run)
        file.seek(offset + rows[together[0]] * pixels[0].nbytes)
        file.write(pixels[together[0] : together[-1] + 1].data)


def _workers(count: int, *, most: int) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(most, cores, count // WORTH_A_PROCESS))


def _results(chunks: Iterator[_Chunk], place: _Place, *, workers: int) -> Iterator[_Done]:
    if workers == 1:
        for chunk in chunks:
            yield _decode_chunk(chunk, place)
        return
    # Before the fork, so that every process has them.
    formats("")
    low_frequencies(place.target.size)
    # Forked, not spawned: a spawned worker would run the calling script again.
    with ProcessPoolExecutor(workers, mp_context=get_context("fork"), initializer=gc.freeze) as pool:
        waiting: deque[Future[_Done]] = deque()
        try:
            for chunk in chunks:
                waiting.append(pool.submit(_decode_chunk, chunk, place))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise UserError(
                "data: a process that decodes images was ended from outside, most often for want of memory; give the "
                "job more, or make the largest images smaller"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)
