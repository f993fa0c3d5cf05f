"""A picture of the samples that are nearest to training images, each beside that image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ganaug.images import Pixels, open_images, open_split, save_png
from ganaug.io import read_json

COLUMNS = 6
# Pixels of one image in the picture, and of what stands below and around it.
SIDE, TEXT, GAP = 84, 36, 14


def draw_pairs(*, split: str, dev: str, samples: str, quality: str, picture: str, most: int) -> None:
    """Draw the closest pairs as a PNG: sample left, training image right; below them class, distance and rank.

    Where nothing could be compared the picture says why.

    Args:
        split, dev: ``data/r{r}.csv`` and the ``images.npy`` it points into.
        samples: ``images.npy`` of the samples.
        quality: what `ganaug.quality.stage.measure` wrote of them.
        picture: the output.
        most: of so many pairs.
    """
    facts = read_json(quality)["memorisation"]
    rows = [row for row in open_split(split) if row.role == "train"]
    images, made = open_images(dev), open_images(samples)
    pairs = (facts["pairs"] or [])[:most]
    tiles = [
        _tile(made[pair["sample"]], images[rows[pair["train"]].row], rows[pair["train"]].label, pair) for pair in pairs
    ]
    if not tiles:
        save_png(picture, _written(["nothing to compare:", facts["reasons"]["pairs"]], width=640, height=60))
        return
    height, width = tiles[0].shape[:2]
    columns = min(COLUMNS, len(tiles))
    sheet = np.full((-(-len(tiles) // columns) * height, columns * width, 3), 255, dtype=np.uint8)
    for k, tile in enumerate(tiles):
        top, left = k // columns * height, k % columns * width
        sheet[top : top + height, left : left + width] = tile
    save_png(picture, sheet)


def _tile(sample: Pixels, real: Pixels, label: str, pair: Mapping[str, Any]) -> Pixels:
    """A sample, a real image, and two lines below."""
    rank = "nearer than all held-out" if pair["rank"] == 0 else f"rank {100 * pair['rank']:.1f}%"
    pictures = [_sized(one) for one in (sample, real)]
    height = SIDE + TEXT + GAP
    tile = np.full((height, 2 * SIDE + 2 + GAP, 3), 255, dtype=np.uint8)
    for k, one in enumerate(pictures):
        tile[:SIDE, k * (SIDE + 2) : k * (SIDE + 2) + SIDE] = one
    written = _written([f"{label}: distance {pair['distance']:.2f}", rank], width=tile.shape[1], height=TEXT)
    tile[SIDE : SIDE + TEXT] = written
    return tile


def _sized(image: Pixels) -> Pixels:
    """An image in colour, of `SIDE` x `SIDE` pixels; each of its pixels stays one square where it is small."""
    from PIL import Image

    grey = image.shape[-1] == 1
    shown = Image.fromarray(image[..., 0] if grey else image).convert("RGB")
    how = Image.Resampling.NEAREST if max(shown.size) <= SIDE else Image.Resampling.LANCZOS
    return np.asarray(shown.resize((SIDE, SIDE), how))


def _written(lines: list[str], *, width: int, height: int) -> Pixels:
    from matplotlib import get_data_path
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype(str(Path(get_data_path(), "fonts/ttf/DejaVuSans.ttf")), 11)
    sheet = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(sheet).multiline_text((0, 4), "\n".join(lines), fill=(60, 60, 60), font=font, spacing=3)
    return np.asarray(sheet)
