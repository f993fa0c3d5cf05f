"""Tiny image sets for the page of human_eval: every image has a value of its own, so that it can be known again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ganaug.images import ImageFiles, IndexRow, Pixels, SplitRow, save_image_set, save_split
from ganaug.io import save_array, write_json
from ganaug.sets.human_eval import Drawn, make_human_eval

CLASSES = ("cat", "dog")


def flat(first: int, count: int, *, side: int = 8) -> Pixels:
    """Grey images of one value each: ``first``, ``first`` + 1, and so on."""
    values = np.arange(first, first + count).astype(np.uint8)
    return np.broadcast_to(values[:, None, None, None], (count, side, side, 1)).copy()


def drawn(folder: Path, gan: str, *, first: int, count: int, amount: str = "n30") -> Drawn:
    """``count`` samples of each class; those of cats have the values ``first`` and on, those of dogs follow."""
    own = folder / gan
    own.mkdir(parents=True)
    files = ImageFiles(str(own / "images.npy"), str(own / "index.csv"))
    index = [
        IndexRow(label, f"g{k}{label}", "gan", f"{gan}/{label}/{k}", gan, "1", str(k))
        for label in CLASSES
        for k in range(count)
    ]
    save_image_set(files.images, files.index, flat(first, len(index)), index)
    write_json(own / "record.json", {"state": "ok" if count else "failed"})
    return Drawn(gan, "last", amount, files, str(own / "record.json"))


def real(folder: Path, *, train: int, validation: int, unused: int = 0) -> tuple[str, str]:
    """A split and its development images: cats have the values 0 and on, dogs follow; ``unused`` are in no split."""
    each = train + validation
    rows = [
        SplitRow(c * each + k, "train" if k < train else "validation", label, f"g{c}{k}", f"{label}-{k}")
        for c, label in enumerate(CLASSES)
        for k in range(each)
    ]
    save_split(folder / "r0.csv", rows)
    save_array(folder / "dev.npy", flat(0, len(rows) + unused))
    return str(folder / "r0.csv"), str(folder / "dev.npy")


def make_page(
    folder: Path, *, each: int = 30, gans: tuple[str, ...] = ("dcgan",), count: int = 30, seed: int = 0
) -> tuple[Path, Path]:
    """The page and the key of ``each`` real images a class, 2/3 for training, and ``count`` samples a class and GAN."""
    folder.mkdir(parents=True, exist_ok=True)
    split, dev = real(folder, train=each - each // 3, validation=each // 3)
    # 60 values of each of two GANs behind those of real images.
    samples = [drawn(folder, gan, first=100 + 60 * k, count=count) for k, gan in enumerate(gans)]
    page, key = folder / "human/page.html", folder / "human/key.json"
    make_human_eval(
        experiment="toy",
        split=split,
        dev=dev,
        samples=samples,
        root=seed,
        code="c",
        page=str(page),
        key=str(key),
    )
    return page, key
