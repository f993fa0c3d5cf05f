"""Several experiments beside each other: verdicts, arms, and the settings that differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ganaug.errors import UserError
from ganaug.io import read_json, write_csv, write_text
from ganaug.study.compare_plots import draw_gains
from ganaug.study.page import base64_of, render_page
from ganaug.study.statistics import Sample
from ganaug.study.tables import DASH, Grid, Row, latex, markdown, plus_minus
from ganaug.study.verdict import REAL, points

FIELDS = (
    *("classifier", "arm", "experiment", "n", "failed", "accuracy", "accuracy_std"),
    *("gain", "gain_low", "gain_high", "level", "verdict"),
)
TITLES = ("classifier", "arm", "experiment", "n", "accuracy", "gain over real", "interval", "verdict")

Summary = Mapping[str, Any]


def write_comparison(summaries: Sequence[Path], *, page: Path) -> None:
    """Write ``page``, and beside it its table as ``.csv``, ``.md`` and ``.tex`` and its figure as PNG, SVG and PDF.

    Args:
        summaries: ``results/NAME/summary.json`` of every experiment; the records of its GANs and classifiers are read
            from the same folder where they are there.
        page: the HTML file.

    Raises:
        UserError: one of them is not a summary as this version writes it.
    """
    told = [read_summary(path) for path in summaries]
    rows = arm_rows(told)
    write_csv(page.with_suffix(".csv"), FIELDS, rows)
    grid = arm_grid(rows)
    write_text(page.with_suffix(".md"), markdown(grid))
    write_text(page.with_suffix(".tex"), latex(grid))
    draw_gains(rows, ropes=[one["rope"] for one in told], path=page.with_suffix(".png"))
    values = {
        "told": told,
        "names": [one["experiment"] for one in told],
        "arms": beside(rows, [one["experiment"] for one in told]),
        "several": len({row["classifier"] for row in rows}) > 1,
        "settings": differing([settings_of(one, path.parent) for one, path in zip(told, summaries, strict=True)]),
        "picture": {
            "name": "gains",
            "caption": "The gain of each arm over real, with the interval of its verdict; a marker an experiment.",
            "alt": f"Gains over real in percentage points. {spoken(rows)}",
            "png": base64_of(page.with_suffix(".png")),
        },
        "points": points,
    }
    write_text(page, render_page("compare.html.j2", values))


# What the page shows of each experiment.
NEEDED = {
    *("answers", "arms", "classes", "comparisons", "experiment", "failed"),
    *("leaky", "repeats", "rope", "settings", "test_sets"),
}


def read_summary(path: Path) -> Summary:
    """The summary of an experiment.

    Raises:
        UserError: it is not one, or an older version wrote it.
    """
    try:
        summary = read_json(path)
    except ValueError as error:
        raise UserError(f"{path}: not a summary ({error}); run snakemake for that experiment again") from error
    if not isinstance(summary, dict) or not summary.keys() >= NEEDED:
        raise UserError(f"{path}: an older version wrote it; run snakemake for that experiment again")
    return summary


def arm_rows(summaries: Sequence[Summary]) -> list[Row]:
    """A row a classifier, arm and experiment that has it, in units of accuracy; arms in the order they first come."""
    keys = dict.fromkeys(
        (classifier, arm) for one in summaries for arm, own in one["arms"].items() for classifier in own
    )
    classifiers = list(dict.fromkeys(classifier for classifier, _ in keys))
    ordered = sorted(keys, key=lambda key: classifiers.index(key[0]))
    return [
        _arm_row(one, classifier, arm)
        for classifier, arm in ordered
        for one in summaries
        if classifier in one["arms"].get(arm, {})
    ]


def _arm_row(summary: Summary, classifier: str, arm: str) -> Row:
    entry = summary["arms"][arm][classifier]
    against = summary["comparisons"].get(classifier, {}).get(arm, {}).get(REAL, {})
    return {
        "classifier": classifier,
        "arm": arm,
        "experiment": summary["experiment"],
        "n": entry["n"],
        "failed": entry["failed"],
        "accuracy": entry["test"]["accuracy"]["mean"],
        "accuracy_std": entry["test"]["accuracy"]["std"],
        "gain": against.get("mean"),
        "gain_low": against.get("low"),
        "gain_high": against.get("high"),
        "level": against.get("level"),
        "verdict": against.get("verdict"),
    }


def told_row(row: Row) -> tuple[str, str, str]:
    """Accuracy, gain and interval of a row as text, the last two in percentage points."""
    accuracy = plus_minus(Sample(row["n"], row["accuracy"], row["accuracy_std"], ()))
    gain = DASH if row["gain"] is None else points(row["gain"])
    if row["gain_low"] is None or row["gain_high"] is None:
        return accuracy, gain, DASH
    return accuracy, gain, f"{points(row['gain_low'])} to {points(row['gain_high'])}"


def arm_grid(rows: Sequence[Row]) -> Grid:
    """The rows as text, the header first."""
    grid = [list(TITLES)]
    for row in rows:
        names = [row["classifier"], row["arm"], row["experiment"], str(row["n"])]
        grid.append([*names, *told_row(row), row["verdict"] or DASH])
    return grid


def beside(rows: Sequence[Row], names: Sequence[str]) -> list[dict[str, Any]]:
    """A line a classifier and arm with a cell an experiment, None where it has no such arm."""
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        lines.setdefault((row["classifier"], row["arm"]), {})[row["experiment"]] = {
            **dict(zip(("accuracy", "gain", "interval"), told_row(row), strict=True)),
            "verdict": row["verdict"],
        }
    return [
        {"classifier": classifier, "arm": arm, "cells": [found.get(name) for name in names]}
        for (classifier, arm), found in lines.items()
    ]


def spoken(rows: Sequence[Row]) -> str:
    """The gains in words, for those who cannot see the figure."""
    told = [
        f"{row['arm']} in {row['experiment']} ({row['classifier']}): {points(row['gain'])}, {row['verdict']}"
        for row in rows
        if row["gain"] is not None
    ]
    return f"{'; '.join(told)}." if told else "There are none yet."


def settings_of(summary: Summary, folder: Path) -> dict[str, dict[str, Any]]:
    """The settings of an experiment by what they are of: data, study, and every arm, GAN and classifier.

    GANs and classifiers are those of the first repeat's records in ``folder``.
    """
    settings = summary["settings"]
    arms, study = settings["arms"], settings["study"]
    used = [part["name"] for arm in arms.values() for part in (arm["gan"], *arm["gans"]) if part]
    found = {"data": settings["data"], "study": study, **{f"arm {name}": arm for name, arm in arms.items()}}
    records = {f"GAN {name}": folder / f"gan/{name}/r0/j0/status.json" for name in (*used, *study["gans"])}
    records |= {f"classifier {name}": folder / f"cells/{REAL}/{name}/r0f0/status.json" for name in study["classifiers"]}
    found |= {name: read_json(path)["config"] for name, path in records.items() if path.exists()}
    return {name: flat(values) for name, values in found.items()}


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings as one mapping, names joined by dots."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found |= {f"{key}.{name}": inner for name, inner in flat(value).items()}
        else:
            found[key] = value
    return found


def differing(settings: Sequence[Mapping[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """The settings that are not the same in all experiments, with the value of each as text.

    What only some of them have, such as a GAN, is one line that says which.
    """
    lines = []
    for what in dict.fromkeys(name for one in settings for name in one):
        own = [one.get(what) for one in settings]
        known = [values for values in own if values is not None]
        if len(known) < len(own):
            lines.append({"of": what, "setting": "", "values": [DASH if one is None else "present" for one in own]})
            continue
        for key in dict.fromkeys(key for values in known for key in values):
            values = [_told(one.get(key)) for one in known]
            if len(set(values)) > 1:
                lines.append({"of": what, "setting": key, "values": values})
    return lines


def _told(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_told, value)) or "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
