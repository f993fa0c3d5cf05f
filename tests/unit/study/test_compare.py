"""Experiments beside each other: what is the same, what differs, and what one of them lacks."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ganaug.config import Data
from ganaug.errors import UserError
from ganaug.io import write_json
from ganaug.study.compare import (
    arm_rows,
    beside,
    differing,
    flat,
    read_summary,
    settings_of,
    spoken,
    write_comparison,
)
from ganaug.study.compare_plots import gains_figure, look
from ganaug.study.tables import DASH, tabulate
from tests.browser import CHROMIUM, visit

from .conftest import ARMS, GAINS, REAL, cell, make_data, make_study, score_file


def experiment(folder: Path, name: str, arms: Sequence[str], *, data: Data, repeats: int = 6) -> Path:
    """The summary of an experiment whose arms gain what `GAINS` says."""
    paths = []
    for r in range(repeats):
        cells = [cell(arm, round(REAL[r] + GAINS[arm][r], 6)) for arm in arms]
        paths.append(folder / name / f"scores/r{r}.json")
        write_json(paths[-1], {**score_file(r, cells), "experiment": name})
    tabulate(
        paths,
        study=make_study(arms=arms, repeats=repeats),
        arms=ARMS,
        data=data,
        gan_records=[],
        seed=0,
        code="c",
        tables=folder / name / "tables",
        summary=folder / name / "summary.json",
    )
    return folder / name / "summary.json"


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    """One with 20 images a class and a GAN, the other with 10 and a classic arm alone."""
    first = experiment(tmp_path, "first", ("real", "gan"), data=make_data())
    other = experiment(tmp_path, "second", ("real", "classic"), data=replace(make_data(), per_class=10), repeats=2)
    return [first, other]


def test_arms_stand_beside_each_other(two: list[Path]) -> None:
    rows = arm_rows([read_summary(path) for path in two])
    assert [(row["arm"], row["experiment"]) for row in rows] == [
        ("real", "first"),
        ("real", "second"),
        ("gan", "first"),
        ("classic", "second"),
    ]
    real, _, gan, classic = rows
    assert (real["accuracy"], real["gain"]) == (pytest.approx(0.8), None)
    assert (gan["gain"], gan["verdict"]) == (pytest.approx(0.05), "helps")
    assert (classic["n"], classic["gain"]) == (2, pytest.approx(0.011))
    lines = beside(rows, ["first", "second"])
    assert [line["arm"] for line in lines] == ["real", "gan", "classic"]
    assert lines[1]["cells"][0]["gain"] == "+5.0"
    assert lines[1]["cells"][1] is None
    assert spoken(rows).startswith("gan in first (lenet5): +5.0, helps; classic in second (lenet5): +1.1")


def test_only_settings_that_differ_are_told(two: list[Path], tmp_path: Path) -> None:
    for name, epochs in (("first", 100), ("second", 200)):
        record = tmp_path / name / "cells/real/lenet5/r0f0/status.json"
        write_json(record, {"config": {"epochs": epochs, "lr": 0.1}})
    settings = [settings_of(read_summary(path), path.parent) for path in two]
    assert differing(settings) == [
        {"of": "data", "setting": "per_class", "values": ["20", "10"]},
        {"of": "study", "setting": "arms", "values": ["real, gan", "real, classic"]},
        {"of": "study", "setting": "repeats", "values": ["6", "2"]},
        {"of": "arm gan", "setting": "", "values": ["present", DASH]},
        {"of": "classifier lenet5", "setting": "epochs", "values": ["100", "200"]},
        {"of": "arm classic", "setting": "", "values": [DASH, "present"]},
    ]
    assert differing([settings[0], settings[0]]) == []


def test_settings_are_flattened() -> None:
    assert flat({"a": 1, "b": {"c": None, "d": {"e": [1, 2]}}}) == {"a": 1, "b.c": None, "b.d.e": [1, 2]}


def test_the_page_and_its_files(two: list[Path], tmp_path: Path) -> None:
    for folder in ("one", "again"):
        write_comparison(two, page=tmp_path / folder / "first+second.html")
    made = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert made == [f"first+second.{kind}" for kind in ("csv", "html", "md", "pdf", "png", "svg", "tex")]
    for name in made:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    html = (tmp_path / "one/first+second.html").read_text(encoding="utf-8")
    assert "GAN augmentation (arm gan) helps lenet5" in html
    assert '<th scope="colgroup" colspan="4">second</th>' in html
    with (tmp_path / "one/first+second.csv").open(encoding="utf-8") as handle:
        assert [row["experiment"] for row in csv.DictReader(handle)] == ["first", "second", "first", "second"]
    assert "| lenet5 | gan | first | 6 | 0.850 ± 0.013 | +5.0 |" in (tmp_path / "one/first+second.md").read_text()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here to open a page in")
@pytest.mark.parametrize("width", [1200, 390])
def test_the_page_in_a_browser(two: list[Path], tmp_path: Path, width: int) -> None:
    page = tmp_path / "compared.html"
    write_comparison(two, page=page)
    seen = visit(page, width=width, folder=tmp_path)
    assert (seen.console, seen.requests, seen.found["fetched"]) == ([], [], [])
    assert (seen.found["images"], seen.found["broken"], seen.found["unnamed"]) == (1, [], 0)
    assert (seen.found["page"], seen.found["wide"]) == (width, [])
    assert (seen.found["headers"], seen.found["headings"][:3]) == (0, [1, 2, 3])


def test_each_experiment_keeps_its_marker(two: list[Path]) -> None:
    rows = arm_rows([read_summary(path) for path in two])
    [axes] = gains_figure(rows, [0.005, 0.005]).axes
    marks = [line for line in axes.lines if line.get_marker() in ("o", "s")]
    # Two arms with a gain; the first experiment stands above the middle of the row, the second below it.
    drawn = [(line.get_xdata()[0], line.get_ydata()[0], line.get_marker()) for line in marks]
    assert drawn == [(pytest.approx(5.0), pytest.approx(-0.3), "o"), (pytest.approx(1.1), pytest.approx(1.3), "s")]
    assert len({look(place) for place in range(12)}) == 12


@pytest.mark.parametrize(
    ("text", "said"),
    [(json.dumps({"experiment": "old"}), "an older version wrote it"), ("{", "not a summary"), ("[]", "older version")],
)
def test_what_is_no_summary_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "summary.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said):
        read_summary(path)
