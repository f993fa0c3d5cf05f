"""The tables of a study as CSV, Markdown and LaTeX, and its summary as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

from ganaug.arms import Arm
from ganaug.config import Data, Study
from ganaug.errors import UserError
from ganaug.io import read_json, write_csv, write_json, write_text
from ganaug.records import origins
from ganaug.study.beside import BESIDE_FIELDS, accuracy_interval, beside
from ganaug.study.listing import DASH as DASH
from ganaug.study.listing import text_grid
from ganaug.study.proportions import too_coarse
from ganaug.study.scores import METRICS, SPLITS, ClassMetrics, Scores, read_scores
from ganaug.study.statistics import Sample, describe
from ganaug.study.verdict import MINUS, Comparison, Findings, apart, compare, headline, points

TITLES = {
    "loss": "test loss",
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "roc_auc": "ROC-AUC",
}
CELL_FIELDS = (
    *("arm", "classifier", "repeat", "fit", "state", "reason"),
    *("selected_step", "train_images", "test_accuracy", "digest"),
)
COMPARISON_FIELDS = (
    *("arm", "reference", "classifier", "control", "n", "dropped", "difference", "std"),
    *("low", "high", "level", "p", "p_adjusted", "verdict", "repeats_needed"),
    *BESIDE_FIELDS,
)
COMPARISON_TITLES = {
    "arm": "arm",
    "reference": "against",
    "classifier": "classifier",
    "n": "n",
    "dropped": "dropped",
    "difference": "difference",
    "interval": "interval",
    "p_adjusted": "p adjusted",
    "verdict": "verdict",
    "repeats_needed": "repeats needed",
    "bootstrap": "bootstrap-t interval",
    "p_better": "P(better)",
    "p_equivalent": "P(equivalent)",
    "p_worse": "P(worse)",
    "improvement": "P(improvement)",
}
CLASS_METRICS = ("precision", "recall", "f1", "roc_auc")
PER_CLASS_FIELDS = (
    *("arm", "classifier", "split", "class", "n", "images"),
    *(f"{metric}_{number}" for metric in CLASS_METRICS for number in ("mean", "std")),
)

Row = dict[str, Any]
Grid = list[list[str]]


def tabulate(
    paths: Sequence[Path],
    *,
    study: Study,
    arms: Mapping[str, Arm],
    data: Data,
    gan_records: Sequence[Path],
    seed: int,
    code: str,
    tables: Path,
    summary: Path,
) -> None:
    """Read score files and write every table into the folder ``tables``, and ``summary``.

    It writes metrics, comparisons, cells and per_class, each as ``.csv``, ``.md`` and ``.tex``, and
    ``metrics.json`` with the few numbers that `dvc metrics` shows. Of the cells of a grid the summary alone tells.

    Args:
        paths: the score files.
        study, arms, data, code: sections of the config, and the digest of the code.
        gan_records: of GANs, ``.../{gan}/r{r}/j{j}/status.json``: one that diverged is told, whoever uses it.
        seed: the root of all randomness.
        tables, summary: the outputs.

    Raises:
        UserError: there are no score files, or not of this study.
    """
    scores = read_scores(paths)
    if strange := sorted({cell.arm for cell in scores.cells} - set(arms)):
        raise UserError(
            f"scores: the arm {strange[0]!r} is not in the config; run snakemake so that they are scored anew"
        )
    findings = compare(scores, study=study, arms=arms)

    metrics = metric_rows(scores, study)
    write_csv(tables / "metrics.csv", list(metrics[0]), metrics)
    _write_both(tables / "metrics", metric_grid(scores, study))
    write_json(tables / "metrics.json", key_metrics(metrics, findings))
    rows = [
        {**comparison_row(comparison), **beside(comparison, rope=study.rope, seed=seed)}
        for comparison in findings.comparisons
    ]
    write_csv(tables / "comparisons.csv", COMPARISON_FIELDS, rows)
    _write_both(tables / "comparisons", comparison_grid(rows))
    for name, fields, listed in (
        ("cells", CELL_FIELDS, [row for row in cell_rows(scores) if row["arm"] in study.arms]),
        ("per_class", PER_CLASS_FIELDS, per_class_rows(scores, study)),
    ):
        write_csv(tables / f"{name}.csv", fields, listed)
        _write_both(tables / name, text_grid(fields, listed))
    made_from = origins(inputs=map(str, paths), config=asdict(study), code=code, seeds={})
    numbers = summarise(scores, findings, rows, study=study, arms=arms, data=data)
    write_json(summary, {**numbers, "failed_gans": failed_gans(gan_records), "made_from": made_from.as_dict()})


def metric_rows(scores: Scores, study: Study) -> list[Row]:
    """A row an arm and classifier: mean and standard deviation over repeats of every metric on every split.

    The last two are `accuracy_interval` of the test accuracy.
    """
    rows = []
    for arm, classifier in _pairs(study):
        row: Row = {"arm": arm, "classifier": classifier, **_counts(scores, arm, classifier)}
        for split in SPLITS:
            for metric in METRICS:
                sample = _sample(scores, arm, classifier, split, metric)
                row[f"{split}_{metric}_mean"] = sample.mean
                row[f"{split}_{metric}_std"] = sample.std
        interval = accuracy_interval(row["test_accuracy_mean"], scores) or (None, None)
        row["test_accuracy_wilson_low"], row["test_accuracy_wilson_high"] = interval
        rows.append(row)
    return rows


def metric_grid(scores: Scores, study: Study) -> Grid:
    """The main table as text, its header first: test metrics as ``0.912 ± 0.010``."""
    grid = [["arm", "classifier", "n", "failed", *TITLES.values()]]
    for arm, classifier in _pairs(study):
        counts = _counts(scores, arm, classifier)
        cells = [plus_minus(_sample(scores, arm, classifier, "test", metric)) for metric in METRICS]
        grid.append([arm, classifier, str(counts["n"]), str(counts["failed"]), *cells])
    return grid


def key_metrics(rows: Sequence[Row], findings: Findings) -> dict[str, dict[str, Row]]:
    """Of each classifier and arm the mean test accuracy, and the verdicts by the arm it is compared with."""
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        found.setdefault(row["classifier"], {})[row["arm"]] = {"accuracy": row["test_accuracy_mean"]}
    for comparison in findings.comparisons:
        verdict = comparison.decision.verdict
        found[comparison.classifier][comparison.arm][f"against_{comparison.reference}"] = verdict
    return found


def comparison_row(comparison: Comparison) -> Row:
    """A comparison as one flat row, in units of accuracy."""
    decision = comparison.decision
    return {
        "arm": comparison.arm,
        "reference": comparison.reference,
        "classifier": comparison.classifier,
        "control": comparison.control,
        "n": decision.sample.n,
        "dropped": comparison.dropped,
        "difference": decision.sample.mean,
        "std": decision.sample.std,
        "low": decision.low,
        "high": decision.high,
        "level": decision.level,
        "p": decision.p,
        "p_adjusted": decision.p_adjusted,
        "verdict": decision.verdict,
        "repeats_needed": decision.repeats_needed,
    }


def comparison_grid(rows: Sequence[Row]) -> Grid:
    """The comparisons (see `COMPARISON_FIELDS`) as text, its header first, differences in percentage points."""

    def told(row: Row, key: str) -> str:
        if key == "interval":
            return _interval(row["low"], row["high"])
        if key == "bootstrap":
            return _interval(row["boot_low"], row["boot_high"])
        if row[key] is None:
            return DASH
        if key == "difference":
            return points(row[key])
        return f"{row[key]:.3g}" if isinstance(row[key], float) else str(row[key])

    return [list(COMPARISON_TITLES.values()), *([told(row, key) for key in COMPARISON_TITLES] for row in rows)]


def _interval(low: float | None, high: float | None) -> str:
    return DASH if low is None or high is None else f"{points(low)} to {points(high)}"


def cell_rows(scores: Scores) -> list[Row]:
    """A row a cell, failed ones with their reason."""
    return [{field: getattr(cell, field) for field in CELL_FIELDS} for cell in scores.cells]


def per_class_rows(scores: Scores, study: Study) -> list[Row]:
    """A row an arm, classifier, split and class: its images, and its metrics over repeats."""
    rows = []
    for arm, classifier in _pairs(study):
        for split in SPLITS:
            for name in scores.classes:
                repeats: dict[int, list[ClassMetrics]] = {}
                for cell in scores.of(arm, classifier):
                    if split in cell.splits and name in cell.splits[split].per_class:
                        repeats.setdefault(cell.repeat, []).append(cell.splits[split].per_class[name])
                rows.append(_class_row(arm, classifier, split, name, repeats))
    return rows


def _class_row(arm: str, classifier: str, split: str, name: str, repeats: Mapping[int, list[ClassMetrics]]) -> Row:
    row: Row = {"arm": arm, "classifier": classifier, "split": split, "class": name, "n": len(repeats)}
    row["images"] = fmean(fits[0].n for fits in repeats.values()) if repeats else None
    for metric in CLASS_METRICS:
        known = [[value for fit in fits if (value := getattr(fit, metric)) is not None] for fits in repeats.values()]
        sample = describe([fmean(values) for values in known if values])
        row[f"{metric}_mean"], row[f"{metric}_std"] = sample.mean, sample.std
    return row


def failed_gans(records: Sequence[Path]) -> list[Row]:
    """The GANs that diverged: their name, repeat, and which class at which step.

    Samples of a snapshot that was taken before are used all the same.
    """
    rows = []
    for path in records:
        reason = read_json(path)["reason"]
        if reason:
            gan, repeat = path.parts[-4:-2]
            rows.append({"gan": gan, "repeat": int(repeat.removeprefix("r")), "reason": reason})
    return rows


def summarise(
    scores: Scores,
    findings: Findings,
    rows: Sequence[Row],
    *,
    study: Study,
    arms: Mapping[str, Arm],
    data: Data,
) -> dict[str, Any]:
    """Everything the report says in numbers: each with its n, mean, standard deviation and raw list.

    Args:
        scores, findings: what the study found.
        rows: of each comparison of ``findings`` the row of the table.
        study, arms, data: sections of the config.
    """
    numbers: dict[str, dict[str, Any]] = {}
    for arm, classifier in _pairs(study):
        entry: dict[str, Any] = _counts(scores, arm, classifier)
        for split in SPLITS:
            entry[split] = {metric: _numbers(_sample(scores, arm, classifier, split, metric)) for metric in METRICS}
        accuracy = entry["test"]["accuracy"]
        accuracy["wilson"] = accuracy_interval(accuracy["mean"], scores)
        numbers.setdefault(arm, {})[classifier] = entry
    comparisons: dict[str, dict[str, dict[str, Any]]] = {}
    for comparison, row in zip(findings.comparisons, rows, strict=True):
        told = {key: value for key, value in row.items() if key not in ("arm", "reference", "classifier", "difference")}
        entry = {**_numbers(comparison.decision.sample), **told}
        comparisons.setdefault(comparison.classifier, {}).setdefault(comparison.arm, {})[comparison.reference] = entry
    said = headline(scores, findings, study=study, arms=arms, data=data)
    return {
        "experiment": scores.experiment,
        "headline": str(said),
        "answers": list(said.answers),
        "conditions": list(said.conditions),
        "budget": {
            "steps": study.steps,
            "epochs": study.epochs,
            "select": study.select,
            "eval_every": study.eval_every,
        },
        "repeats": {"planned": study.repeats, "scored": len(scores.repeats), "fits": study.fits},
        "test_sets": {
            "number": len(set(scores.parts)),
            "apart": apart(scores, data),
            "smallest": min(scores.test_images),
            "too_coarse": too_coarse(min(scores.test_images), study.rope),
            "images": fmean(scores.test_images),
            "conditional": scores.conditional,
        },
        "rope": study.rope,
        "settings": {
            "data": asdict(data),
            "study": asdict(study),
            "arms": {name: asdict(arms[name]) for name in study.arms},
        },
        "leaky": data.leaky,
        "validation": data.validation,
        "classes": list(scores.classes),
        "failed": sum(not cell.ok for cell in scores.cells),
        "best_classic": {name: asdict(best) for name, best in findings.best_classic.items()},
        "arms": numbers,
        "comparisons": comparisons,
        "cells": cell_rows(scores),
    }


def _numbers(sample: Sample) -> dict[str, Any]:
    return {"n": sample.n, "mean": sample.mean, "std": sample.std, "raw": list(sample.values)}


def _pairs(study: Study) -> list[tuple[str, str]]:
    return [(arm, classifier) for classifier in study.classifiers for arm in study.arms]


def _counts(scores: Scores, arm: str, classifier: str) -> Row:
    cells = scores.of(arm, classifier)
    return {
        "n": len({cell.repeat for cell in cells if cell.ok}),
        "failed": sum(not cell.ok for cell in cells),
        "train_images": next((cell.train_images for cell in cells if cell.ok), None),
    }


def _sample(scores: Scores, arm: str, classifier: str, split: str, metric: str) -> Sample:
    return describe(list(scores.by_repeat(arm, classifier, split, metric).values()))


def plus_minus(sample: Sample) -> str:
    """A mean with its standard deviation, ``0.912 ± 0.010``; a dash where there is none."""
    if sample.mean is None:
        return DASH
    return f"{sample.mean:z.3f}" if sample.std is None else f"{sample.mean:z.3f} ± {sample.std:.3f}"


def _write_both(stem: Path, grid: Grid) -> None:
    write_text(stem.with_suffix(".md"), markdown(grid))
    write_text(stem.with_suffix(".tex"), latex(grid))


def markdown(grid: Grid) -> str:
    """A table in GitHub's Markdown; the first row is the header."""
    head, *body = [[_escape_markdown(text) for text in row] for row in grid]
    rows = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def latex(grid: Grid) -> str:
    """A LaTeX ``tabular`` with booktabs rules; the first row is the header."""
    head, *body = [" & ".join(_escape_latex(text) for text in row) + r" \\" for row in grid]
    lines = [
        r"% \usepackage{booktabs}",
        rf"\begin{{tabular}}{{{'l' * len(grid[0])}}}",
        r"\toprule",
        head,
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _escape_markdown(text: str) -> str:
    escaped = "".join(f"\\{character}" if character in "\\|`*_[]<>#~" else character for character in text)
    return " ".join(escaped.split())


_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    MINUS: "$-$",
    DASH: "--",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def _escape_latex(text: str) -> str:
    return " ".join("".join(_LATEX.get(character, character) for character in text).split())
