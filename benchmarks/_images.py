"""Images for benchmarks: those of the CIFAR-10 copy where GANAUG_MIRROR has it, else generated ones."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import _results  # noqa: F401  # puts ganaug on the path
import numpy as np

CIFAR10 = "cifar10-jpeg.tar.gz"


def cifar10(count: int, *, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Images of mixed classes (uint8, N x size x size x 3) and the numbers of their classes (int64, N)."""
    mirror = Path(os.environ.get("GANAUG_MIRROR", ""), CIFAR10)
    if not mirror.is_file():
        rng = np.random.default_rng(0)
        coarse = rng.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
        return coarse.repeat(size // 8, axis=1).repeat(size // 8, axis=2), rng.integers(0, 10, count)
    from PIL import Image

    from ganaug.data.archive import list_archive, read_archive
    from ganaug.data.sources import is_image

    names = [name for name in list_archive(mirror).files if is_image(name)]
    chosen = names[:: len(names) // count][:count]
    classes = sorted({Path(name).parent.name for name in chosen})
    read = dict(read_archive(mirror, chosen))
    pictures = [Image.open(BytesIO(read[name])).convert("RGB").resize((size, size)) for name in chosen]
    labels = np.array([classes.index(Path(name).parent.name) for name in chosen])
    return np.stack([np.asarray(picture) for picture in pictures]), labels
