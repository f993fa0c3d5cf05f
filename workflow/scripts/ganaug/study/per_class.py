"""Which classes an arm helps and which it harms: recall and F1 of each class, paired with `real` over repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from ganaug.config import Study
from ganaug.io import write_csv, write_text
from ganaug.study.decision import ALPHA
from ganaug.study.scores import Scores, read_scores
from ganaug.study.statistics import Sample, describe, t_interval
from ganaug.study.tables import DASH, Grid, Row, latex, markdown
from ganaug.study.verdict import REAL, points

METRICS = ("recall", "f1")
TITLES = {"recall": "recall", "f1": "F1"}
FIELDS = (
    *("arm", "classifier", "class", "n", "images"),
    *(f"{metric}_{part}" for metric in METRICS for part in ("gain", "std", "low", "high")),
)
STEM = "per_class_gains"


@dataclass(frozen=True)
class Gain:
    """What an arm changes in one metric of one class: the paired differences, and the 95% interval of their mean.

    The interval is Student's t over repeats, on its own: it is not adjusted for how many classes there are.
    """

    sample: Sample
    low: float | None
    high: float | None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class ClassGain:
    """An arm minus ``real`` for one classifier and class; ``images`` is the mean number of its test images."""

    arm: str
    classifier: str
    name: str
    images: float | None
    gains: Mapping[str, Gain]


def class_gains(scores: Scores, study: Study) -> list[ClassGain]:
    """Every arm but ``real``, classifier and class: the difference in recall and F1 on the test set.

    Pairs are made within a repeat and fit, then averaged over the fits; a pair with a failed cell is left out.
    """
    return [
        _class_gain(scores, arm, classifier, name)
        for classifier in study.classifiers
        for arm in study.arms
        if arm != REAL
        for name in scores.classes
    ]


def _class_gain(scores: Scores, arm: str, classifier: str, name: str) -> ClassGain:
    ours, theirs = (
        {
            (cell.repeat, cell.fit): cell.splits["test"].per_class[name]
            for cell in scores.of(which, classifier)
            if "test" in cell.splits and name in cell.splits["test"].per_class
        }
        for which in (arm, REAL)
    )
    both = sorted(ours.keys() & theirs.keys())
    gains = {}
    for metric in METRICS:
        found: dict[int, list[float]] = {}
        for repeat, fit in both:
            difference = getattr(ours[repeat, fit], metric) - getattr(theirs[repeat, fit], metric)
            found.setdefault(repeat, []).append(difference)
        values = [fmean(fits) for fits in found.values()]
        interval = t_interval(values, ALPHA)
        gains[metric] = Gain(describe(values), interval and interval[0], interval and interval[1])
    images = fmean(ours[pair].n for pair in both) if both else None
    return ClassGain(arm=arm, classifier=classifier, name=name, images=images, gains=gains)


def tabulate_gains(paths: Sequence[Path], *, study: Study, tables: Path) -> None:
    """Write ``per_class_gains.csv``, ``.md`` and ``.tex`` into the folder ``tables``.

    Args:
        paths: the score files.
        study: which arms and classifiers, in which order.

    Raises:
        UserError: there are no score files.
    """
    gains = class_gains(read_scores(paths), study)
    write_csv(tables / f"{STEM}.csv", FIELDS, map(gain_row, gains))
    grid = gain_grid(gains)
    write_text(tables / f"{STEM}.md", markdown(grid))
    write_text(tables / f"{STEM}.tex", latex(grid))


def gain_row(one: ClassGain) -> Row:
    """A class as one flat row, in units of recall and F1 (0.01 is a point)."""
    row: Row = {
        "arm": one.arm,
        "classifier": one.classifier,
        "class": one.name,
        "n": one.gains["recall"].sample.n,
        "images": one.images,
    }
    for metric, gain in one.gains.items():
        row[f"{metric}_gain"], row[f"{metric}_std"] = gain.sample.mean, gain.sample.std
        row[f"{metric}_low"], row[f"{metric}_high"] = gain.low, gain.high
    return row


def gain_grid(gains: Sequence[ClassGain]) -> Grid:
    """The classes as text, the header first, differences in percentage points."""
    heads = [head for title in TITLES.values() for head in (f"{title} gain", "95% interval, not adjusted")]
    grid = [["arm", "classifier", "class", "n", *heads]]
    for one in gains:
        cells = [text for gain in one.gains.values() for text in told(gain)]
        grid.append([one.arm, one.classifier, one.name, str(one.gains["recall"].sample.n), *cells])
    return grid


def told(gain: Gain) -> tuple[str, str]:
    """A gain and its interval in percentage points, or dashes."""
    mean = DASH if gain.sample.mean is None else points(gain.sample.mean)
    return mean, DASH if gain.low is None or gain.high is None else f"{points(gain.low)} to {points(gain.high)}"


def facts(rows: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """What the report says of the rows of ``per_class_gains.csv``: by arm and classifier a sentence, and its classes.

    Classes are in the order of their gain in recall, the most helped first; one without scores comes last.
    """
    groups: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for row in rows:
        groups.setdefault((row["classifier"], row["arm"]), []).append(row)
    found = []
    for (classifier, arm), own in groups.items():
        known = sorted((row for row in own if row["recall_gain"]), key=lambda row: -float(row["recall_gain"]))
        lines = [
            {"class": row["class"], "n": row["n"], **{metric: _read(row, metric) for metric in METRICS}}
            for row in [*known, *(row for row in own if not row["recall_gain"])]
        ]
        found.append({"arm": arm, "classifier": classifier, "told": sentence(known), "lines": lines})
    return found


def _read(row: Mapping[str, str], metric: str) -> tuple[str, str]:
    numbers = [float(text) if (text := row[f"{metric}_{part}"]) else None for part in ("gain", "low", "high")]
    mean, low, high = numbers
    values = () if mean is None else (mean,)
    return told(Gain(describe(values), low, high))


def sentence(rows: Sequence[Mapping[str, str]]) -> str:
    """The class with the largest gain in recall and the one with the largest loss, in words that are no verdicts.

    An interval of no width, as a few equal differences have, counts for nothing.

    Args:
        rows: of one arm and classifier, those with scores, the largest gain in recall first.
    """
    if not rows:
        return "no class has scores of it and of real."
    best, worst = rows[0], rows[-1]
    gain = f"largest gain: {_named(best)}" if float(best["recall_gain"]) > 0 else "no class gains"
    loss = f"largest loss: {_named(worst)}" if float(worst["recall_gain"]) < 0 else "none loses"
    sure = [row for row in rows if row["recall_low"] and float(row["recall_std"]) > 0]
    clear = sum(float(row["recall_low"]) > 0 or float(row["recall_high"]) < 0 for row in sure)
    told = f"{clear} of {len(sure)} intervals leave{'s' if clear == 1 else ''} out 0" if sure else "no interval yet"
    return f"{gain}; {loss}; {told}."


def _named(row: Mapping[str, str]) -> str:
    return f"class {row['class']} ({points(float(row['recall_gain']))} points of recall)"
