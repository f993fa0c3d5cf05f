"""What Snakemake runs when `make settle` adds a repeat."""

from __future__ import annotations

from pathlib import Path

from tests.workflow.project import TINY, Project


def test_one_more_repeat_trains_nothing_of_the_others(tiny: Project, tmp_path: Path) -> None:
    added = tmp_path / "added.yaml"
    added.write_text("study: {repeats: 2, settle: 30}\n")
    jobs = tiny.jobs("--configfile", "config/experiments/tiny.yaml", str(added))
    arms = len(TINY["study"]["arms"])
    assert jobs["make_set"] == jobs["train_classifier"] == arms
    assert jobs["split_repeat"] == jobs["score_repeat"] == 1
    assert {jobs[f"train_gan_{name}"] for name in ("dcgan", "identity", "broken")} == {1}
    assert not jobs.keys() & {"download_source", "preprocess_images"}
    # the same study with the decisions of every look: tables and report alone
    added.write_text("study: {repeats: 1, settle: 30}\n")
    jobs = tiny.jobs("--configfile", "config/experiments/tiny.yaml", str(added))
    assert {"tabulate_scores", "write_report"} <= jobs.keys()
    assert not {name for name in jobs if name.startswith(("train", "sample", "score", "make"))}
