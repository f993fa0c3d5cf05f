"""The pieces that pictures of images are put together from: rows drawn at random, thumbnails, sheets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ganaug.images import Pixels, SplitRow
from ganaug.seeds import numpy_generator

# Larger images are drawn as thumbnails, which bounds the files and the report that carries them; the second is for the
# pictures that grow with the number of classes.
TILE, SMALL_TILE = 64, 48


def random_rows(rows: Sequence[SplitRow], *, count: int, seed: int) -> list[SplitRow]:
    """``count`` different rows, or all in another order where there are fewer."""
    chosen = numpy_generator(seed).choice(len(rows), size=min(count, len(rows)), replace=False)
    return [rows[k] for k in chosen.tolist()]


def thumbnails(images: Pixels, rows: Sequence[int], *, side: int = TILE) -> Pixels:
    """``images[rows]``, reduced to ``side`` pixels a side if they have more; uint8, N x S x S x C."""
    from PIL import Image

    chosen = images[list(rows)]
    if chosen.shape[1] <= side:
        return chosen
    small = [
        np.asarray(Image.fromarray(one[..., 0] if one.shape[-1] == 1 else one).resize((side, side))) for one in chosen
    ]
    return np.stack(small).reshape(len(small), side, side, chosen.shape[-1])


def padded(tiles: Pixels, count: int) -> Pixels:
    """Exactly ``count`` tiles, the missing ones white."""
    missing = np.full((count - len(tiles), *tiles.shape[1:]), 255, dtype=np.uint8)
    return np.concatenate([tiles, missing])


def short(name: str) -> str:
    """A name of at most 12 characters."""
    return name if len(name) <= 12 else f"{name[:11]}…"
