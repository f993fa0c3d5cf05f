"""Image sets: one uint8 array opened with mmap, and one row of facts an image."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import UserError
from ganaug.io import atomic, read_csv, write_csv

Origin = Literal["real", "classic", "gan", "duplicate"]
Pixels = NDArray[np.uint8]
Row = TypeVar("Row", "SplitRow", "SetRow")


@dataclass(frozen=True)
class IndexRow:
    """What is known of one image of an image set; row k of the index describes ``images[k]``.

    Attributes:
        label: class name.
        group: what must stay on one side of a split (an object, a patient); the pixel digest without groups.
        origin: where the image comes from.
        source: for a real image its name in the data set, for a synthetic one a name of its own.
        gan: the GAN's name, for samples; else empty.
        seed: the GAN's seed, for samples; else empty.
        sample: the sample's number within its class, for samples; else empty.
    """

    label: str
    group: str
    origin: Origin
    source: str
    gan: str = ""
    seed: str = ""
    sample: str = ""


@dataclass(frozen=True)
class ImageSet:
    """Images (uint8, N x H x W x C, values 0 to 255) and a row for each."""

    images: Pixels
    index: list[IndexRow]

    def __len__(self) -> int:
        return len(self.index)


@dataclass(frozen=True)
class ImageFiles:
    """An image set by the paths of its two files."""

    images: str
    index: str


def save_image_set(images_path: str | Path, index_path: str | Path, images: Pixels, index: Sequence[IndexRow]) -> None:
    """Write an image set as its two files, atomically each."""
    if images.dtype != np.uint8 or images.ndim != 4 or len(images) != len(index):
        raise ValueError(
            f"an image set is uint8 N x H x W x C with N rows, not {images.dtype} {images.shape}, {len(index)}"
        )
    with atomic(images_path) as temporary, temporary.open("wb") as handle:
        np.save(handle, np.ascontiguousarray(images))
    save_index(index_path, index)


def save_images(path: str | Path, images: Pixels, rows: NDArray[np.intp]) -> str:
    """Write ``images[rows]`` as the array of an image set, atomically, about 4 MiB in memory at a time.

    Returns:
        `ganaug.io.digest` of the file.
    """
    shape = (len(rows), *images.shape[1:])
    step = max(1, 2**22 // int(np.prod(shape[1:])))
    header = BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    pieces = (images[rows[start : start + step]].ravel().data for start in range(0, len(rows), step))
    digest = hashlib.sha256()
    with atomic(path) as temporary, temporary.open("wb") as handle:
        for piece in chain([header.getbuffer()], pieces):
            handle.write(piece)
            digest.update(piece)
    return digest.hexdigest()


def save_index(path: str | Path, index: Iterable[IndexRow]) -> None:
    """Write the rows of an image set as CSV."""
    write_csv(path, [field.name for field in fields(IndexRow)], (asdict(row) for row in index))


def open_index(path: str | Path) -> list[IndexRow]:
    """Read the rows of an image set."""
    return [IndexRow(**row) for row in read_csv(path)]  # type: ignore[arg-type]


def open_images(path: str | Path) -> Pixels:
    """Map the array of an image set; nothing is read until it is indexed.

    Raises:
        UserError: the file is not a whole array of images.
    """
    try:
        images = np.load(path, mmap_mode="r")
    except ValueError as error:
        raise UserError(f"{path}: not a whole image array ({error}); delete it and run again") from error
    if images.dtype != np.uint8 or images.ndim != 4:
        raise UserError(
            f"{path}: holds {images.dtype} {images.shape}, not uint8 N x H x W x C; delete it and run again"
        )
    pixels: Pixels = images
    return pixels


def open_image_set(images_path: str | Path, index_path: str | Path) -> ImageSet:
    """Map an image set and read its rows.

    Raises:
        UserError: the two files do not belong together.
    """
    images, index = open_images(images_path), open_index(index_path)
    if len(images) != len(index):
        raise UserError(f"{index_path}: {len(index)} rows for {len(images)} images; delete both and run again")
    return ImageSet(images=images, index=index)


@dataclass(frozen=True)
class SplitRow:
    """One image of the development pool that repeat r uses: ``images[row]`` of ``data/p{part}/dev``."""

    row: int
    role: Literal["train", "validation"]
    label: str
    group: str
    source: str


def save_split(path: str | Path, rows: Iterable[SplitRow]) -> None:
    """Write ``data/r{r}.csv``."""
    _save_rows(path, SplitRow, rows)


def open_split(path: str | Path) -> list[SplitRow]:
    """Read ``data/r{r}.csv``."""
    return _open_rows(path, SplitRow)


def labels_of(rows: Iterable[SplitRow | IndexRow | SetRow]) -> list[str]:
    """The class names that occur, sorted; their order is the order of classes everywhere."""
    return sorted({row.label for row in rows})


def counts_of(rows: Iterable[SplitRow | IndexRow | SetRow]) -> dict[str, int]:
    """How many images each class has, in the order of classes."""
    return dict(sorted(Counter(row.label for row in rows).items()))


def role_counts(rows: Iterable[SplitRow], role: Literal["train", "validation"]) -> dict[str, int]:
    """`counts_of` the images that have this role in a repeat."""
    return counts_of(row for row in rows if row.role == role)


def train_rows(split: Iterable[SplitRow], *, per_class: int | None) -> list[SplitRow]:
    """The training images of a repeat, in the order of its split: of each class all, or the first ``per_class``.

    Raises:
        UserError: a class has fewer.
    """
    seen: Counter[str] = Counter()
    rows = []
    for row in split:
        if row.role == "train" and (per_class is None or seen[row.label] < per_class):
            rows.append(row)
            seen[row.label] += 1
    for label, count in sorted(seen.items()):
        if per_class is not None and count < per_class:
            raise UserError(f"arms: per_class is {per_class}, and {label} has {count} real training images; lower it")
    return rows


def grid(images: Pixels, *, columns: int, gap: int = 1) -> Pixels:
    """Lay N x H x W x C images out in rows of ``columns`` on white; returns one H' x W' x C picture."""
    count, height, width, channels = images.shape
    lines = -(-count // columns)
    sheet = np.full((lines * (height + gap) - gap, columns * (width + gap) - gap, channels), 255, dtype=np.uint8)
    for k, image in enumerate(images):
        top, left = k // columns * (height + gap), k % columns * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


def save_png(path: str | Path, picture: Pixels, *, scale: int = 1) -> None:
    """Write an H x W x C picture (1 or 3 channels) as PNG, each pixel repeated ``scale`` times, atomically."""
    from PIL import Image

    large = picture.repeat(scale, axis=0).repeat(scale, axis=1)
    with atomic(path) as temporary:
        Image.fromarray(large[..., 0] if large.shape[-1] == 1 else large).save(temporary, format="PNG")


def save_movie(path: str | Path, frames: Sequence[Pixels], *, scale: int = 1) -> None:
    """Write pictures of one size (see `save_png`) as an animated GIF, four a second, atomically."""
    from PIL import Image

    large = [frame.repeat(scale, axis=0).repeat(scale, axis=1) for frame in frames]
    first, *rest = [Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame) for frame in large]
    with atomic(path) as temporary:
        first.save(temporary, format="GIF", save_all=True, append_images=rest, duration=250, loop=0)


@dataclass(frozen=True)
class SetRow:
    """One image of a training set: row ``row`` of the image array at ``images``, wherever that lies.

    Attributes:
        turn: 0, or from 1 on the part of the set that it belongs to: each epoch sees the next part.
    """

    images: str
    row: int
    label: str
    group: str
    origin: Origin
    source: str
    turn: int = 0


def save_set(path: str | Path, rows: Iterable[SetRow]) -> None:
    """Write the index of a training set."""
    _save_rows(path, SetRow, rows)


def open_set(path: str | Path) -> list[SetRow]:
    """Read the index of a training set."""
    return _open_rows(path, SetRow)


def _save_rows(path: str | Path, kind: type[SplitRow | SetRow], rows: Iterable[SplitRow | SetRow]) -> None:
    write_csv(path, [field.name for field in fields(kind)], (asdict(row) for row in rows))


def _open_rows(path: str | Path, kind: type[Row]) -> list[Row]:
    made: list[Row] = []
    for row in read_csv(path):
        values: dict[str, Any] = {**row, **{key: int(row[key]) for key in ("row", "turn") if key in row}}
        made.append(kind(**values))
    return made
