"""The files of the classifier stage: one cell is one classifier on one arm in one repeat and fit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import torch
from tqdm import tqdm

from ganaug.batches import Batches
from ganaug.classify.metrics import METRICS
from ganaug.classify.networks import make
from ganaug.classify.training import Labelled, fit, total_steps
from ganaug.compute import prepare
from ganaug.config import Budget, Classifier, Compute
from ganaug.images import labels_of, open_set, open_split
from ganaug.io import read_json, save_tensors, write_csv
from ganaug.records import origins, write_record
from ganaug.seeds import derive

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
    classifier: Classifier,
    budget: Budget,
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
        classifier, budget, root, compute, code: settings, the experiment's seed, the digest of the code.
        model, snapshots, history, record: the outputs. ``snapshots`` holds every evaluation's weights when there
            are no validation images (protocol 1), else nothing.

    Raises:
        UserError: the images are too small for the network.
    """
    rows, split_rows = open_set(training_set), open_split(split)
    classes = labels_of(split_rows)
    seeds = {"classifier": derive(root, "classifier", repeat, fit_number), "order": derive(root, "order", repeat)}
    made_from = origins(
        inputs=[split, dev, training_set, set_record, *sorted({row.images for row in rows} - {dev})],
        config={
            **asdict(classifier),
            **asdict(budget),
            "precision": compute.precision,
            "threads": compute.threads,
        },
        code=code,
        seeds=seeds,
    )
    facts: dict[str, Any] = {"arm": arm, "classifier": classifier_name, "repeat": repeat, "fit": fit_number}
    facts |= {"classes": classes, "train_images": {name: sum(row.label == name for row in rows) for name in classes}}
    reason = read_json(set_record)["reason"]
    if reason:
        save_tensors(model, {}, {})
        save_tensors(snapshots, {}, {"steps": "[]"})
        write_csv(history, HISTORY, [])
        facts |= {"steps": 0, "selected_step": None}
    else:
        device = prepare(compute)
        train = labelled([(row.images, row.row, row.label) for row in rows], classes, device)
        held = [(dev, row.row, row.label) for row in split_rows if row.role == "validation"]
        network = make(
            classifier,
            size=train.images.size,
            channels=train.images.channels,
            classes=len(classes),
            generator=torch.Generator().manual_seed(seeds["classifier"]),
        ).to(device)
        total = total_steps(budget, classifier, len(rows))
        with tqdm(
            total=total, unit="step", desc=f"{arm} {classifier_name} r{repeat}f{fit_number}", disable=None
        ) as bar:
            result = fit(
                network,
                train,
                labelled(held, classes, device, beside=[train]) if held else None,
                classifier=classifier,
                budget=budget,
                order_seed=seeds["order"],
                compute=compute,
                device=device,
                progress=bar.update,
            )
        save_tensors(model, {} if result.reason else result.weights, {})
        kept = {f"{step}/{name}": w for step, weights in result.snapshots.items() for name, w in weights.items()}
        save_tensors(snapshots, kept, {"steps": json.dumps(list(result.snapshots))})
        write_csv(history, HISTORY, result.history)
        reason = result.reason
        steps = result.history[-1]["step"]
        facts |= {"steps": steps, "selected_step": None if reason else result.selected_step}
    write_record(record, facts=facts, made_from=made_from, outputs=[model, snapshots], reason=reason)
