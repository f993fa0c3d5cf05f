"""`snakemake compare`, as README.md has it: experiments beside each other, from what they left."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ganaug.io import read_csv
from tests.unit.study.conftest import make_data
from tests.unit.study.test_compare import experiment
from tests.workflow.engines_project import executed
from tests.workflow.project import Project, complaints

BOTH = ("compare", "--config", "experiments=[digits,other]")


def leave(folder: Path, name: str, arms: tuple[str, ...], *, repeats: int = 2) -> None:
    experiment(folder, name, arms, data=make_data(), repeats=repeats)


def test_experiments_are_compared_from_their_summaries(project: Project) -> None:
    """Also one of the name that this config has: its scores are not made anew."""
    for name, arms in (("digits", ("real", "gan")), ("other", ("real", "classic"))):
        leave(project.results, name, arms)
    outcome = project.run(*BOTH)
    assert outcome.returncode == 0, outcome.stdout
    assert executed(outcome.stdout) == Counter(compare=1)
    table = project.results / "compare/digits+other.csv"
    assert [row["experiment"] for row in read_csv(table)] == ["digits", "other", "digits", "other"]
    assert "<h3>other</h3>" in table.with_suffix(".html").read_text(encoding="utf-8")
    assert project.jobs(*BOTH) == {}
    leave(project.results, "other", ("real", "classic", "gan"))
    assert project.jobs(*BOTH) == {"compare": 1}


def test_what_is_missing_is_told_in_one_line(project: Project) -> None:
    leave(project.results, "digits", ("real", "gan"))
    for arguments, said in (
        (("compare",), "name two experiments or more"),
        (BOTH, "other has no results, results/other/summary.json is not there"),
        (("compare", "--config", "experiments=[digits,digits]"), "experiments: "),
        (("compare", "--config", "experiments=[Digits,other]"), "the name 'Digits' may hold only"),
    ):
        outcome = project.run(*arguments)
        assert outcome.returncode == 1
        [line] = complaints(outcome.stdout)
        assert said in line
        assert "Traceback" not in outcome.stdout


def test_nothing_else_looks_at_the_names(project: Project) -> None:
    """They come first in the config where the command line gives them, and no parameter may follow that order."""
    outcome = project.run("data_all")
    assert outcome.returncode == 0, outcome.stdout
    assert project.jobs("data_all") == project.jobs("data_all", "--config", "experiments=[digits,other]") == {}
