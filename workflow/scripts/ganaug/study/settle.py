"""Repeats are added until every comparison is settled or a budget is spent; see `sequential` for why one may look.

Snakemake inside Snakemake would meet its own lock, so this is a loop around it. What is trained stays: a run with one
more repeat trains that repeat alone, and a loop that was interrupted goes on from what is there.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ganaug.errors import UserError
from ganaug.io import read_json, write_text
from ganaug.study.decision import LEAST_REPEATS, Verdict
from ganaug.study.report import print_summary

DEFAULT = Path("config/config.yaml")
# Snakemake keeps only the last of them, which is the loop's own.
OWN = ("--configfile", "--configfiles")


@dataclass(frozen=True)
class Step:
    """What to do next.

    Attributes:
        action: ``add`` repeats until there are ``repeats``; or stop, since all comparisons are ``settled`` or since
            the budget of repeats is ``spent``.
        repeats: how many there should be in all; where it stops, how many there are.
        open: indices of the comparisons that are not settled.
    """

    action: Literal["add", "settled", "spent"]
    repeats: int
    open: tuple[int, ...]


def next_step(verdicts: Sequence[Verdict], *, done: int, most: int) -> Step:
    """Whether to add a repeat or to stop.

    A study first gets `LEAST_REPEATS`, then one more at a time. It stops at the first look where every comparison is
    settled: the verdicts are then those of the study. One that was settled may open again while repeats
    are added for another; what counts is what all repeats say together, and that the error rate covers every look.

    Args:
        verdicts: on each comparison of the family (no controls), of `verdict.decide_any_time`.
        done: how many repeats have been run.
        most: the budget of repeats.
    """
    unsettled = tuple(index for index, verdict in enumerate(verdicts) if verdict == "underpowered")
    action: Literal["add", "settled", "spent"] = "add" if done < most else "spent"
    if not unsettled and done >= LEAST_REPEATS:
        action = "settled"
    wanted = min(most, max(LEAST_REPEATS, done + 1)) if action == "add" else done
    return Step(action=action, repeats=wanted, open=unsettled)


def settle(most: str, *, configfile: str, arguments: Sequence[str]) -> int:
    """Run Snakemake with more and more repeats, in this folder; tells every look, and the verdict at the end.

    Args:
        most: the budget of repeats, as the user wrote it.
        configfile: of the experiment; empty for the default one.
        arguments: more for Snakemake.

    Returns:
        The exit status: 0 where it stopped by itself, else that of Snakemake.

    Raises:
        UserError: the budget is no number of repeats, the config is not there, or the arguments keep Snakemake from
            finishing the study.
    """
    budget = read_budget(most)
    if own := next((one for one in arguments if one.partition("=")[0] in OWN), None):
        raise UserError(f"ARGS: {own} cannot be given here; name the file of the experiment as CONFIG=...")
    experiment = experiment_of([DEFAULT, *([Path(configfile)] if configfile else [])])
    results, looking = Path("results") / experiment, Path(f".ganaug/settle/{experiment}.yaml")
    configs = [*([configfile] if configfile else []), str(looking)]
    repeats = min(budget, max(LEAST_REPEATS, scored(results)))
    while True:
        # A file over the user's own: --config would read the numbers as text.
        write_text(looking, f"study: {{repeats: {repeats}, settle: {budget}}}\n")
        status = run_snakemake([*arguments, "--configfile", *configs])
        if status:
            return status
        summary = look(results / "summary.json", repeats=repeats, budget=budget)
        verdicts = family_of(summary)
        step = next_step(verdicts, done=repeats, most=budget)
        print(f"ganaug: {repeats} repeats: {len(step.open)} of {len(verdicts)} comparisons are open", flush=True)
        if step.action != "add":
            break
        repeats = step.repeats
    why = "every comparison is settled" if step.action == "settled" else f"the budget of {budget} repeats is spent"
    print(f"\n{print_summary(summary)}\n")
    print(f"ganaug: {why}; {results}/report.html is of snakemake --configfile {shlex.join(configs)}")
    return 0


def read_budget(text: str) -> int:
    """The budget of repeats.

    Raises:
        UserError: it is no whole number of at least `LEAST_REPEATS`.
    """
    if not text.isdecimal() or int(text) < LEAST_REPEATS:
        raise UserError(
            f"MOST: {text!r} is not a whole number of {LEAST_REPEATS} or more, as a verdict needs; try MOST=30"
        )
    return int(text)


def experiment_of(configs: Sequence[Path]) -> str:
    """The name of the experiment that these configs, each over those before it, describe.

    Raises:
        UserError: one is not there, is no YAML mapping, or none has a name.
    """
    import yaml

    merged: dict[str, Any] = {}
    for path in configs:
        try:
            found = yaml.safe_load(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise UserError(
                f"{path}: cannot be read ({error.strerror}); CONFIG names the file of an experiment"
            ) from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise UserError(f"{path}: not YAML ({' '.join(str(error).split())})") from error
        if not isinstance(found, dict):
            raise UserError(f"{path}: not a config; it should hold keys such as experiment and study")
        merged.update(found)
    if not isinstance(merged.get("experiment"), str):
        raise UserError(f"{configs[-1]}: experiment: a name is missing")
    return str(merged["experiment"])


def scored(results: Path) -> int:
    """How many repeats have scores, from the first on without a gap."""
    count = 0
    while (results / f"scores/r{count}.json").exists():
        count += 1
    return count


def run_snakemake(arguments: Sequence[str]) -> int:
    """Run Snakemake to its end, its output where ours goes; returns its exit status, as a shell gives it."""
    try:
        process = subprocess.Popen(["snakemake", *arguments])
    except FileNotFoundError as error:
        raise UserError("snakemake is not there; run make install, or activate the environment") from error
    while True:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            # The terminal tells Snakemake too, which then ends its jobs and gives its lock back.
            print("ganaug: waiting for Snakemake to stop", file=sys.stderr)
            continue
        return status if status >= 0 else 128 - status


def look(summary: Path, *, repeats: int, budget: int) -> Mapping[str, Any]:
    """The summary that a run has just written.

    Raises:
        UserError: there is none of so many repeats: the run was told to do something else.
    """
    found: Mapping[str, Any] = read_json(summary) if summary.exists() else {}
    study = found["settings"]["study"] if found else {}
    if (study.get("repeats"), study.get("settle")) != (repeats, budget):
        raise UserError(f"{summary}: not of {repeats} repeats; leave targets and dry runs out of ARGS")
    return found


def family_of(summary: Mapping[str, Any]) -> list[Verdict]:
    """The verdicts on all comparisons but controls, and those of which no repeat has scores: more settle nothing."""
    arms = [arm for one in summary["comparisons"].values() for arm in one.values()]
    return [found["verdict"] for arm in arms for found in arm.values() if not found["control"] and found["n"]]
