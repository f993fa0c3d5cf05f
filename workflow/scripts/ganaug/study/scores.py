"""The score files of a study as typed values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from ganaug.errors import UserError
from ganaug.io import read_json

SPLITS = ("train", "validation", "test")
METRICS = ("loss", "accuracy", "precision", "recall", "f1", "roc_auc")


@dataclass(frozen=True)
class ClassMetrics:
    """One class against the rest: its number of images, and metrics in [0, 1]. ``roc_auc`` is None where undefined."""

    n: int
    precision: float
    recall: float
    f1: float
    roc_auc: float | None


@dataclass(frozen=True)
class Metrics:
    """A classifier on one split: cross-entropy loss, accuracy and macro averages in [0, 1].

    ``confusion`` counts images, rows true class, columns predicted class, in the order of `Scores.classes`.
    """

    n: int
    loss: float
    accuracy: float
    precision: float
    recall: float
    f1: float
    roc_auc: float | None
    per_class: Mapping[str, ClassMetrics]
    confusion: tuple[tuple[int, ...], ...]

    def value(self, metric: str) -> float | None:
        """The number behind a name of `METRICS`."""
        number: float | None = getattr(self, metric)
        return number


@dataclass(frozen=True)
class Cell:
    """One classifier trained on one arm in one repeat and fit; ``splits`` is empty unless ``state`` is ``ok``.

    ``curve`` holds test metrics of snapshots, which exist only where there is no validation set.
    """

    arm: str
    classifier: str
    repeat: int
    fit: int
    state: str
    reason: str | None
    selected_step: int | None
    train_images: int | None
    splits: Mapping[str, Metrics]
    curve: tuple[Mapping[str, float], ...]
    digest: str | None

    @property
    def ok(self) -> bool:
        """Whether the cell has scores."""
        return self.state == "ok"

    @property
    def test_accuracy(self) -> float | None:
        """Accuracy on the test set; None for a failed cell."""
        return self.splits["test"].accuracy if "test" in self.splits else None


@dataclass(frozen=True)
class Scores:
    """Every cell of a study that has been scored, ordered by repeat.

    Attributes:
        experiment: its name.
        classes: sorted class names.
        repeats: the repeats there are scores of.
        parts: the development/test division of each repeat.
        conditional: whether all repeats share one test set.
        test_images: size of each repeat's test set.
        cells: the cells, failed ones included.
    """

    experiment: str
    classes: tuple[str, ...]
    repeats: tuple[int, ...]
    parts: tuple[int, ...]
    conditional: bool
    test_images: tuple[int, ...]
    cells: tuple[Cell, ...]

    def of(self, arm: str, classifier: str) -> list[Cell]:
        """The cells of one arm and classifier."""
        return [cell for cell in self.cells if (cell.arm, cell.classifier) == (arm, classifier)]

    def by_repeat(self, arm: str, classifier: str, split: str, metric: str) -> dict[int, float]:
        """A metric by repeat, fits averaged: the repeat is the unit of the study. Failed cells are left out."""
        fits: dict[int, list[float]] = {}
        for cell in self.of(arm, classifier):
            value = cell.splits[split].value(metric) if split in cell.splits else None
            if value is not None:
                fits.setdefault(cell.repeat, []).append(value)
        return {repeat: fmean(values) for repeat, values in fits.items()}

    def paired(self, arm: str, reference: str, classifier: str) -> tuple[dict[int, float], int]:
        """Test accuracy of ``arm`` minus ``reference`` by repeat, and how many (repeat, fit) pairs had to be dropped.

        Pairs are made within a repeat and fit, then averaged over the fits. A pair with a failed cell is dropped.
        """
        ours = {(cell.repeat, cell.fit): cell for cell in self.of(arm, classifier)}
        theirs = {(cell.repeat, cell.fit): cell for cell in self.of(reference, classifier)}
        differences: dict[int, list[float]] = {}
        dropped = 0
        for repeat, fit in sorted(ours.keys() & theirs.keys()):
            one, other = ours[repeat, fit], theirs[repeat, fit]
            if one.ok and other.ok:
                gain = one.splits["test"].accuracy - other.splits["test"].accuracy
                differences.setdefault(repeat, []).append(gain)
            else:
                dropped += 1
        return {repeat: fmean(values) for repeat, values in differences.items()}, dropped


def read_scores(paths: Sequence[Path]) -> Scores:
    """Read the score files of one experiment, one a repeat.

    Raises:
        UserError: there is none, one is not a score file, or they are not of one experiment.
    """
    if not paths:
        raise UserError("scores: there are none yet; run snakemake until the first repeat is scored")
    raws = sorted(((path, read_json(path)) for path in paths), key=lambda pair: _field(pair, "repeat"))
    first = raws[0]
    for pair in raws:
        for key in ("experiment", "classes"):
            if _field(pair, key) != _field(first, key):
                raise UserError(
                    f"{pair[0]}: its {key} differs from that of {first[0]}; tabulate one experiment at a time"
                )
    return Scores(
        experiment=first[1]["experiment"],
        classes=tuple(first[1]["classes"]),
        repeats=tuple(raw["repeat"] for _, raw in raws),
        parts=tuple(_field(pair, "part") for pair in raws),
        conditional=all(_field(pair, "conditional_on_test_set") for pair in raws),
        test_images=tuple(_field(pair, "test_images") for pair in raws),
        cells=tuple(cell for pair in raws for cell in _cells(pair)),
    )


def _field(pair: tuple[Path, Any], key: str) -> Any:
    path, raw = pair
    if not isinstance(raw, dict) or key not in raw:
        raise UserError(f"{path}: not a score file (it has no {key}); delete it and run again")
    return raw[key]


def _cells(pair: tuple[Path, Any]) -> list[Cell]:
    try:
        return [_cell(raw, pair[1]["repeat"]) for raw in _field(pair, "cells")]
    except (KeyError, TypeError) as error:
        raise UserError(f"{pair[0]}: a cell is not whole ({error}); delete the file and run again") from error


def _cell(raw: Mapping[str, Any], repeat: int) -> Cell:
    splits = {split: _metrics(values) for split, values in (raw["splits"] or {}).items() if values is not None}
    return Cell(
        arm=raw["arm"],
        classifier=raw["classifier"],
        repeat=repeat,
        fit=raw["fit"],
        state=raw["state"],
        reason=raw["reason"],
        selected_step=raw["selected_step"],
        train_images=raw["train_images"],
        splits=splits,
        curve=tuple(raw["curve"] or ()),
        digest=raw["digest"],
    )


def _metrics(raw: Mapping[str, Any]) -> Metrics:
    per_class = {
        name: ClassMetrics(
            n=one["n"], precision=one["precision"], recall=one["recall"], f1=one["f1"], roc_auc=one["roc_auc"]
        )
        for name, one in raw["per_class"].items()
    }
    return Metrics(
        n=raw["n"],
        loss=raw["loss"],
        accuracy=raw["accuracy"],
        precision=raw["precision"],
        recall=raw["recall"],
        f1=raw["f1"],
        roc_auc=raw["roc_auc"],
        per_class=per_class,
        confusion=tuple(tuple(row) for row in raw["confusion"]),
    )
