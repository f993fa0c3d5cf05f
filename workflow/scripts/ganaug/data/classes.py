"""Each class in a line: ten of its images, their mean, and the standard deviation of every pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganaug.data.tiles import SMALL_TILE, padded, random_rows, short, thumbnails
from ganaug.data.totals import Totals, totals
from ganaug.images import Pixels, SplitRow, grid, labels_of, save_png
from ganaug.seeds import derive

PER_CLASS = 10
# Lines in a column of the sheet of all classes; more classes stand in more columns.
LINES = 100
LETTERS = 96  # pixels for a name


@dataclass(frozen=True)
class ClassLine:
    """What is shown of a class.

    Attributes:
        label: its name.
        images: `PER_CLASS` thumbnails, uint8, N x S x S x C; white where it has fewer.
        mean, deviation: thumbnails of its mean image, and of twice the deviation of every pixel; uint8, S x S x C.
    """

    label: str
    images: Pixels
    mean: Pixels
    deviation: Pixels


def class_lines(images: Pixels, rows: Sequence[SplitRow], *, seed: int) -> tuple[list[ClassLine], Totals]:
    """A line for every class, and the sums over the images of all of them; every image is read once."""
    of_label: dict[str, list[SplitRow]] = {label: [] for label in labels_of(rows)}
    for row in rows:
        of_label[row.label].append(row)
    whole = totals(images, [])
    lines = []
    for label, own in of_label.items():
        summed = totals(images, [row.row for row in own])
        whole += summed
        drawn = random_rows(own, count=PER_CLASS, seed=derive(seed, label))
        shown = thumbnails(images, [row.row for row in drawn], side=SMALL_TILE)
        mean, deviation = moments(summed)
        lines.append(ClassLine(label=label, images=padded(shown, PER_CLASS), mean=mean, deviation=deviation))
    return lines, whole


def moments(summed: Totals) -> Pixels:
    """The mean image, and twice the deviation of every pixel, as thumbnails; uint8, 2 x S x S x C."""
    both = np.stack([summed.mean, 2 * summed.deviation])
    return thumbnails(np.rint(both).astype(np.uint8), [0, 1], side=SMALL_TILE)


def save_all_classes(path: Path, lines: Sequence[ClassLine]) -> None:
    """Write a PNG with the line of every class, whose name stands before it."""
    columns = -(-len(lines) // LINES)
    tall = -(-len(lines) // columns)
    blocks = [_block(lines[start : start + tall], tall=tall) for start in range(0, len(lines), tall)]
    save_png(path, np.concatenate(blocks, axis=1))


def _block(lines: Sequence[ClassLine], *, tall: int) -> Pixels:
    """Lines one under another, white below where there are fewer than ``tall``; uint8, H x W x 3."""
    from matplotlib import get_data_path
    from PIL import Image, ImageDraw, ImageFont

    tiles = np.concatenate([np.stack([*line.images, line.mean, line.deviation]) for line in lines])
    side, gap = tiles.shape[1], max(2, tiles.shape[1] // 16)
    tiles = padded(tiles, tall * (PER_CLASS + 2))
    sheet = grid(np.broadcast_to(tiles, (*tiles.shape[:3], 3)), columns=PER_CLASS + 2, gap=gap)
    picture = Image.new("RGB", (LETTERS + sheet.shape[1] + gap, sheet.shape[0] + gap), "white")
    picture.paste(Image.fromarray(sheet), (LETTERS, 0))
    draw = ImageDraw.Draw(picture)
    # The plots' font: Pillow's own has Latin letters alone.
    font = ImageFont.truetype(str(Path(get_data_path(), "fonts/ttf/DejaVuSans.ttf")), 11)
    for place, line in enumerate(lines):
        right_middle = (LETTERS - 6, place * (side + gap) + side / 2)
        draw.text(right_middle, short(line.label), fill="black", font=font, anchor="rm")
    return np.asarray(picture)
