"""Repeats added until every comparison of a study is settled: Snakemake again and again, one repeat more each time.

It stands outside of Snakemake, which cannot call itself: the inner one would meet the lock of the outer.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ganaug.errors import UserError
from ganaug.io import read_json
from ganaug.study.decision import LEAST_REPEATS
from ganaug.study.sequential import Step, next_step

# Makes a study have so many repeats, and returns its summary.
Run = Callable[[int], dict[str, Any]]


def settle(run: Run, *, most: int, begun: int, tell: Callable[[str], None]) -> Step:
    """Add repeats until every comparison is settled or there are ``most``; see `ganaug.study.sequential.next_step`.

    Looking after each repeat costs nothing in error rate, and neither does going on from repeats that are there: the
    decisions hold for any number of looks at any number of repeats.

    Args:
        run: see `Run`.
        most: the budget of repeats.
        begun: how many repeats have been scored before; it begins with these, but at least with `LEAST_REPEATS`.
        tell: gets a line after each look.
    """
    repeats = min(most, max(begun, LEAST_REPEATS))
    while True:
        step = look(run(repeats), most=most)
        found = len(step.decisions)
        tell(f"settle: {step_told(step, most=most)} ({found - len(step.open)} of {found} comparisons are settled)")
        if step.action != "add":
            return step
        repeats = step.repeats


def look(summary: dict[str, Any], *, most: int) -> Step:
    """What the comparisons of a summary say by now; controls are in no family."""
    entries = [
        entry
        for arms in summary["comparisons"].values()
        for references in arms.values()
        for entry in references.values()
        if not entry["control"]
    ]
    if not entries:
        raise UserError("settle: the study compares nothing; add an arm to study.arms")
    return next_step(
        [entry["raw"] for entry in entries], done=summary["repeats"]["scored"], most=most, rope=summary["rope"]
    )


def step_told(step: Step, *, most: int) -> str:
    """What comes next, in words."""
    if step.action == "add":
        return f"{step.repeats} repeats are next, of {most} at the most"
    return f"{step.repeats} repeats are enough" if step.action == "settled" else f"all {step.repeats} repeats are spent"


def results_of(config: Path | None) -> Path:
    """The folder of the experiment that a config file names; None: of the default one.

    Raises:
        UserError: the file is not there, or holds no mapping.
    """
    import yaml

    names: list[str] = []
    for path in (Path("config/config.yaml"), *([config] if config else [])):
        if not path.is_file():
            raise UserError(f"settle: {path} is not there; correct CONFIG, and call it where the Snakefile is")
        own = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(own, dict):
            raise UserError(f"settle: {path} holds no settings; see config/experiments for some that do")
        names += [own["experiment"]] if "experiment" in own else []
    return Path("results") / names[-1]


def scored(results: Path) -> int:
    """How many repeats of an experiment have scores, from the first on."""
    count = 0
    while (results / f"scores/r{count}.json").exists():
        count += 1
    return count


def snakemake(results: Path, *, config: Path | None, most: int, arguments: Sequence[str]) -> Run:
    """What runs the study of ``results`` with Snakemake.

    The run raises `subprocess.CalledProcessError` where Snakemake fails, which has told why.

    Args:
        results: the experiment's folder.
        config: its config file; None for the default experiment.
        most: the budget, which is recorded as ``study.settle``.
        arguments: more of Snakemake's, such as ``--cores 8``.
    """

    def run(repeats: int) -> dict[str, Any]:
        command = ["snakemake", *arguments, "--config", f"study={{repeats: {repeats}, settle: {most}}}"]
        subprocess.run(command + (["--configfile", str(config)] if config else []), check=True)
        summary: dict[str, Any] = read_json(results / "summary.json")
        return summary

    return run
