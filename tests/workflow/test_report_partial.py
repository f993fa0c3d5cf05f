"""`snakemake --nolock report_partial`, as README.md has it: what is scored so far, at any time."""

from __future__ import annotations

import copy
import json
import time
from collections import Counter
from typing import Any

from ganaug.io import read_csv, read_json, write_json
from tests.workflow.engines_project import executed
from tests.workflow.processes import PATIENCE_SECONDS, killed, said, scripts_of, start
from tests.workflow.project import TINY, Project, complaints

CONFIG = "config/experiments/tiny.yaml"
PARTIAL = ("--nolock", "report_partial")


def counts(project: Project) -> dict[str, tuple[str, str]]:
    """Of every arm the repeats that are in the table, and the cells of them that failed."""
    rows = read_csv(project.results / "tiny/partial/tables/metrics.csv")
    return {row["arm"]: (row["n"], row["failed"]) for row in rows}


def longer(epochs: int) -> dict[str, Any]:
    """The tiny experiment with three repeats and another length of its GAN."""
    changed = copy.deepcopy(TINY)
    changed["gans"]["dcgan"]["epochs"] = epochs
    changed["study"]["repeats"] = 3
    return changed


def test_it_tabulates_what_is_scored_beside_a_run_that_makes_it_anew(finished: Project) -> None:
    """A GAN parameter has changed: a live run trains that GAN, without end, for the scores that are out of date."""
    finished.write(longer(1_000_000))
    assert finished.jobs(*PARTIAL, config=CONFIG) == {"report_partial": 1}
    results = finished.results / "tiny"
    run = start(finished, config=CONFIG)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not scripts_of(run.pid, "train_gan"):
            assert run.poll() is None, said(finished)
            assert time.monotonic() < deadline, said(finished)
            time.sleep(0.02)
        for scored in (1, 2):
            outcome = finished.run(*PARTIAL, config=CONFIG)
            assert outcome.returncode == 0, outcome.stdout
            assert executed(outcome.stdout) == Counter(report_partial=1)
            good, bad = (str(scored), "0"), ("0", str(scored))
            assert counts(finished) == {arm: bad if arm == "broken" else good for arm in TINY["study"]["arms"]}
            report = (results / "partial/report.html").read_text(encoding="utf-8")
            assert f"{scored} of 3 repeats are scored" in report
            # Another repeat is scored; if it were not noticed, the second round would execute nothing.
            write_json(results / f"scores/r{scored}.json", {**read_json(results / "scores/r0.json"), "repeat": scored})
        assert run.poll() is None, said(finished)
    finally:
        killed(run, "both")


def test_it_executes_nothing_where_nothing_is_new(finished: Project) -> None:
    finished.write(longer(41))
    assert finished.jobs(config=CONFIG)["train_gan_dcgan"] == 3  # r0 anew
    assert finished.run(*PARTIAL, config=CONFIG).returncode == 0
    assert finished.jobs(*PARTIAL, config=CONFIG) == {}
    report = finished.results / "tiny/data/report.json"
    report.write_text(json.dumps(read_json(report)), encoding="utf-8")  # the same, but other bytes
    assert finished.jobs(*PARTIAL, config=CONFIG) == {"report_partial": 1}


def test_without_scores_it_says_so_in_one_line(project: Project) -> None:
    outcome = project.run(*PARTIAL, config=project.write(TINY))
    assert outcome.returncode == 1
    [line] = complaints(outcome.stdout)
    assert "no scores" in line
    assert "Traceback" not in outcome.stdout
    assert executed(outcome.stdout) == Counter()
