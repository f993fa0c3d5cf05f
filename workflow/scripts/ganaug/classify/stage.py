"""The files of the classifier stage: one cell is one classifier on one arm in one repeat and fit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from ganaug.batches import Batches
from ganaug.classify.batching import epoch_images
from ganaug.classify.metrics import METRICS
from ganaug.classify.networks import make
from ganaug.classify.networks.input import calibrate
from ganaug.classify.training import Labelled, Recipe, TrainingSet, fit, total_steps
from ganaug.classify.weights import load_pretrained
from ganaug.compute import prepare
from ganaug.config import Compute
from ganaug.images import SetRow, labels_of, open_set, open_split, train_rows
from ganaug.io import digest_value, load_tensors, read_json, save_tensors, write_csv
from ganaug.records import origins, write_record
from ganaug.seeds import derive

CPU = torch.device("cpu")
HISTORY = ("step", "epoch", "seconds", *(f"{split}_{name}" for split in ("train", "validation") for name in METRICS))


def labelled(
    rows: Sequence[tuple[str, int, str]],
    classes: Sequence[str],
    device: torch.device,
    *,
    beside: Sequence[Labelled] = (),
) -> Labelled:
    """Rows (path of an ``images.npy``, row in it, class name) as images and numbers of classes.

    ``beside`` are in memory at the same time, which leaves less of it to these.
    """
    number = {name: k for k, name in enumerate(classes)}
    return Labelled(
        images=Batches([(path, row) for path, row, _ in rows], device, beside=[other.images for other in beside]),
        labels=torch.tensor([number[label] for _, _, label in rows], dtype=torch.int64),
    )


@dataclass(frozen=True)
class Begin:
    """Weights that a training begins from, and the record of the cell they are of; None: they are no cell's."""

    weights: str
    record: str | None = None


def train_cell(
    *,
    arm: str,
    classifier_name: str,
    repeat: int,
    fit_number: int,
    split: str,
    dev: str,
    training_set: str,
    set_record: str,
    per_class: int | None,
    recipe: Recipe,
    begin: Begin | None,
    root: int,
    compute: Compute,
    code: str,
    model: str,
    snapshots: str,
    history: str,
    record: str,
) -> None:
    """Train one classifier on one training set; a set that failed makes a failed cell, not an error.

    Args:
        arm, classifier_name, repeat, fit_number: which cell this is.
        split, dev: ``data/r{r}.csv`` (for the validation images) and the ``images.npy`` it points into.
        training_set, set_record: the arm's index, and how its making ended.
        per_class: the first so many real images of each class are all that is known to the arm; None: all.
        recipe, root, compute, code: settings, the experiment's seed, the digest of the code.
        begin: what the training begins from instead of drawn weights.
        model, snapshots, history, record: the outputs. ``snapshots`` holds every evaluation's weights when there
            are no validation images (protocol 1), else nothing.

    Raises:
        UserError: the images are too small for the network.
    """
    rows, split_rows = open_set(training_set), open_split(split)
    classes = labels_of(split_rows)
    seeds = {"classifier": derive(root, "classifier", repeat, fit_number), "order": derive(root, "order", repeat)}
    others = sorted({row.images for row in rows} - {dev})
    made_from = origins(
        inputs=[split, dev, training_set, set_record, *([begin.weights] if begin else []), *others],
        config={**told(recipe), "per_class": per_class, "precision": compute.precision, "threads": compute.threads},
        code=code,
        seeds=seeds,
    )
    facts: dict[str, Any] = {"arm": arm, "classifier": classifier_name, "repeat": repeat, "fit": fit_number}
    facts |= {"classes": classes, "train_images": {name: sum(row.label == name for row in rows) for name in classes}}
    reason = read_json(set_record)["reason"]
    if reason is None and begin and begin.record and (before := read_json(begin.record)["reason"]):
        reason = f"what it begins from failed: {before}"
    if reason:
        save_tensors(model, {}, {})
        save_tensors(snapshots, {}, {"steps": "[]"})
        write_csv(history, HISTORY, [])
        facts |= {"steps": 0, "selected_step": None}
    else:
        device = prepare(compute)
        resume = Path(".ganaug/resume") / digest_value([made_from.digest, record, device.type])
        train = _training_set(rows, classes, device)
        held = [(dev, row.row, row.label) for row in split_rows if row.role == "validation"]
        network = make(
            recipe.classifier,
            size=train.images.size,
            channels=train.images.channels,
            classes=len(classes),
            generator=torch.Generator().manual_seed(seeds["classifier"]),
        )
        known = train_rows(split_rows, per_class=per_class)
        calibrate(network, Batches([(dev, row.row) for row in known], CPU))
        if begin:
            load_pretrained(network, load_tensors(begin.weights)[0], name=begin.weights)
        title = f"{arm} {classifier_name} r{repeat}f{fit_number}"
        total = total_steps(recipe.budget, recipe.classifier, epoch_images(train.turns))
        with tqdm(total=total, unit="step", desc=title, disable=None) as bar:
            result = fit(
                network.to(device),
                train,
                labelled(held, classes, device, beside=[train]) if held else None,
                recipe=recipe,
                order_seed=seeds["order"],
                seed=seeds["classifier"],
                compute=compute,
                device=device,
                resume=resume / "training.safetensors",
                progress=bar.update,
            )
        save_tensors(model, {} if result.reason else result.weights, {})
        kept = {f"{step}/{name}": w for step, weights in result.snapshots.items() for name, w in weights.items()}
        save_tensors(snapshots, kept, {"steps": json.dumps(list(result.snapshots))})
        write_csv(history, HISTORY, result.history)
        shutil.rmtree(resume, ignore_errors=True)
        reason = result.reason
        steps = result.history[-1]["step"]
        facts |= {"steps": steps, "selected_step": None if reason else result.selected_step}
    write_record(record, facts=facts, made_from=made_from, outputs=[model, snapshots], reason=reason)


def told(recipe: Recipe) -> dict[str, Any]:
    """The settings of a training as its record holds them."""
    arm = {"online": asdict(recipe.online), "strategy": asdict(recipe.strategy)}
    return {**asdict(recipe.classifier), **asdict(recipe.budget), **arm}


def _training_set(rows: Sequence[SetRow], classes: Sequence[str], device: torch.device) -> TrainingSet:
    seen = labelled([(row.images, row.row, row.label) for row in rows], classes, device)
    return TrainingSet(
        images=seen.images,
        labels=seen.labels,
        generated=torch.tensor([row.origin == "gan" for row in rows]),
        turns=torch.tensor([row.turn for row in rows], dtype=torch.int64),
    )
