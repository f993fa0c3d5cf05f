"""The tables and the summary, from score files to disk."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from ganaug.config import Study
from ganaug.errors import UserError
from ganaug.study.statistics import describe
from ganaug.study.tables import latex, markdown, plus_minus, tabulate

from .conftest import ARMS, GAINS, REAL, Write, cell, full_study, make_data, make_study, score_file


def run(paths: list[Path], study: Study, folder: Path) -> dict[str, list[dict[str, str]]]:
    summary = folder / "summary.json"
    tabulate(
        paths,
        study=study,
        arms=ARMS,
        data=make_data(),
        gan_records=[],
        seed=0,
        code="c",
        tables=folder,
        summary=summary,
    )
    return {path.stem: list(csv.DictReader(path.open(encoding="utf-8"))) for path in folder.glob("*.csv")}


def test_a_full_study(write: Write, tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    tables = run(write(full_study()), make_study(), folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        *("cells.csv", "cells.md", "cells.tex", "comparisons.csv", "comparisons.md", "comparisons.tex"),
        *("metrics.csv", "metrics.json", "metrics.md", "metrics.tex"),
        *("per_class.csv", "per_class.md", "per_class.tex", "summary.json"),
    ]
    assert [row["arm"] for row in tables["metrics"]] == list(GAINS)
    real = tables["metrics"][0]
    assert real["n"] == "6"
    assert float(real["test_accuracy_mean"]) == pytest.approx(0.80)
    # deviations 0, 2, -2, 1, -1, 0 points: sum of squares 10, divided by 5
    assert float(real["test_accuracy_std"]) == pytest.approx(0.01 * 2**0.5)
    gan = next(row for row in tables["comparisons"] if (row["arm"], row["reference"]) == ("gan", "real"))
    assert float(gan["difference"]) == pytest.approx(0.05)
    assert gan["verdict"] == "helps"
    assert len(tables["cells"]) == 36
    assert [float(row["test_accuracy"]) for row in tables["cells"] if row["arm"] == "real"] == list(REAL)
    dog = next(
        row for row in tables["per_class"] if (row["arm"], row["split"], row["class"]) == ("real", "test", "dog")
    )
    assert (dog["n"], float(dog["images"])) == ("6", 1000)
    few = json.loads((folder / "metrics.json").read_text())["lenet5"]
    assert few["real"] == {"accuracy": pytest.approx(0.80)}
    assert few["gan"]["accuracy"] == pytest.approx(0.85)
    assert (few["gan"]["against_real"], few["synthetic"]["against_real"]) == ("helps", "hurts")
    assert float(dog["recall_mean"]) == pytest.approx(0.80)


def test_the_summary_holds_every_number_with_its_raw_list(write: Write, tmp_path: Path) -> None:
    run(write(full_study()), make_study(), tmp_path / "tables")
    summary = json.loads((tmp_path / "tables" / "summary.json").read_text())
    accuracy = summary["arms"]["real"]["lenet5"]["test"]["accuracy"]
    assert accuracy["n"] == 6
    assert accuracy["raw"] == [0.80, 0.82, 0.78, 0.81, 0.79, 0.80]
    gan = summary["comparisons"]["lenet5"]["gan"]["real"]
    assert gan["raw"] == pytest.approx([0.04, 0.05, 0.06, 0.04, 0.05, 0.06])
    assert (gan["verdict"], gan["control"]) == ("helps", False)
    assert summary["comparisons"]["lenet5"]["duplicate"]["real"]["control"] is True
    assert summary["budget"]["steps"] == 600
    assert summary["headline"] == " ".join([*summary["answers"], *summary["conditions"]])


def test_failed_cells_are_rows_and_never_numbers(write: Write, tmp_path: Path) -> None:
    files = [score_file(r, [cell("real", 0.8), cell("gan", 0.9 if r else None)]) for r in range(7)]
    tables = run(write(files), make_study(arms=("real", "gan"), repeats=7), tmp_path / "tables")
    gan = tables["metrics"][1]
    assert (gan["n"], gan["failed"], float(gan["test_accuracy_mean"])) == ("6", "1", 0.9)
    assert tables["comparisons"][0]["dropped"] == "1"
    failed = [row for row in tables["cells"] if row["state"] != "ok"]
    assert [(row["arm"], row["repeat"], row["reason"]) for row in failed] == [("gan", "0", "loss is NaN at step 120")]
    assert failed[0]["test_accuracy"] == ""


def test_one_repeat_and_missing_arms_make_whole_tables(write: Write, tmp_path: Path) -> None:
    tables = run(write(full_study(arms=("real", "gan"), repeats=1)), make_study(), tmp_path / "tables")
    mixed = next(row for row in tables["metrics"] if row["arm"] == "mixed")
    assert (mixed["n"], mixed["test_accuracy_mean"]) == ("0", "")
    assert {row["verdict"] for row in tables["comparisons"]} == {"underpowered", "control: too few repeats"}


def test_an_undefined_metric_has_no_number(write: Write, tmp_path: Path) -> None:
    files = full_study(arms=("real",), repeats=2)
    for file in files:
        file["cells"][0]["splits"]["test"]["roc_auc"] = None
    tables = run(write(files), make_study(arms=("real",)), tmp_path / "tables")
    assert tables["metrics"][0]["test_roc_auc_mean"] == ""
    assert tables["comparisons"] == []


def test_scores_of_an_arm_that_is_not_configured_are_refused(write: Write, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'old' is not in the config"):
        run(write([score_file(0, [cell("old", 0.5)])]), make_study(), tmp_path / "tables")


def test_markup_in_names_is_escaped() -> None:
    grid = [["arm_1", "a|b"], ["50% & more", "x^2 ± 1"]]
    assert markdown(grid) == "| arm\\_1 | a\\|b |\n| --- | --- |\n| 50% & more | x^2 ± 1 |\n"
    text = latex(grid)
    assert r"arm\_1 & a|b \\" in text
    assert r"50\% \& more & x\textasciicircum{}2 $\pm$ 1 \\" in text


def test_plus_minus() -> None:
    assert plus_minus(describe([0.90, 0.92])) == "0.910 ± 0.014"
    assert plus_minus(describe([0.5])) == "0.500"
    assert plus_minus(describe([])) == "\N{EN DASH}"


def test_no_number_is_minus_zero() -> None:
    assert plus_minus(describe([-0.0002, -0.0002])) == "0.000 ± 0.000"
    assert plus_minus(describe([-0.0006])) == "-0.001"
