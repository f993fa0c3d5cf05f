"""A synthetic study: score files, histories and a data report with numbers that can be checked by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ganaug.arms import Arm, ClassicArm, DuplicateArm, GanArm
from ganaug.config import Data, Study, TestSplit

CLASSES = ("cat", "dog")
GAINS = {
    "real": (0.0,) * 6,
    "duplicate": (0.001, -0.001, 0.002, -0.002, 0.0, 0.0),
    "classic": (0.010, 0.012, 0.014, 0.016, 0.018, 0.020),
    "gan": (0.04, 0.05, 0.06, 0.04, 0.05, 0.06),
    "mixed": (-0.02, 0.03, -0.01, 0.04, 0.0, 0.02),
    "synthetic": (-0.20, -0.21, -0.22, -0.20, -0.21, -0.22),
}
REAL = (0.80, 0.82, 0.78, 0.81, 0.79, 0.80)
ARMS = {
    "real": Arm(),
    "duplicate": Arm(duplicate=DuplicateArm(match="gan")),
    "classic": Arm(classic=ClassicArm(ratio=5)),
    "gan": Arm(gan=GanArm(name="dcgan", ratio=5)),
    "mixed": Arm(classic=ClassicArm(ratio=2.5), gan=GanArm(name="dcgan", ratio=2.5)),
    "synthetic": Arm(real=False, gan=GanArm(name="dcgan", ratio=5)),
}


def make_study(
    *,
    arms: Sequence[str] = tuple(GAINS),
    classifiers: Sequence[str] = ("lenet5",),
    repeats: int = 6,
    epochs: int | None = None,
    settle: int | None = None,
) -> Study:
    """The study section of a config."""
    return Study(
        arms=tuple(arms),
        gans=(),
        classifiers=tuple(classifiers),
        repeats=repeats,
        fits=1,
        steps=None if epochs else 600,
        epochs=epochs,
        eval_every=50,
        select="best",
        rope=0.005,
        settle=settle,
    )


def make_data(*, validation: int = 10, leaky: bool = False) -> Data:
    """The data section of a config."""
    return Data(
        source="digits",
        path=None,
        mirror=None,
        sha256=None,
        attribute=None,
        labels=None,
        image_size=16,
        channels=1,
        resize="stretch",
        background="white",
        groups=None,
        test=TestSplit(method="hash", fraction=0.5, folds=None),
        per_class=20,
        imbalance=None,
        validation=validation,
        on_bad="fail",
        near_duplicates="report",
        near_bits=6,
        leaky=leaky,
    )


def metrics(accuracy: float, classes: Sequence[str] = CLASSES, *, each: int = 1000) -> dict[str, Any]:
    """Metrics of ``each`` images a class, all errors in the next class: recall is the accuracy in every class."""
    right = round(each * accuracy)
    n = len(classes)
    one = {"n": each, "precision": accuracy, "recall": accuracy, "f1": accuracy, "roc_auc": accuracy}
    confusion = [[right * (i == j) + (each - right) * ((i + 1) % n == j) for j in range(n)] for i in range(n)]
    return {
        "n": each * n,
        "loss": round(2 * (1 - accuracy), 6),
        "accuracy": accuracy,
        "precision": accuracy,
        "recall": accuracy,
        "f1": accuracy,
        "roc_auc": accuracy,
        "per_class": {name: dict(one) for name in classes},
        "confusion": confusion,
    }


def cell(
    arm: str,
    accuracy: float | None,
    *,
    classifier: str = "lenet5",
    fit: int = 0,
    classes: Sequence[str] = CLASSES,
    validation: float | None = 0.5,
    curve: list[dict[str, float]] | None = None,
) -> dict[str, Any]:
    """One cell of a score file; ``accuracy`` None is a cell that diverged, ``validation`` None has no such set."""
    splits = None
    if accuracy is not None:
        splits = {
            "train": metrics(0.99, classes, each=20 if arm == "real" else 120),
            "validation": None if validation is None else metrics(validation, classes),
            "test": metrics(accuracy, classes),
        }
    return {
        "arm": arm,
        "classifier": classifier,
        "fit": fit,
        "state": "ok" if splits else "diverged",
        "reason": None if splits else "loss is NaN at step 120",
        "selected_step": 450 if splits else None,
        "train_images": 20 * len(classes) * (1 if arm == "real" else 6),
        "splits": splits,
        "curve": curve,
        "digest": "ab" * 32 if splits else None,
    }


def score_file(repeat: int, cells: Sequence[Mapping[str, Any]], *, classes: Sequence[str] = CLASSES) -> dict[str, Any]:
    """A score file around its cells."""
    return {
        "experiment": "toy",
        "repeat": repeat,
        "part": 0,
        "classes": list(classes),
        "test_images": 1000 * len(classes),
        "conditional_on_test_set": True,
        "cells": list(cells),
    }


def full_study(arms: Sequence[str] = tuple(GAINS), repeats: int = 6) -> list[dict[str, Any]]:
    """Score files of the whole study: the arm's gain over ``real`` in repeat r is ``GAINS[arm][r]``."""
    return [score_file(r, [cell(arm, round(REAL[r] + GAINS[arm][r], 6)) for arm in arms]) for r in range(repeats)]


Write = Callable[[Sequence[Mapping[str, Any]]], list[Path]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write score files and return their paths."""

    def to_disk(files: Sequence[Mapping[str, Any]]) -> list[Path]:
        paths = [tmp_path / "scores" / f"r{file['repeat']}.json" for file in files]
        for path, file in zip(paths, files, strict=True):
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(file))
        return paths

    return to_disk


def data_report(classes: Sequence[str] = CLASSES) -> dict[str, Any]:
    """What the data stage reports."""
    near = {
        "policy": "report",
        "bits": 4,
        "count": 1,
        "dropped": 0,
        "exact": 0,
        "pairs": [[f"{classes[0]}/1.png", f"{classes[0]}/2.png", 3]],
    }
    counts = dict.fromkeys(classes, 100)
    part = {"part": 0, "dev": counts, "test": counts, "groups": {"dev": 200, "test": 200}, "near_duplicates": near}
    return {
        "classes": list(classes),
        "image_size": 16,
        "channels": 1,
        "resize": "Lanczos",
        "skipped": [],
        "parts": [part],
        "digests": {"data/p0/dev/images.npy": "cd" * 32},
    }
