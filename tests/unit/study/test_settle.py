"""Repeats are added until all is settled, or spent, and a run begins with what is there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ganaug.errors import UserError
from ganaug.study.scores import read_scores
from ganaug.study.settle import look, results_of, scored, settle
from ganaug.study.verdict import compare, headline

from .conftest import ARMS, Write, cell, make_data, make_study, score_file

SCRIPTS = Path(__file__).resolve().parents[3] / "workflow/scripts"
# Differences of four points with a deviation of 0.2, and of none with one of three: the e-value of the first is large
# at once, and an interval of half a point needs hundreds of the second.
CLEAR = [0.040, 0.042, 0.038, 0.041, 0.039, 0.040, 0.040, 0.042, 0.038]
OPEN = [0.03, -0.03, 0.03, -0.03, 0.03, -0.03, 0.03, -0.03, 0.03]


def summary(differences: list[list[float]], repeats: int) -> dict[str, Any]:
    entries = {f"arm{k}": {"real": {"raw": own[:repeats], "control": False}} for k, own in enumerate(differences)}
    control = {"duplicate": {"real": {"raw": OPEN[:repeats], "control": True}}}
    return {"comparisons": {"lenet5": {**control, **entries}}, "repeats": {"scored": repeats}, "rope": 0.005}


def runner(differences: list[list[float]], asked: list[int]) -> Callable[[int], dict[str, Any]]:
    def run(repeats: int) -> dict[str, Any]:
        asked.append(repeats)
        return summary(differences, repeats)

    return run


def test_what_is_clear_is_settled_at_the_first_look() -> None:
    asked: list[int] = []
    told: list[str] = []
    step = settle(runner([CLEAR], asked), most=30, begun=0, tell=told.append)
    assert (step.action, asked) == ("settled", [6])
    assert told == ["settle: 6 repeats are enough (1 of 1 comparisons are settled)"]


def test_what_is_open_goes_on_to_the_end_of_the_budget() -> None:
    asked: list[int] = []
    told: list[str] = []
    step = settle(runner([CLEAR, OPEN], asked), most=9, begun=0, tell=told.append)
    assert (step.action, asked) == ("spent", [6, 7, 8, 9])
    assert told[0] == "settle: 7 repeats are next, of 9 at the most (1 of 2 comparisons are settled)"
    assert told[-1] == "settle: all 9 repeats are spent (1 of 2 comparisons are settled)"


@pytest.mark.parametrize(("begun", "first"), [(0, 6), (3, 6), (8, 8), (40, 9)])
def test_it_begins_with_the_repeats_that_are_there(begun: int, first: int) -> None:
    asked: list[int] = []
    settle(runner([OPEN], asked), most=9, begun=begun, tell=lambda _: None)
    assert asked[0] == first


def test_scores_are_counted_from_the_first_on(tmp_path: Path) -> None:
    (tmp_path / "scores").mkdir()
    for repeat in (0, 1, 3):
        (tmp_path / f"scores/r{repeat}.json").write_text("{}")
    assert scored(tmp_path) == 2


def test_a_study_without_comparisons_is_told() -> None:
    with pytest.raises(UserError, match="settle: the study compares nothing"):
        look({"comparisons": {}, "repeats": {"scored": 6}, "rope": 0.005}, most=9)


def test_the_folder_is_that_of_the_experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text("experiment: digits")
    (tmp_path / "own.yaml").write_text("experiment: own")
    (tmp_path / "more.yaml").write_text("study: {repeats: 3}")
    assert results_of(None) == results_of(Path("more.yaml")) == Path("results/digits")
    assert results_of(Path("own.yaml")) == Path("results/own")
    with pytest.raises(UserError, match=r"settle: gone\.yaml is not there"):
        results_of(Path("gone.yaml"))


def test_verdicts_of_a_study_that_may_be_settled_hold_after_every_look(write: Write) -> None:
    files = [score_file(r, [cell("real", 0.5), cell("gan", 0.5 + gain)]) for r, gain in enumerate(CLEAR[:6])]
    scores = read_scores(write(files))
    fixed, looked = (
        compare(scores, study=make_study(arms=("real", "gan"), settle=most), arms=ARMS) for most in (None, 30)
    )
    [one], [other] = fixed.comparisons, looked.comparisons
    assert one.decision.verdict == other.decision.verdict == "helps"
    assert (one.decision.any_time, other.decision.any_time) == (False, True)
    assert other.decision.low is not None
    assert one.decision.low is not None
    assert other.decision.low < one.decision.low
    said = headline(scores, looked, study=make_study(arms=("real", "gan"), settle=30), arms=ARMS, data=make_data())
    assert "at most 5% (Holm), however often one looked while repeats were added (study.settle)" in str(said)


FAKE = """#!{python}
import json, pathlib, re, sys
told = sys.argv[sys.argv.index("--config") + 1]
repeats, most = map(int, re.findall(r"[0-9]+", told))
print("asked for", repeats, most, sys.argv[1:3], flush=True)
if repeats == 8:
    sys.exit(3)
folder = pathlib.Path("results/digits")
folder.mkdir(parents=True, exist_ok=True)
(folder / "summary.json").write_text(json.dumps({summary}))
"""


def test_where_snakemake_fails_its_status_is_passed_on(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text("experiment: digits")
    fake = tmp_path / "snakemake"
    told = json.dumps(summary([OPEN], 6)).replace("false", "False").replace("true", "True")
    told = told.replace('"scored": 6', '"scored": repeats')
    fake.write_text(FAKE.replace("{python}", sys.executable).replace("{summary}", told))
    fake.chmod(0o755)
    command = [sys.executable, str(SCRIPTS / "settle_study.py"), "--most", "9", "--", "--cores", "1"]
    run = subprocess.run(
        command, cwd=tmp_path, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 3, run.stderr
    lines = [line for line in run.stdout.splitlines() if line.startswith("asked")]
    assert lines == [f"asked for {repeats} 9 ['--cores', '1']" for repeats in (6, 7, 8)]
    assert "Traceback" not in run.stderr


def test_too_small_a_budget_is_told_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPTS / "settle_study.py"), "--most", "5"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr == "ganaug: settle: 5 repeats settle nothing; set MOST to 6 or more\n"
