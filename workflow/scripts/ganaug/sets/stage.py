"""The files of the sets stage."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ganaug.config import ClassicArm, amount_of
from ganaug.errors import UserError
from ganaug.images import (
    ImageFiles,
    IndexRow,
    Pixels,
    grid,
    labels_of,
    open_image_set,
    open_images,
    open_index,
    open_set,
    open_split,
    save_image_set,
    save_png,
    save_set,
)
from ganaug.io import atomic, read_json, write_csv
from ganaug.records import origins, write_record
from ganaug.seeds import derive
from ganaug.sets.arms import duplicate_rows, real_rows, synthetic_rows
from ganaug.sets.classic import classic_images

PICTURED = 10


def make_classic(
    *,
    split: str,
    dev: str,
    arm: ClassicArm,
    amount: str,
    repeat: int,
    root: int,
    code: str,
    out: ImageFiles,
    record: str,
) -> None:
    """Make the classic images of an arm for one repeat and write them as an image set.

    Args:
        split, dev: ``data/r{r}.csv`` and the ``images.npy`` that it points into.
        arm, amount: the changes, and how many (see `ganaug.config.amount_label`).
        repeat, root: the repeat and the experiment's seed.
        code: digest of the code.
        out, record: the outputs.
    """
    rows = [row for row in open_split(split) if row.role == "train"]
    images = open_images(dev)
    seeds = {label: derive(root, "classic", repeat, label) for label in labels_of(rows)}
    made_from = origins(inputs=[split, dev], config={**asdict(arm), "amount": amount}, code=code, seeds=seeds)
    pictures: list[Pixels] = []
    index: list[IndexRow] = []
    for label, seed in seeds.items():
        own = [row for row in rows if row.label == label]
        count = amount_of(amount, len(own))
        pictures.append(classic_images(images[[row.row for row in own]], count=count, arm=arm, seed=seed))
        parents = [own[i % len(own)] for i in range(count)]
        index += [IndexRow(label, row.group, "classic", f"{row.source}#{i}") for i, row in enumerate(parents)]
    save_image_set(out.images, out.index, np.concatenate(pictures), index)
    write_record(record, facts={"amount": amount}, made_from=made_from, outputs=[out.images, out.index])


def make_set(
    *,
    split: str,
    dev: str,
    real: bool,
    duplicates: Sequence[str],
    classic: ImageFiles | None,
    samples: ImageFiles | None,
    samples_record: str | None,
    code: str,
    out: str,
    record: str,
) -> None:
    """Write the index of one arm's training set for one repeat.

    When the samples failed, the set is empty and its record says so.

    Args:
        split, dev: ``data/r{r}.csv`` and the ``images.npy`` that it points into.
        real: whether the real images are in the set.
        duplicates: how many duplicates, as amounts that are added up.
        classic, samples: the synthetic image sets, or None.
        samples_record: the record of ``samples``.
        out, record: the outputs.
    """
    originals = real_rows(open_split(split), images=dev)
    rows = list(originals) if real else []
    rows += duplicate_rows(originals, amounts=duplicates)
    for added in (classic, samples):
        if added is not None:
            rows += synthetic_rows(open_index(added.index), images=added.images)
    status: Mapping[str, Any] = read_json(samples_record) if samples_record else {"reason": None}
    rows = [] if status["reason"] else rows
    save_set(out, rows)
    inputs = [split, *(path for added in (classic, samples) if added for path in (added.images, added.index))]
    made_from = origins(inputs=inputs, config={"real": real, "duplicates": list(duplicates)}, code=code, seeds={})
    counts = {label: sum(row.label == label for row in rows) for label in labels_of(originals)}
    write_record(record, facts={"images": counts}, made_from=made_from, outputs=[out], reason=status["reason"])


def draw_samples(*, split: str, dev: str, samples: ImageFiles, picture: str) -> None:
    """Draw real training images (left) beside samples (right), a row a class, as a PNG.

    Where the GAN diverged there are no samples and the right half stays grey.
    """
    rows = [row for row in open_split(split) if row.role == "train"]
    images, drawn = open_images(dev), open_image_set(samples.images, samples.index)
    size = images.shape[1:]
    lines = []
    for label in labels_of(rows):
        real = images[[row.row for row in rows if row.label == label][:PICTURED]]
        synthetic = drawn.images[[k for k, row in enumerate(drawn.index) if row.label == label][:PICTURED]]
        gap = np.full((1, *size), 255, dtype=np.uint8)
        lines += [_filled(real), gap, _filled(synthetic)]
    scale = max(1, 32 // size[0])
    save_png(picture, grid(np.concatenate(lines), columns=2 * PICTURED + 1), scale=scale)


def _filled(images: Pixels) -> Pixels:
    """Exactly `PICTURED` images, the missing ones grey."""
    missing = np.full((PICTURED - len(images), *images.shape[1:]), 220, dtype=np.uint8)
    return np.concatenate([images, missing])


def export_set(*, training_set: str, manifest: str) -> None:
    """Write every image of a training set as PNG, in class folders below ``images`` beside ``manifest``.

    Args:
        training_set: ``sets/{arm}/r{r}.csv``.
        manifest: the CSV that lists the files, written last. Its folder holds this export and nothing else.

    Raises:
        UserError: the set is empty, since its GAN failed.
    """
    from PIL import Image

    rows = open_set(training_set)
    if not rows:
        raise UserError(
            f"{training_set}: empty, since the GAN of this arm failed; {Path(training_set).stem}.json beside it tells "
            "why, export another arm or repeat"
        )
    _clear(Path(manifest).parent)
    arrays = {path: open_images(path) for path in {row.images for row in rows}}
    listed = []
    for k, row in enumerate(rows):
        # A class may have any name, even that of the manifest.
        name = f"images/{row.label}/{k:06d}-{row.origin}.png"
        image = arrays[row.images][row.row]
        with atomic(Path(manifest).parent / name) as temporary:
            Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(temporary, format="PNG")
        listed.append({"file": name, "label": row.label, "origin": row.origin, "source": row.source})
    write_csv(manifest, ("file", "label", "origin", "source"), listed)


def _clear(folder: Path) -> None:
    """Remove the folders of an earlier export, whose images would mix with those of this one."""
    for old in folder.glob("*/"):
        if old.is_symlink():  # what it leads to is not ours
            old.unlink()
        else:
            shutil.rmtree(old)
