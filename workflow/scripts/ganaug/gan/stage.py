"""The files of the GAN stage: which classes a job trains, what it leaves, and what is sampled from it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from ganaug.batches import Batches
from ganaug.compute import prepare
from ganaug.config import Compute, Gan, amount_of
from ganaug.gan.checkpoint import prefixed, unprefixed
from ganaug.gan.networks.family import family
from ganaug.gan.sampling import sample
from ganaug.gan.training import LOGGED, Trained, train
from ganaug.images import (
    ImageFiles,
    IndexRow,
    Pixels,
    grid,
    labels_of,
    open_images,
    open_index,
    open_split,
    save_image_set,
    save_png,
)
from ganaug.io import digest_value, load_tensors, read_json, save_tensors, write_csv
from ganaug.records import Origins, origins, write_record
from ganaug.seeds import derive

HISTORY = ("label", "epoch", "step", *LOGGED, "images_per_second")
GRID_COLUMNS = 10


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
    history: str,
    picture: str,
    record: str,
) -> None:
    """Train the GANs of every class whose number is ``job`` modulo ``gan.jobs``, and write what they leave.

    Args:
        split: ``data/r{r}.csv``.
        dev: the development pool that ``split`` points into.
        leaked: test images that the GAN shall see too, or None.
        gan, job, repeat, root: the GAN, which of its jobs this is, the repeat, and the experiment's seed.
        compute, code: how it runs, and the digest of the code.
        generators: output by snapshot name; on divergence a generator that was not reached has no tensors.
        history, picture, record: the other outputs; the record says ``failed`` on divergence.

    Raises:
        UserError: the family cannot make images of that size.
    """
    rows = _training_rows(split, dev, leaked)
    labels = sorted(rows)[job :: gan.jobs]
    device = prepare(compute)
    sources = [split, dev.images, *([leaked.images, leaked.index] if leaked else [])]
    made_from = origins(
        inputs=sources,
        config={**asdict(gan), "precision": compute.precision, "threads": compute.threads, "job": job},
        code=code,
        seeds={label: derive(root, "gan", repeat, label) for label in labels},
    )
    # The record's path keeps apart two experiments that train the same GAN at the same time.
    resume = Path(".ganaug/resume") / digest_value([made_from.digest, record])
    trained = _train_classes(rows, labels, gan, made_from=made_from, compute=compute, device=device, resume=resume)
    reasons = [f"{label}: {result.reason}" for label, result in trained.items() if result.reason]
    for snap, path in generators.items():
        whole = all(snap in result.snapshots for result in trained.values())
        tensors: dict[str, torch.Tensor] = {}
        for k, label in enumerate(labels if whole else []):
            tensors |= prefixed(str(k), trained[label].snapshots[snap])
        save_tensors(path, tensors, {"labels": json.dumps(labels if whole else [])})
    history_rows = [{"label": label, **row} for label, result in trained.items() for row in result.history]
    write_csv(history, HISTORY, history_rows)
    _save_grid(picture, gan, generators=generators, root=root, repeat=repeat, dev=dev, device=device)
    write_record(
        record,
        facts={"labels": labels, "images": {label: len(rows[label]) for label in labels}},
        made_from=made_from,
        outputs=generators.values(),
        reason="; ".join(reasons) or None,
    )
    shutil.rmtree(resume, ignore_errors=True)


def _training_rows(split: str, dev: ImageFiles, leaked: ImageFiles | None) -> dict[str, list[tuple[str, int]]]:
    """What each class's GAN sees, by class name."""
    train_rows = [row for row in open_split(split) if row.role == "train"]
    rows: dict[str, list[tuple[str, int]]] = {label: [] for label in labels_of(train_rows)}
    for row in train_rows:
        rows[row.label].append((dev.images, row.row))
    if leaked:
        for k, extra in enumerate(open_index(leaked.index)):
            rows[extra.label].append((leaked.images, k))
    return rows


def _train_classes(
    rows: Mapping[str, Sequence[tuple[str, int]]],
    labels: Sequence[str],
    gan: Gan,
    *,
    made_from: Origins,
    compute: Compute,
    device: torch.device,
    resume: Path,
) -> dict[str, Trained]:
    """Train class after class; a finished class is kept in ``resume`` so that a restart does not repeat it."""
    steps = {label: gan.steps or (gan.epochs or 0) * -(-len(rows[label]) // gan.batch_size) for label in labels}
    trained = {}
    with tqdm(total=sum(steps.values()), unit="step", disable=None) as bar:
        for k, label in enumerate(labels):
            bar.set_description(f"GAN of {label}")
            done = resume / f"done-{k}.safetensors"
            if done.exists():
                trained[label] = _open_trained(done)
                bar.update(steps[label])
                continue
            trained[label] = train(
                Batches(rows[label], device),
                gan,
                seed=made_from.seeds[label],
                compute=compute,
                device=device,
                resume=resume / f"training-{k}.safetensors",
                progress=bar.update,
            )
            _save_trained(done, trained[label])
    return trained


def _save_trained(path: Path, trained: Trained) -> None:
    tensors: dict[str, torch.Tensor] = {}
    for snap, weights in trained.snapshots.items():
        tensors |= prefixed(snap, weights)
    facts = {"snapshots": list(trained.snapshots), "history": trained.history, "reason": trained.reason}
    save_tensors(path, tensors, {"trained": json.dumps(facts)})


def _open_trained(path: Path) -> Trained:
    tensors, metadata = load_tensors(path)
    facts: dict[str, Any] = json.loads(metadata["trained"])
    snapshots = {snap: unprefixed(snap, tensors) for snap in facts["snapshots"]}
    return Trained(snapshots=snapshots, history=facts["history"], reason=facts["reason"])


def _restore(path: str, gan: Gan, *, size: int, channels: int, device: torch.device) -> dict[str, torch.nn.Module]:
    """The generators in a file, by class name."""
    tensors, metadata = load_tensors(path)
    return {
        label: family(gan).restore(gan, size=size, channels=channels, state=unprefixed(str(k), tensors)).to(device)
        for k, label in enumerate(json.loads(metadata["labels"]))
    }


def _save_grid(
    path: str, gan: Gan, *, generators: Mapping[str, str], root: int, repeat: int, dev: ImageFiles, device: torch.device
) -> None:
    """The same latents through every snapshot: a row a class and snapshot."""
    size, channels = open_images(dev.images).shape[2:]
    lines: list[tuple[str, Pixels]] = []
    for snap in gan.snaps:
        for label, generator in _restore(generators[snap], gan, size=size, channels=channels, device=device).items():
            seed = derive(root, "sample", repeat, label)
            lines.append((label, sample(generator, gan, seed=seed, count=GRID_COLUMNS, device=device)))
    lines.sort(key=lambda line: line[0])
    blank = np.full((1, size, size, channels), 255, dtype=np.uint8)
    pictures = np.concatenate([pictures for _, pictures in lines]) if lines else blank
    save_png(path, grid(pictures, columns=GRID_COLUMNS), scale=2)


def sample_set(
    *,
    name: str,
    gan: Gan,
    amount: str,
    repeat: int,
    root: int,
    split: str,
    dev: str,
    generators: Sequence[str],
    records: Sequence[str],
    compute: Compute,
    code: str,
    out: ImageFiles,
    record: str,
) -> None:
    """Draw the samples of every class from one snapshot and write them as an image set.

    If a GAN of the repeat diverged the set is empty and its record says ``failed`` and why.

    Args:
        name: the GAN's name in the config.
        amount: see `ganaug.config.amount_label`.
        split, dev: ``data/r{r}.csv``, whose training images a ratio counts, and the ``images.npy`` it points into.
        generators, records: of all jobs of the GAN in this repeat.
        out, record: the outputs.
    """
    device = prepare(compute)
    size, channels = open_images(dev).shape[2:]
    labels = [row.label for row in open_split(split) if row.role == "train"]
    seeds = {label: derive(root, "sample", repeat, label) for label in sorted(set(labels))}
    made_from = origins(
        inputs=[*generators, split],
        config={**asdict(gan), "amount": amount, "precision": compute.precision, "threads": compute.threads},
        code=code,
        seeds=seeds,
    )
    reasons = [status["reason"] for status in map(read_json, records) if status["reason"]]
    restored: dict[str, torch.nn.Module] = {}
    for path in generators:
        restored |= _restore(path, gan, size=size, channels=channels, device=device)
    pictures: list[Pixels] = []
    index: list[IndexRow] = []
    # A snapshot that every class reached before a later divergence is a sound one.
    usable = sorted(restored) == sorted(seeds)
    for label in sorted(restored) if usable else []:
        count = amount_of(amount, labels.count(label))
        gan_seed = str(derive(root, "gan", repeat, label))
        pictures.append(sample(restored[label], gan, seed=seeds[label], count=count, device=device))
        index += [
            IndexRow(label, f"{name}/{label}/{i}", "gan", f"{name}/{label}/{i}", name, gan_seed, str(i))
            for i in range(count)
        ]
    empty = np.empty((0, size, size, channels), dtype=np.uint8)
    save_image_set(out.images, out.index, np.concatenate(pictures) if pictures else empty, index)
    reason = None if usable else f"GAN {name}: {'; '.join(reasons)}"
    write_record(
        record,
        facts={"gan": name, "amount": amount},
        made_from=made_from,
        outputs=[out.images, out.index],
        reason=reason,
    )
