"""Gains by class: paired within repeats, and told in words and figures."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from ganaug.study.per_class import class_gains, facts, tabulate_gains
from ganaug.study.per_class_plots import MOST_CLASSES, chosen, gains_figure
from ganaug.study.scores import read_scores
from ganaug.study.tables import DASH
from ganaug.study.verdict import MINUS

from .conftest import Write, cell, make_study, score_file


def with_recall(arm: str, recall: dict[str, float], *, fit: int = 0) -> dict[str, Any]:
    """A cell whose classes have these recalls on the test set, and an F1 that is half of it."""
    made = cell(arm, 0.5, classes=tuple(recall), fit=fit)
    for name, value in recall.items():
        made["splits"]["test"]["per_class"][name] |= {"recall": value, "f1": value / 2}
    return made


def one_sided(write: Write) -> list[Path]:
    """In three repeats the arm gan adds 1, 2 and 3 points of recall to cats, and takes 10 from dogs every time."""
    real = {"cat": 0.5, "dog": 0.8}
    gan = [{"cat": 0.5 + gain, "dog": 0.7} for gain in (0.01, 0.02, 0.03)]
    return write([score_file(r, [with_recall("real", real), with_recall("gan", gan[r])]) for r in range(3)])


STUDY = make_study(arms=("real", "gan"), repeats=3)


def test_gains_are_paired_within_repeats(write: Write) -> None:
    cat, dog = class_gains(read_scores(one_sided(write)), STUDY)
    gain = cat.gains["recall"]
    assert (cat.arm, cat.name, cat.images, gain.sample.n) == ("gan", "cat", 1000, 3)
    assert gain.sample.mean == pytest.approx(0.02)
    # The standard deviation is 1 point; t(0.975, 2) is 4.3027 in any table, divided by the root of 3: 2.4842 points.
    assert gain.low == pytest.approx(0.02 - 0.024842, abs=1e-6)
    assert gain.high == pytest.approx(0.02 + 0.024842, abs=1e-6)
    assert not gain.is_clear
    assert cat.gains["f1"].sample.mean == pytest.approx(0.01)
    assert dog.gains["recall"].sample.mean == pytest.approx(-0.1)
    assert dog.gains["recall"].is_clear


def test_fits_are_averaged_and_failed_cells_drop_their_pair(write: Write) -> None:
    files = [
        score_file(
            0,
            [
                *(with_recall("real", {"cat": 0.5, "dog": 0.5}, fit=fit) for fit in (0, 1)),
                with_recall("gan", {"cat": 0.6, "dog": 0.5}, fit=0),
                with_recall("gan", {"cat": 0.9, "dog": 0.5}, fit=1),
            ],
        ),
        score_file(1, [with_recall("real", {"cat": 0.5, "dog": 0.5}), cell("gan", None)]),
    ]
    cat = class_gains(read_scores(write(files)), STUDY)[0]
    assert (cat.gains["recall"].sample.n, cat.gains["recall"].low) == (1, None)
    assert cat.gains["recall"].sample.mean == pytest.approx(0.25)


def test_the_tables_and_what_is_said_of_them(write: Write, tmp_path: Path) -> None:
    tabulate_gains(one_sided(write), study=STUDY, tables=tmp_path)
    with (tmp_path / "per_class_gains.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert [(row["class"], row["n"]) for row in rows] == [("cat", "3"), ("dog", "3")]
    assert float(rows[1]["recall_gain"]) == pytest.approx(-0.1)
    [gan] = facts(rows)
    # Dogs lose the same in every repeat: their interval is a point, which counts for nothing; that of cats holds 0.
    assert gan["told"] == (
        f"largest gain: class cat (+2.0 points of recall); largest loss: class dog ({MINUS}10.0 points of recall); "
        "0 of 1 intervals leave out 0."
    )
    assert [line["class"] for line in gan["lines"]] == ["cat", "dog"]
    assert gan["lines"][0]["recall"] == ("+2.0", f"{MINUS}0.5 to +4.5")
    markdown = (tmp_path / "per_class_gains.md").read_text(encoding="utf-8")
    assert "95% interval, not adjusted" in markdown
    assert r"\toprule" in (tmp_path / "per_class_gains.tex").read_text(encoding="utf-8")


def test_an_arm_without_scores_says_so(write: Write, tmp_path: Path) -> None:
    tabulate_gains(write([score_file(0, [with_recall("real", {"cat": 0.5})])]), study=STUDY, tables=tmp_path)
    with (tmp_path / "per_class_gains.csv").open(encoding="utf-8") as handle:
        [gan] = facts(list(csv.DictReader(handle)))
    assert gan["told"] == "no class has scores of it and of real."
    assert gan["lines"][0]["recall"] == (DASH, DASH)


def test_of_many_classes_the_figure_shows_the_ends(write: Write) -> None:
    names = [f"c{k:02d}" for k in range(20)]
    real = dict.fromkeys(names, 0.5)
    gan = {name: 0.5 + (k - 10) / 100 for k, name in enumerate(names)}
    files = [score_file(0, [with_recall("real", real), with_recall("gan", gan)], classes=names)]
    gains = class_gains(read_scores(write(files)), STUDY)
    shown = [one.name for one in chosen(gains)]
    assert MOST_CLASSES == 12
    assert shown == [f"c{k:02d}" for k in (19, 18, 17, 16, 15, 14, 5, 4, 3, 2, 1, 0)]
    [axes] = gains_figure(gains).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == shown
    # One repeat has no interval: beside the line at 0 there is a marker a class, at its gain in points.
    assert [line.get_xdata()[0] for line in axes.lines[1:]] == pytest.approx(
        [9, 8, 7, 6, 5, 4, -5, -6, -7, -8, -9, -10]
    )
    assert {line.get_marker() for line in axes.lines[1:7]} == {"^"}
