"""The files of the sets stage."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganaug.amounts import amounts_of
from ganaug.arms import Arm, ClassicArm, GanArm
from ganaug.errors import UserError
from ganaug.images import (
    ImageFiles,
    IndexRow,
    Pixels,
    SetRow,
    SplitRow,
    counts_of,
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
    train_rows,
)
from ganaug.io import atomic, read_json, write_csv
from ganaug.records import origins, write_record
from ganaug.seeds import derive
from ganaug.sets.arms import duplicate_rows, in_turns, real_rows, synthetic_rows
from ganaug.sets.classic import classic_images
from ganaug.sets.curation import Evidence, TooFewError, chosen

PICTURED = 10


def make_classic(
    *,
    split: str,
    dev: str,
    arm: ClassicArm,
    amount: str,
    per_class: int | None,
    repeat: int,
    root: int,
    code: str,
    out: ImageFiles,
    record: str,
) -> None:
    """Make the classic images of an arm for one repeat and write them as an image set.

    Args:
        split, dev: ``data/r{r}.csv`` and the ``images.npy`` that it points into.
        arm, amount: the changes, and how many (see `ganaug.amounts.amount_label`).
        per_class: of the first so many real images of each class; None: of all.
        repeat, root: the repeat and the experiment's seed.
        code: digest of the code.
        out, record: the outputs.
    """
    rows = train_rows(open_split(split), per_class=per_class)
    images = open_images(dev)
    seeds = {label: derive(root, "classic", repeat, label) for label in labels_of(rows)}
    config = {**asdict(arm), "amount": amount, "per_class": per_class}
    made_from = origins(inputs=[split, dev], config=config, code=code, seeds=seeds)
    counts = amounts_of(amount, counts_of(rows))
    pictures: list[Pixels] = []
    index: list[IndexRow] = []
    for label, seed in seeds.items():
        own = [row for row in rows if row.label == label]
        count = counts[label]
        pictures.append(classic_images(images[[row.row for row in own]], count=count, arm=arm, seed=seed))
        parents = [own[i % len(own)] for i in range(count)]
        index += [IndexRow(label, row.group, "classic", f"{row.source}#{i}") for i, row in enumerate(parents)]
    save_image_set(out.images, out.index, np.concatenate(pictures), index)
    write_record(record, facts={"amount": amount}, made_from=made_from, outputs=[out.images, out.index])


@dataclass(frozen=True)
class Pool:
    """Samples that an arm takes from, by the paths of their files.

    Attributes:
        part: what the arm says of them.
        amount: how many of each class are taken, for each turn (see `ganaug.amounts.amount_label`).
        record: of the samples.
        features, probabilities, scores: arrays of the samples, where they are curated by them; else None.
    """

    part: GanArm
    amount: str
    files: ImageFiles
    record: str
    features: str | None
    probabilities: str | None
    scores: str | None

    @property
    def arrays(self) -> list[str]:
        """The arrays that there are."""
        return [path for path in (self.features, self.probabilities, self.scores) if path]


@dataclass(frozen=True)
class RealFeatures:
    """Features of the real images of a repeat (float32 ``.npy``), in the order of its split."""

    train: str
    validation: str


def make_set(
    *,
    split: str,
    dev: str,
    arm: Arm,
    duplicates: Sequence[str],
    classic: ImageFiles | None,
    pools: Sequence[Pool],
    real_features: RealFeatures | None,
    repeat: int,
    root: int,
    code: str,
    out: str,
    record: str,
) -> None:
    """Write the index of one arm's training set for one repeat.

    When samples failed, or too few are left of a pool, the set is empty and its record says so.

    Args:
        split, dev: ``data/r{r}.csv`` and the ``images.npy`` that it points into.
        duplicates: how many duplicates, as amounts that are added up.
        classic: the classic images, or None.
        pools: the samples of each GAN of the arm.
        real_features: where samples are curated; else None.
        repeat, root: the repeat and the experiment's seed.
    """
    rows = open_split(split)
    originals = real_rows(rows, images=dev, per_class=arm.per_class)
    seeds = {"curation": derive(root, "curation", repeat)}
    inputs = [split, *([classic.images, classic.index] if classic else [])]
    inputs += [path for pool in pools for path in (pool.files.images, pool.files.index, *pool.arrays)]
    inputs += [real_features.train, real_features.validation] if real_features else []
    parts = [{**asdict(pool.part), "amount": pool.amount} for pool in pools]
    config = {"real": arm.real, "per_class": arm.per_class, "duplicates": list(duplicates), "pools": parts}
    made_from = origins(inputs=inputs, config=config, code=code, seeds=seeds)
    listed = list(originals) if arm.real else []
    listed += duplicate_rows(originals, amounts=duplicates)
    if classic is not None:
        listed += synthetic_rows(open_index(classic.index), images=classic.images)
    reasons = []
    for pool in pools:
        try:
            listed += _taken(pool, rows, originals, real_features, seed=seeds["curation"])
        except TooFewError as error:
            reasons.append(f"GAN {pool.part.name}: {error}")
    listed = [] if reasons else listed
    save_set(out, listed)
    counts = {label: sum(row.label == label for row in listed) for label in labels_of(originals)}
    write_record(
        record, facts={"images": counts}, made_from=made_from, outputs=[out], reason="; ".join(reasons) or None
    )


def _taken(
    pool: Pool, split: Sequence[SplitRow], originals: Sequence[SetRow], real: RealFeatures | None, *, seed: int
) -> list[SetRow]:
    """The rows of a pool that the arm trains on.

    Raises:
        TooFewError: its GAN or the classifier that judges it failed, or too few are left.
    """
    if reason := read_json(pool.record)["reason"]:
        raise TooFewError(str(reason).removeprefix(f"GAN {pool.part.name}: "))
    index = open_index(pool.files.index)
    rows = synthetic_rows(index, images=pool.files.images)
    if pool.part.is_curated:
        assert real is not None
        evidence = _evidence(pool, index, split, real)
        wanted = amounts_of(pool.amount, counts_of(originals))
        kept: list[SetRow] = []
        for label, (places, known) in evidence.items():
            count, own_seed = wanted[label] * pool.part.turns, derive(seed, pool.part.name, pool.part.snap, label)
            kept += [rows[place] for place in places[chosen(pool.part, known, count=count, seed=own_seed)]]
        rows = kept
    return in_turns(rows, turns=pool.part.turns)


def _evidence(
    pool: Pool, index: Sequence[IndexRow], split: Sequence[SplitRow], real: RealFeatures
) -> dict[str, tuple[NDArray[np.intp], Evidence]]:
    """By class the places of its samples in the pool, and what is known of them."""
    assert pool.features is not None
    assert pool.probabilities is not None
    train, held = np.load(real.train), np.load(real.validation)
    features, probabilities = np.load(pool.features), np.load(pool.probabilities)
    if len(features) < len(index):
        raise TooFewError("the classifier of the real images failed, so nothing tells its samples apart")
    logits = np.load(pool.scores).astype(np.float64) if pool.scores else None
    if logits is not None and len(logits) < len(index):
        raise TooFewError("it failed after this snapshot, so no discriminator tells its samples apart")
    std = train.std(axis=0)
    scale = np.where(std > 0, std, 1)
    roles = {role: np.array([row.label for row in split if row.role == role]) for role in ("train", "validation")}
    labels = np.array([row.label for row in index])
    found = {}
    for number, label in enumerate(labels_of(split)):
        places = np.flatnonzero(labels == label)
        found[label] = (
            places,
            Evidence(
                probability=probabilities[places, number].astype(np.float64),
                logits=None if logits is None else logits[places],
                features=features[places] / scale,
                train=train[roles["train"] == label] / scale,
                held=held[roles["validation"] == label] / scale if len(held) else held,
            ),
        )
    return found


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
