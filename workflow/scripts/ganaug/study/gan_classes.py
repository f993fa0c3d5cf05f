"""GAN-test and GAN-train by class: Shmelkov et al. (2018), "How good is my GAN?", section 3.

GAN-test is the accuracy on samples of a classifier trained on real images; GAN-train is how well one that is trained on
samples alone does on real test images, here as an arm without real images was scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Protocol

from ganaug.arms import Arm
from ganaug.study.scores import Scores
from ganaug.study.statistics import Sample, describe
from ganaug.study.tables import DASH, Grid, Row, plus_minus

REAL = "real"
NUMBERS = ("gan_test", "real_validation", "gan_train_recall", "gan_train_f1", "real_recall", "real_f1")
NAMES = ("gan", "snapshot", "truncation", "mix", "class", "arm", "classifier")
CLASS_FIELDS = (*NAMES, *(f"{name}_{part}" for name in NUMBERS for part in ("n", "mean", "std")))
TITLES = {
    "gan_test": "GAN-test",
    "real_validation": "of real validation images",
    "gan_train_recall": "GAN-train: recall",
    "real_recall": "trained on real: recall",
    "gan_train_f1": "GAN-train: F1",
    "real_f1": "trained on real: F1",
}


class Drawn(Protocol):
    """A set of samples; see `ganaug.study.gans.Line`."""

    @property
    def gan(self) -> str: ...
    @property
    def snap(self) -> str: ...
    @property
    def truncation(self) -> float | None: ...
    @property
    def mix(self) -> int: ...
    @property
    def per_class(self) -> Mapping[str, Sequence[float]]: ...


def class_rows(lines: Sequence[Drawn], *, scores: Scores, arms: Mapping[str, Arm], classifier: str) -> list[Row]:
    """A row a set of samples, class, and arm that is trained on such samples alone.

    A set that no such arm draws has rows without an arm, and an arm whose samples were not measured (those of a best
    snapshot, or of several GANs) rows without GAN-test. What real images get stands beside each: on validation images
    the classifier that judged the samples, on test images the arm ``real``.

    Args:
        lines: the sets of samples.
        scores: of all cells.
        arms: by name; those without real images, classic images and duplicates count.
        classifier: the one that judged the samples.
    """
    alone = {name: arm for name, arm in arms.items() if arm.generated and _is_synthetic(arm)}
    learnt: dict[tuple[object, ...], list[str]] = {}
    for name, arm in alone.items():
        learnt.setdefault(_key(arm), []).append(name)
    rows = []
    for line in lines:
        key: tuple[object, ...] = (line.gan, line.snap, line.truncation, line.mix)
        rows += list(_rows(key, line.per_class, learnt.pop(key, []), scores, classifier))
    for key, names in learnt.items():
        rows += list(_rows(key, {}, names, scores, classifier))
    return rows


def known_real(scores: Scores, classifier: str) -> Sample:
    """Validation accuracy of the arm ``real``: what GAN-test would be for real images that nobody trained on."""
    return describe(list(scores.by_repeat(REAL, classifier, "validation", "accuracy").values()))


def class_grid(rows: Sequence[Row]) -> Grid:
    """The rows as text, its header first."""
    grid = [["GAN", "snapshot", "class", "arm", "classifier", *TITLES.values()]]
    for row in rows:
        names = [row["gan"], row["snapshot"], row["class"], row["arm"] or DASH, row["classifier"] or DASH]
        grid.append([*names, *(plus_minus(describe(row[name]["values"])) for name in TITLES)])
    return grid


def flat_class(row: Row) -> Row:
    """A row as CSV holds it."""
    flat = {name: "" if row[name] is None else row[name] for name in NAMES}
    for name in NUMBERS:
        flat |= {f"{name}_{part}": row[name][part] for part in ("n", "mean", "std")}
    return flat


def _is_synthetic(arm: Arm) -> bool:
    return not (arm.real or arm.classic or arm.duplicate)


def _key(arm: Arm) -> tuple[object, ...]:
    if len(arm.generated) > 1:
        return " + ".join(part.name for part in arm.generated), "several", None, 1
    [part] = arm.generated
    return part.name, part.snap, part.truncation, part.mix or 1


def _rows(
    key: tuple[object, ...],
    tested: Mapping[str, Sequence[float]],
    names: Sequence[str],
    scores: Scores,
    classifier: str,
) -> Iterator[Row]:
    classifiers = list(dict.fromkeys(cell.classifier for cell in scores.cells))
    pairs: list[tuple[str | None, str | None]] = [(name, one) for name in names for one in classifiers]
    for label in scores.classes:
        for arm, learner in pairs or ([(None, None)] if tested else []):
            samples = {
                "gan_test": describe(list(tested.get(label, ()))),
                "real_validation": _over(scores, REAL, classifier, "validation", label, "recall"),
                "gan_train_recall": _over(scores, arm, learner, "test", label, "recall"),
                "gan_train_f1": _over(scores, arm, learner, "test", label, "f1"),
                "real_recall": _over(scores, REAL, learner, "test", label, "recall"),
                "real_f1": _over(scores, REAL, learner, "test", label, "f1"),
            }
            named = dict(zip(NAMES, (*key, label, arm, learner), strict=True))
            yield {**named, **{name: asdict(sample) for name, sample in samples.items()}}


def _over(scores: Scores, arm: str | None, classifier: str | None, split: str, label: str, metric: str) -> Sample:
    """A metric of one class over repeats, fits averaged first."""
    if arm is None or classifier is None:
        return describe([])
    repeats: dict[int, list[float]] = {}
    for cell in scores.of(arm, classifier):
        if split in cell.splits and label in cell.splits[split].per_class:
            repeats.setdefault(cell.repeat, []).append(getattr(cell.splits[split].per_class[label], metric))
    return describe([fmean(fits) for fits in repeats.values()])
