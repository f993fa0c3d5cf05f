"""Benchmarks added up, versions and hardware looked up."""

from __future__ import annotations

import platform
from pathlib import Path

from ganaug.study.provenance import StageTime, hardware, stage_times, versions


def test_benchmarks_are_added_up_by_rule(tmp_path: Path) -> None:
    for name, seconds, memory in (("split/r0", "1.5", "100"), ("split/r1", "2.5", "-"), ("train/gan/r0", "9", "NA")):
        path = tmp_path / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:01\t{memory}\n")
    (tmp_path / "download.tsv").write_text("s\th:m:s\tmax_rss\n0.5\t0:00:00\t50\n")
    assert stage_times(tmp_path) == [
        StageTime("train", 1, 9.0, None),
        StageTime("split", 2, 4.0, 100.0),
        StageTime("download", 1, 0.5, 50.0),
    ]


def test_the_memory_that_a_job_tells_counts_too(tmp_path: Path) -> None:
    for name, memory, said in (
        ("r0", "25.7", "finished in 1.5 s, peak memory 410 MiB\n"),
        ("r1", "25.9", "ganaug: it failed\n"),
        ("r2", "500", "finished in 0.1 s, peak memory 90 MiB\n"),
    ):
        for kind, text in (("benchmarks", f"s\th:m:s\tmax_rss\n1\t0:00:01\t{memory}\n"), ("logs", said)):
            path = tmp_path / kind / f"{name}-rule/a/b.{'tsv' if kind == 'benchmarks' else 'log'}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    assert stage_times(tmp_path / "benchmarks") == [
        StageTime("r0-rule", 1, 1.0, 410.0),
        StageTime("r1-rule", 1, 1.0, 25.9),
        StageTime("r2-rule", 1, 1.0, 500.0),
    ]


def test_no_benchmarks_are_no_stages(tmp_path: Path) -> None:
    assert stage_times(tmp_path / "missing") == []


def test_versions_and_hardware_are_told() -> None:
    assert versions()["python"] == platform.python_version()
    assert versions()["numpy"][0].isdigit()
    assert int(hardware()["cores"]) >= 1
