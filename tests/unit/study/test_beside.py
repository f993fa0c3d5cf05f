"""What stands beside the verdict: the other interval, the probabilities, what one test set can tell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ganaug.study.beside import accuracy_interval, beside
from ganaug.study.report import banners
from ganaug.study.scores import read_scores
from ganaug.study.tables import DASH, comparison_grid
from ganaug.study.verdict import Comparison, compare

from .conftest import ARMS, Write, cell, full_study, make_study, score_file
from .test_tables import run


def comparison_of(gains: list[float], write: Write) -> Comparison:
    files = [score_file(r, [cell("real", 0.5), cell("gan", 0.5 + gain)]) for r, gain in enumerate(gains)]
    scores = read_scores(write(files))
    [found] = compare(scores, study=make_study(arms=("real", "gan")), arms=ARMS).comparisons
    return found


def test_equal_gains_leave_nothing_open(write: Write) -> None:
    told = beside(comparison_of([0.25] * 6, write), rope=0.005, seed=0)
    assert (told["boot_low"], told["boot_high"]) == (0.25, 0.25)
    # Six gains of weight 1, and an imagined tie of weight 1/2 of which half counts: 6.25 of 6.5.
    assert told["improvement"] == pytest.approx(6.25 / 6.5)
    assert told["p_worse"] == 0.0
    assert told["p_better"] > 0.99
    assert told["p_worse"] + told["p_equivalent"] + told["p_better"] == pytest.approx(1)


def test_one_repeat_tells_nothing(write: Write) -> None:
    assert set(beside(comparison_of([0.25], write), rope=0.005, seed=0).values()) == {None}


def test_the_seed_decides(write: Write) -> None:
    comparison = comparison_of([0.01, 0.03, -0.02, 0.05, 0.02, 0.04, 0.01, 0.03], write)
    one, again, other = (beside(comparison, rope=0.005, seed=seed) for seed in (0, 0, 1))
    assert one == again
    assert one != other
    # The same question: both draws agree to what 10,000 of them can tell.
    assert one["p_better"] == pytest.approx(other["p_better"], abs=0.03)
    assert one["boot_low"] == pytest.approx(other["boot_low"], abs=0.004)


def test_an_accuracy_is_as_sure_as_the_smallest_test_set_tells(write: Write) -> None:
    files = [{**score_file(r, [cell("real", 0.5)]), "test_images": images} for r, images in enumerate((400, 100))]
    scores = read_scores(write(files))
    # z^2 = 3.8415: half-width z sqrt(0.25 / 100 + z^2 / 40000) / (1 + z^2 / 100) = 0.0962
    assert accuracy_interval(0.5, scores) == pytest.approx((0.4038, 0.5962), abs=5e-5)
    assert accuracy_interval(None, scores) is None


def test_the_tables_hold_it(write: Write, tmp_path: Path) -> None:
    tables = run(write(full_study()), make_study(), tmp_path / "tables")
    gan = next(row for row in tables["comparisons"] if (row["arm"], row["reference"]) == ("gan", "real"))
    assert float(gan["boot_low"]) > 0
    assert float(gan["p_better"]) > 0.9
    real = tables["metrics"][0]
    assert float(real["test_accuracy_wilson_low"]) < 0.80 < float(real["test_accuracy_wilson_high"])
    text = (tmp_path / "tables/comparisons.md").read_text(encoding="utf-8").splitlines()
    assert text[0].endswith("| bootstrap-t interval | P(better) | P(equivalent) | P(worse) | P(improvement) |")


def test_what_is_missing_is_a_dash() -> None:
    row = dict.fromkeys(("low", "high", "boot_low", "boot_high", "difference", "p_adjusted", "repeats_needed"))
    row |= dict.fromkeys(("p_better", "p_equivalent", "p_worse", "improvement"))
    told = {"arm": "gan", "reference": "real", "classifier": "lenet5", "n": 1, "dropped": 0, "verdict": "underpowered"}
    [_, line] = comparison_grid([{**row, **told}])
    assert line == ["gan", "real", "lenet5", "1", "0", *[DASH] * 3, "underpowered", *[DASH] * 6]


def test_a_test_set_that_is_too_small_for_the_question_is_a_banner(write: Write, tmp_path: Path) -> None:
    few = [{**file, "test_images": 100} for file in full_study()]
    run(write(few), make_study(), tmp_path / "few")
    run(write([{**file, "test_images": 200} for file in full_study()]), make_study(), tmp_path / "enough")
    # One of 100 images is a point, one of 200 the half point asked about.
    told, fine = (banners(json.loads((tmp_path / name / "summary.json").read_text())) for name in ("few", "enough"))
    assert any(text.startswith("Few test images: one of 100 test images is 1 points of accuracy") for text in told)
    assert not any("Few test images" in text for text in fine)
