"""From the bytes of an image file to pixels of one size and one number of channels."""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from multiprocessing import get_context

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ganaug.errors import UserError
from ganaug.images import Pixels

RESIZE = "squares, Pillow's bicubic filter (antialiased), aspect ratio not kept"
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
GREY_MODES = ("1", "L", "LA", "La", "I", "F")
CHUNK = 256
_BAD = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, Image.DecompressionBombError)


@dataclass(frozen=True)
class Target:
    """What every image is made into.

    Attributes:
        size: side of the square, pixels.
        channels: 1 (grey) or 3 (RGB).
        model: None where images are resized; else the image that fixed the size, which all others must have.
    """

    size: int
    channels: int
    model: str | None


@dataclass(frozen=True)
class Decoded:
    """Images (uint8, N x S x S x C), for each the digest of its pixels before resizing, and what could not be read.

    Attributes:
        images: row k belongs to the k-th name asked for; rows of unreadable images hold zeros.
        groups: 32 hexadecimal digits; equal for images whose pixels are equal at full size.
        bad: reason by row.
    """

    images: Pixels
    groups: list[str]
    bad: dict[int, str]


def load(content: bytes) -> Image.Image:
    """Open and read an image file whole, turned as its EXIF orientation says; of an animation the first frame.

    Raises:
        OSError, ValueError and others of ``_BAD``: it is truncated, too large or no image.
    """
    image: Image.Image = Image.open(BytesIO(content), formats=FORMATS)
    if image.width * image.height > (Image.MAX_IMAGE_PIXELS or 0):
        raise ValueError(f"{image.width} x {image.height} pixels, more than {Image.MAX_IMAGE_PIXELS:,}")
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    return image


def channels_of(image: Image.Image) -> int:
    """1 for an image without colours, else 3."""
    return 1 if image.mode in GREY_MODES or image.mode.startswith("I;16") else 3


def in_channels(image: Image.Image, channels: int) -> Image.Image:
    """The image as 8-bit grey (ITU-R 601 luma) or RGB; transparency on white, 16 bits scaled to 8.

    Raises:
        ValueError: the range of its pixels is not known (floating point, 32 bits).
    """
    if image.mode == "I" or image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise ValueError("pixels of more than 16 bits")
        image = Image.fromarray(np.rint(values / 257).astype(np.uint8))
    elif image.mode == "F":
        raise ValueError("floating-point pixels, whose range is not known")
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image.convert("RGBA"))
        image = white
    if channels == 1:
        return image if image.mode == "L" else image.convert("RGB").convert("L")
    return image if image.mode == "RGB" else image.convert("RGB")


def fit(image: Image.Image, name: str, target: Target) -> tuple[Pixels, str]:
    """The image as S x S x C pixels, and the digest of its pixels before resizing.

    Raises:
        UserError: it has another size than the rest and ``target`` does not resize.
    """
    image = in_channels(image, target.channels)
    pixels = np.asarray(image)
    group = hashlib.sha256(f"{pixels.shape} ".encode() + pixels.tobytes()).hexdigest()[:32]
    square = (target.size, target.size)
    if image.size != square:
        if target.model is not None:
            raise UserError(
                f"data.image_size: {target.model} has {target.size} x {target.size} pixels and {name} has "
                f"{image.width} x {image.height}; set data.image_size"
            )
        pixels = np.asarray(image.resize(square, Image.Resampling.BICUBIC))
    return pixels.reshape(*square, target.channels), group


def target_for(image: Image.Image, name: str, *, image_size: int | None, channels: int | None) -> Target:
    """What to make of all images, where the first one decides what the config leaves open.

    Raises:
        UserError: ``image_size`` is null and the first image is no square.
    """
    if image_size is None and image.width != image.height:
        raise UserError(
            f"data.image_size: {name} has {image.width} x {image.height} pixels, no square; set data.image_size"
        )
    return Target(
        size=image_size or image.width, channels=channels or channels_of(image), model=None if image_size else name
    )


def reason(error: Exception) -> str:
    """Why an image cannot be read, in words that are the same in every run."""
    if isinstance(error, UnidentifiedImageError):
        return f"no image in a known format ({', '.join(FORMATS)})"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def try_load(content: bytes) -> Image.Image | str:
    """The image, or the reason why it cannot be read."""
    try:
        return load(content)
    except _BAD as error:
        return reason(error)


def decode(contents: Iterable[tuple[int, bytes]], names: Sequence[str], target: Target, *, skip_bad: bool) -> Decoded:
    """Decode files on all cores that this process may use.

    Args:
        contents: row and bytes of each file, in any order; at most a few hundred files are held at a time.
        names: the file of each row, for messages.
        skip_bad: list files that cannot be read instead of stopping at the first.

    Raises:
        UserError: a file cannot be read, or sizes differ and ``target`` does not resize.
    """
    count = len(names)
    images = np.zeros((count, target.size, target.size, target.channels), dtype=np.uint8)
    groups = [""] * count
    bad: dict[int, str] = {}
    chunks = _chunks(((row, names[row], content) for row, content in contents), target)
    for rows, pixels, digests, failed in _results(chunks, workers=_workers(count)):
        for row, why in failed.items():
            if not skip_bad:
                raise UserError(f"{names[row]}: cannot be read ({why}); remove it or set data.on_bad to skip")
        images[rows] = pixels
        for row, group in zip(rows, digests, strict=True):
            groups[row] = group
        bad |= failed
    return Decoded(images=images, groups=groups, bad=dict(sorted(bad.items())))


_Chunk = tuple[list[tuple[int, str, bytes]], Target]
_Result = tuple[list[int], Pixels, list[str], dict[int, str]]


def _chunks(items: Iterable[tuple[int, str, bytes]], target: Target) -> Iterator[_Chunk]:
    chunk: list[tuple[int, str, bytes]] = []
    size = 0
    for item in items:
        chunk.append(item)
        size += len(item[2])
        if len(chunk) == CHUNK or size > 2**22:
            yield chunk, target
            chunk, size = [], 0
    if chunk:
        yield chunk, target


def _decode_chunk(chunk: _Chunk) -> _Result:
    files, target = chunk
    rows: list[int] = []
    pixels = np.empty((len(files), target.size, target.size, target.channels), dtype=np.uint8)
    groups: list[str] = []
    bad: dict[int, str] = {}
    for row, name, content in files:
        try:
            pixels[len(rows)], group = fit(load(content), name, target)
        except _BAD as error:
            bad[row] = reason(error)
        else:
            rows.append(row)
            groups.append(group)
    return rows, pixels[: len(rows)], groups, bad


def _workers(count: int) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, 16, -(-count // CHUNK))


def _results(chunks: Iterator[_Chunk], *, workers: int) -> Iterator[_Result]:
    if workers <= 1:
        yield from map(_decode_chunk, chunks)
        return
    # Forked, not spawned: a spawned worker would run the calling script again.
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        waiting: deque[Future[_Result]] = deque()
        try:
            for chunk in chunks:
                waiting.append(pool.submit(_decode_chunk, chunk))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
