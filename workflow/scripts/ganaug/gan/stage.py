"""The files of a GAN job: which classes it trains, and what it leaves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from ganaug.batches import Batches
from ganaug.compute import prepare
from ganaug.config import Compute, Gan, Prepare
from ganaug.gan.generators import gan_seed, open_generators, save_generators
from ganaug.gan.networks.family import Shape
from ganaug.gan.parallel import SOLO, Team
from ganaug.gan.prepare import prepared
from ganaug.gan.sampling import sample
from ganaug.gan.stack import MOST_TOGETHER, can_train_together
from ganaug.gan.training import COLUMNS, Start, Trained, total_steps, train
from ganaug.images import (
    ImageFiles,
    Pixels,
    grid,
    labels_of,
    open_images,
    open_index,
    open_split,
    save_images,
    save_movie,
    save_png,
    train_rows,
)
from ganaug.io import digest_value, load_tensors, prefixed, save_tensors, unprefixed, write_csv
from ganaug.records import origins, write_record
from ganaug.seeds import derive

HISTORY = ("label", *COLUMNS)
GRID_COLUMNS = 10
ALL = "all classes"

Rows = Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Unit:
    """One GAN to be trained.

    Attributes:
        name: its class, or `ALL`.
        rows: its images, as pairs (path of an ``images.npy``, row in it).
        numbers: the class of each (int64, N) if the GAN is told it.
    """

    name: str
    rows: Rows
    numbers: torch.Tensor | None
    classes: int
    seed: int


def train_job(
    *,
    split: str,
    dev: ImageFiles,
    leaked: ImageFiles | None,
    gan: Gan,
    job: int,
    repeat: int,
    root: int,
    compute: Compute,
    code: str,
    generators: Mapping[str, str],
    discriminators: str,
    history: str,
    picture: str,
    film: str,
    record: str,
    team: Team = SOLO,
) -> None:
    """Train the GANs of every class whose number is ``job`` modulo ``gan.jobs``, and write what they leave.

    A conditional GAN is one for all classes.

    Args:
        split: ``data/r{r}.csv``.
        dev: the development pool that ``split`` points into.
        leaked: test images that the GAN shall see too, or None.
        gan, job, repeat, root: the GAN, which of its jobs this is, the repeat, and the experiment's seed.
        compute, code: how it runs, and the digest of the code.
        generators: output by snapshot name; on divergence a generator that was not reached has no tensors.
        discriminators: output: those after the last step.
        history, picture, film, record: the other outputs; the record says ``failed`` on divergence.
        team: the processes that do this job together; all call this alike.

    Raises:
        UserError: the family cannot make images of that size, or batches do not do for so many processes.
    """
    rows = _training_rows(split, dev, leaked, per_class=gan.per_class)
    labels = sorted(rows)[job :: gan.jobs]
    device = prepare(compute)
    made_from = origins(
        inputs=[split, dev.images, *([leaked.images, leaked.index] if leaked else [])],
        config={**asdict(gan), "precision": compute.precision, "threads": compute.threads, "job": job}
        | ({"processes": team.size} if team.size > 1 else {}),
        code=code,
        seeds={label: gan_seed(gan, root=root, repeat=repeat, label=label) for label in labels},
    )
    # The record's path keeps apart two experiments that train the same GAN at the same time, and the device those whose
    # random generators cannot be put into each other's states: a job that moves to another begins anew.
    resume = Path(".ganaug/resume") / digest_value([made_from.digest, record, device.type])
    seen = {label: _prepared(rows[label], label, gan, root=root, repeat=repeat, folder=resume) for label in labels}
    units = _units(seen, gan, seeds=made_from.seeds)
    pretrain_seed = derive(root, "pretrain", repeat)
    trained = _train_units(
        units, gan, pretrain_seed=pretrain_seed, compute=compute, device=device, resume=resume, team=team
    )
    # One that is behind may still have to read what is removed below.
    team.wait()
    if team.rank:
        return
    for snap, path in generators.items():
        reached = [result.snapshots[snap] for result in trained if snap in result.snapshots]
        whole = len(reached) == len(units)
        save_generators(path, reached if whole else [], labels if whole else [])
    whole = not any(result.reason for result in trained)
    save_generators(
        discriminators, [result.discriminator for result in trained] if whole else [], labels if whole else []
    )
    named = list(zip([unit.name for unit in units], trained, strict=True))
    write_csv(history, HISTORY, [{"label": name, **row} for name, result in named for row in result.history])
    _save_grid(picture, gan, generators=generators, root=root, repeat=repeat, dev=dev, device=device)
    _save_film(film, trained)
    write_record(
        record,
        facts={
            "labels": labels,
            "images": {label: len(rows[label]) for label in labels},
            "seen": {label: len(seen[label]) for label in labels},
        },
        made_from=made_from,
        outputs=[*generators.values(), discriminators],
        reason="; ".join(f"{name}: {result.reason}" for name, result in named if result.reason) or None,
    )
    shutil.rmtree(resume, ignore_errors=True)


def _training_rows(
    split: str, dev: ImageFiles, leaked: ImageFiles | None, *, per_class: int | None
) -> dict[str, list[tuple[str, int]]]:
    """The real images of each class, by class name; of the training images the first ``per_class``, or all."""
    real = train_rows(open_split(split), per_class=per_class)
    rows: dict[str, list[tuple[str, int]]] = {label: [] for label in labels_of(real)}
    for row in real:
        rows[row.label].append((dev.images, row.row))
    if leaked:
        for k, extra in enumerate(open_index(leaked.index)):
            if extra.label in rows:
                rows[extra.label].append((leaked.images, k))
    return rows


def _prepared(rows: Rows, label: str, gan: Gan, *, root: int, repeat: int, folder: Path) -> Rows:
    """The images that the GAN sees of a class: the real ones, or a file of what was made of them."""
    if gan.prepare == Prepare():
        return rows
    files = {path: open_images(path) for path in {path for path, _ in rows}}
    images = prepared(
        np.stack([files[path][row] for path, row in rows]), gan.prepare, seed=derive(root, "prepare", repeat, label)
    )
    path = folder / f"prepared-{digest_value(label)}.npy"
    save_images(path, images, np.arange(len(images)))
    return [(str(path), k) for k in range(len(images))]


def _units(rows: Mapping[str, Rows], gan: Gan, *, seeds: Mapping[str, int]) -> list[Unit]:
    if gan.mode != "conditional":
        return [Unit(label, rows[label], None, 0, seeds[label]) for label in rows]
    numbers = torch.tensor([number for number, label in enumerate(rows) for _ in rows[label]])
    return [Unit(ALL, [row for label in rows for row in rows[label]], numbers, len(rows), next(iter(seeds.values())))]


def _train_units(
    units: Sequence[Unit],
    gan: Gan,
    *,
    pretrain_seed: int,
    compute: Compute,
    device: torch.device,
    resume: Path,
    team: Team,
) -> list[Trained]:
    """Train one after another; a finished one is kept in ``resume`` so that a restart does not repeat it.

    Where that is faster, those that follow one another and have equally many images, and so equal steps, are one.
    """
    first = Unit(ALL, [row for unit in units for row in unit.rows], None, 0, pretrain_seed)
    pretraining = replace(gan, epochs=gan.pretrain, steps=None, snapshots=(), ema=None)
    steps = sum(total_steps(gan, len(unit.rows)) for unit in units)
    steps += total_steps(pretraining, len(first.rows)) if gan.mode == "fine_tune" else 0
    groups = _groups(units, gan) if team.size == 1 else [[unit] for unit in units]
    with tqdm(total=steps, unit="step", disable=True if team.rank else None) as bar:

        def run(group: Sequence[Unit], settings: Gan, file: str, begin: Start | None) -> list[Trained]:
            others = f" and {len(group) - 1} more" if len(group) > 1 else ""
            bar.set_description(f"GAN of {group[0].name}{others}")
            return _train_group(
                group,
                settings,
                compute=compute,
                device=device,
                resume=resume / file,
                progress=bar.update,
                begin=begin,
                team=team,
            )

        begin = None
        if gan.mode == "fine_tune":
            [base] = run([first], pretraining, "training-all.safetensors", None)
            if base.reason:
                return [replace(base, snapshots={}) for _ in units]
            begin = Start(generator=base.snapshots["last"], discriminator=base.discriminator)
        files = [f"training-{k}.safetensors" for k in range(len(groups))]
        return [trained for group, file in zip(groups, files, strict=True) for trained in run(group, gan, file, begin)]


def _groups(units: Sequence[Unit], gan: Gan) -> list[list[Unit]]:
    """The units that train together."""
    if not units:
        return []
    size, channels = open_images(units[0].rows[0][0]).shape[2:]
    together = can_train_together(gan, Shape(nz=gan.nz, size=size, channels=channels, classes=units[0].classes))
    return [
        part
        for _, group in groupby(units, key=lambda unit: len(unit.rows))
        for part in _chunks(list(group), MOST_TOGETHER if together else 1)
    ]


def _chunks(units: Sequence[Unit], most: int) -> list[list[Unit]]:
    return [list(units[first : first + most]) for first in range(0, len(units), most)]


def _train_group(
    group: Sequence[Unit],
    gan: Gan,
    *,
    compute: Compute,
    device: torch.device,
    resume: Path,
    progress: Callable[[int], object],
    begin: Start | None,
    team: Team,
) -> list[Trained]:
    done = resume.with_name(f"done-{resume.name}")
    rows = [row for unit in group for row in unit.rows]
    if done.exists():
        progress(sum(total_steps(gan, len(unit.rows)) for unit in group))
        return _open_trained(done)
    trained = train(
        Batches(rows, device),
        group[0].numbers,
        gan,
        classes=group[0].classes,
        seeds=[unit.seed for unit in group],
        compute=compute,
        device=device,
        resume=resume,
        progress=progress,
        begin=begin,
        team=team,
    )
    if team.rank == 0:
        _save_trained(done, trained)
    return trained


def _save_trained(path: Path, trained: Sequence[Trained]) -> None:
    tensors: dict[str, torch.Tensor] = {}
    for k, one in enumerate(trained):
        tensors |= prefixed(f"{k}/discriminator", one.discriminator)
        tensors |= {f"{k}/film/{place}": picture for place, picture in enumerate(one.film)}
        for snap, weights in one.snapshots.items():
            tensors |= prefixed(f"{k}/snapshot/{snap}", weights)
    facts = [
        {"snapshots": list(one.snapshots), "history": one.history, "film": len(one.film), "reason": one.reason}
        for one in trained
    ]
    save_tensors(path, tensors, {"trained": json.dumps(facts)})


def _open_trained(path: Path) -> list[Trained]:
    tensors, metadata = load_tensors(path)
    facts: list[dict[str, Any]] = json.loads(metadata["trained"])
    return [
        Trained(
            snapshots={snap: unprefixed(f"{k}/snapshot/{snap}", tensors) for snap in one["snapshots"]},
            discriminator=unprefixed(f"{k}/discriminator", tensors),
            history=one["history"],
            film=[tensors[f"{k}/film/{place}"] for place in range(one["film"])],
            reason=one["reason"],
        )
        for k, one in enumerate(facts)
    ]


def _save_grid(
    path: str, gan: Gan, *, generators: Mapping[str, str], root: int, repeat: int, dev: ImageFiles, device: torch.device
) -> None:
    """The same latents through every snapshot: a row a class and snapshot."""
    size, channels = open_images(dev.images).shape[2:]
    lines: list[tuple[str, Pixels]] = []
    for snap in gan.snaps:
        makers = open_generators(generators[snap], gan, size=size, channels=channels, device=device)
        for label, maker in makers.items():
            seed = derive(root, "sample", repeat, label)
            pictures = sample(maker.generator, gan, seed=seed, count=GRID_COLUMNS, device=device, label=maker.label)
            lines.append((label, pictures))
    lines.sort(key=lambda line: line[0])
    blank = np.full((1, size, size, channels), 255, dtype=np.uint8)
    pictures = np.concatenate([pictures for _, pictures in lines]) if lines else blank
    save_png(path, grid(pictures, columns=GRID_COLUMNS), scale=2)


def _save_film(path: str, trained: Sequence[Trained]) -> None:
    """Samples of the same latents while the GANs trained: a row a GAN; one that ended early stands still.

    A job without classes, or whose GANs all diverged before the first look, has one blank picture.
    """
    frames = []
    for k in range(max((len(result.film) for result in trained), default=0)):
        rows = [result.film[min(k, len(result.film) - 1)].numpy() for result in trained if result.film]
        frames.append(grid(np.concatenate(rows), columns=len(rows[0])))
    save_movie(path, frames or [np.full((1, 1, 1), 255, dtype=np.uint8)], scale=2)
