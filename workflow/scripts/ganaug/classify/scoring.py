"""The score of every cell of a repeat: the only code that opens the sealed test set."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from ganaug.classify.metrics import Probabilities, full, summary
from ganaug.classify.networks import make
from ganaug.classify.stage import labelled
from ganaug.classify.training import Labelled, probabilities
from ganaug.compute import prepare
from ganaug.config import Classifier, Compute
from ganaug.errors import UserError
from ganaug.images import (
    ImageFiles,
    IndexRow,
    SetRow,
    labels_of,
    open_image_set,
    open_images,
    open_index,
    open_set,
    open_split,
)
from ganaug.io import digest, load_tensors, read_json, save_array, write_csv, write_json
from ganaug.records import origins


@dataclass(frozen=True)
class Cell:
    """The files of one cell and of the training set it saw."""

    arm: str
    classifier: str
    fit: int
    model: str
    snapshots: str
    record: str
    training_set: str

    @property
    def column(self) -> str:
        """The cell's name in the table of predictions."""
        return f"{self.arm}/{self.classifier}/f{self.fit}"


@dataclass(frozen=True)
class Splits:
    """What every cell of the repeat is scored on; the training set differs and is made for each arm."""

    classes: list[str]
    validation: Labelled | None
    test: Labelled


def score_repeat(
    *,
    experiment: str,
    repeat: int,
    part: int,
    fixed_test: bool,
    split: str,
    dev: ImageFiles,
    test: ImageFiles,
    source: str,
    others: Sequence[tuple[str, str]],
    cells: Sequence[Cell],
    classifiers: Mapping[str, Classifier],
    compute: Compute,
    code: str,
    scores: str,
    predictions: str,
    class_probabilities: str,
) -> None:
    """Score every cell of one repeat on its training set, on validation and on the sealed test set.

    Args:
        experiment, repeat, part, fixed_test: written into the file; ``fixed_test``: all repeats share a test set.
        split, dev, test: ``data/r{r}.csv`` and both image sets of its part.
        source: ``data/source.json``.
        others: of every experiment that a classifier begins with a cell of, the ``index.csv`` of the images that it may
            have learnt from, and its source.
        cells, classifiers: the cells and the settings of their classifiers.
        compute, code: how it runs, and the digest of the code.
        scores, predictions, class_probabilities: the outputs: numbers; the class predicted for each test image, a
            column a cell; probabilities as float32, cells x test images x classes, NaN for a failed cell.

    Raises:
        UserError: a test image occurs in a training set, or in that of weights of another experiment.
    """
    device = prepare(compute)
    sets = {cell.training_set: open_set(cell.training_set) for cell in cells}
    images = {row.images for own in sets.values() for row in own} | {dev.images}
    made_from = origins(
        inputs=[split, *sorted(images), *sorted(sets), test.images, test.index, *(index for index, _ in others)],
        config={name: asdict(classifier) for name, classifier in classifiers.items()}
        | {"precision": compute.precision, "threads": compute.threads},
        code=code,
        seeds={},
    )
    sealed = open_image_set(test.images, test.index)
    for index, other in others:
        same = read_json(other)["fingerprint"] == read_json(source)["fingerprint"]
        refuse_known(sealed.index, open_index(index), same_source=same, where=index)
    rows = open_split(split)
    classes = labels_of(rows)
    names_of = {_pixel_digest(image): row.source for image, row in zip(sealed.images, sealed.index, strict=True)}
    for path, own in sets.items():
        refuse_test_images(own, sealed=names_of, where=path)
    held = [(dev.images, row.row, row.label) for row in rows if row.role == "validation"]
    tested = labelled([(test.images, k, row.label) for k, row in enumerate(sealed.index)], classes, device)
    splits = Splits(
        classes=classes,
        validation=labelled(held, classes, device, beside=[tested]) if held else None,
        test=tested,
    )
    scored, guessed = [], []
    for cell in cells:
        own_rows = [(row.images, row.row, row.label) for row in sets[cell.training_set]]
        entry, outputs = _score_cell(
            cell, own_rows, splits, classifiers[cell.classifier], compute=compute, device=device
        )
        scored.append(entry)
        guessed.append(outputs)
    save_array(class_probabilities, np.stack(guessed))
    names = np.array(classes)
    columns = {
        cell.column: names[outputs.argmax(axis=1)] if entry["state"] == "ok" else np.full(len(outputs), "")
        for cell, entry, outputs in zip(cells, scored, guessed, strict=True)
    }
    write_csv(
        predictions,
        ("source", "label", *columns),
        (
            {"source": row.source, "label": row.label, **{name: column[k] for name, column in columns.items()}}
            for k, row in enumerate(sealed.index)
        ),
    )
    write_json(
        scores,
        {
            "experiment": experiment,
            "repeat": repeat,
            "part": part,
            "classes": classes,
            "test_images": len(sealed),
            "conditional_on_test_set": fixed_test,
            **made_from.as_dict(),
            "cells": scored,
        },
    )


def refuse_test_images(rows: Sequence[SetRow], *, sealed: Mapping[str, str], where: str) -> None:
    """Make sure that no real image of a training set is, byte for byte, a sealed one.

    Args:
        rows: the training set.
        sealed: names of the test images by the digest of their pixels.
        where: the training set's file, for the message.

    Raises:
        UserError: one is.
    """
    arrays = {path: open_images(path) for path in {row.images for row in rows}}
    for row in rows:
        if row.origin in ("real", "duplicate") and (name := sealed.get(_pixel_digest(arrays[row.images][row.row]))):
            raise UserError(
                f"{where}: the test image {name} occurs in this training set as {row.source}; remove one of the two"
            )


def refuse_known(sealed: Sequence[IndexRow], there: Sequence[IndexRow], *, same_source: bool, where: str) -> None:
    """Make sure that weights of another experiment know none of the test images.

    Args:
        sealed: the test images of this experiment.
        there: the images that the other may have learnt from.
        same_source: whether both are of one source, where a name means the same image whatever was made of it.
        where: the index of the other, for the message.

    Raises:
        UserError: they may know one: it, or another image of its group, is there.
    """
    groups, names = {row.group for row in there}, {row.source for row in there}
    if known := [row.source for row in sealed if row.group in groups or (same_source and row.source in names)]:
        raise UserError(
            f"{where}: holds {len(known)} of this study's {len(sealed)} test images, the first is {known[0]}, so "
            "weights of that experiment may know them; give both the same seed, data and data.test"
        )


def _pixel_digest(image: np.ndarray) -> str:
    return hashlib.sha256(image.tobytes()).hexdigest()


def _score_cell(
    cell: Cell,
    rows: Sequence[tuple[str, int, str]],
    splits: Splits,
    classifier: Classifier,
    *,
    compute: Compute,
    device: torch.device,
) -> tuple[dict[str, Any], Probabilities]:
    """The cell's entry in the scores, and its probabilities on the test images."""
    record = read_json(cell.record)
    entry: dict[str, Any] = {
        "arm": cell.arm,
        "classifier": cell.classifier,
        "fit": cell.fit,
        "state": record["state"],
        "reason": record["reason"],
        "selected_step": record["selected_step"],
        "train_images": sum(record["train_images"].values()),
        "model": digest(cell.model),
    }
    if record["state"] != "ok":
        missing = np.full((len(splits.test.labels), len(splits.classes)), np.nan, dtype=np.float32)
        return {**entry, "splits": None, "curve": None, "digest": None}, missing
    beside = [split for split in (splits.test, splits.validation) if split is not None]
    train = labelled(rows, splits.classes, device, beside=beside)
    network = make(
        classifier, size=train.images.size, channels=train.images.channels, classes=len(splits.classes), generator=None
    ).to(device)

    def outputs(weights: dict[str, torch.Tensor], split: Labelled) -> Probabilities:
        network.load_state_dict(weights)
        return probabilities(network, split.images, compute=compute, device=device)

    weights, _ = load_tensors(cell.model)
    guessed = {
        name: outputs(weights, split)
        for name, split in (("train", train), ("validation", splits.validation), ("test", splits.test))
        if split is not None
    }
    labels = {"train": train.labels, "test": splits.test.labels}
    if splits.validation is not None:
        labels["validation"] = splits.validation.labels
    entry["splits"] = {
        name: full(labels[name].numpy(), guessed[name], splits.classes) if name in guessed else None
        for name in ("train", "validation", "test")
    }
    entry["curve"] = _curve(cell.snapshots, network, splits.test, compute=compute, device=device)
    entry["digest"] = hashlib.sha256((entry["model"] + _pixel_digest(guessed["test"])).encode()).hexdigest()
    return entry, guessed["test"]


def _curve(
    path: str, network: nn.Module, test: Labelled, *, compute: Compute, device: torch.device
) -> list[dict[str, Any]] | None:
    """Test metrics of every evaluation, for studies without validation images; else None."""
    tensors, metadata = load_tensors(path)
    curve = []
    for step in json.loads(metadata["steps"]):
        network.load_state_dict(
            {name.removeprefix(f"{step}/"): w for name, w in tensors.items() if name.startswith(f"{step}/")}
        )
        guessed = probabilities(network, test.images, compute=compute, device=device)
        curve.append({"step": step, **summary(test.labels.numpy(), guessed)})
    return curve or None
