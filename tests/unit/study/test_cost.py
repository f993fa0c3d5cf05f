"""What an arm costs, from benchmark files whose seconds are set here."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from ganaug.config import Compute
from ganaug.study.cost import count_cost, tabulate_cost, told_hours
from ganaug.study.tables import DASH
from ganaug.study.verdict import MINUS

JOBS = {
    "real": {
        "gan": [],
        "samples": [],
        "classic": [],
        "set": ["make_set/real"],
        "training": ["train_classifier/real/c"],
    },
    "gan": {
        "gan": ["train_gan/g"],
        "samples": ["sample_gan/g/last-n5"],
        "classic": [],
        "set": ["make_set/gan"],
        "training": ["train_classifier/gan/c"],
    },
    "mixed": {
        "gan": ["train_gan/g"],
        "samples": [],
        "classic": ["make_classic/mixed"],
        "set": ["make_set/mixed"],
        "training": ["train_classifier/mixed/c"],
    },
}


def compute(*, device: str = "cpu", threads: int = 1, processes: int = 1) -> Compute:
    return Compute(device=device, precision="fp32", threads=threads, processes=processes)  # type: ignore[arg-type]


def summary(gains: dict[str, float | None], *, repeats: int = 2) -> dict[str, Any]:
    """What `count_cost` reads of a summary."""
    return {
        "repeats": {"planned": 6, "scored": repeats, "fits": 1},
        "arms": {arm: {"c": {}} for arm in JOBS},
        "cells": [{"repeat": r} for r in range(repeats) for _ in JOBS],
        "comparisons": {"c": {arm: {"real": {"mean": gain}} for arm, gain in gains.items()}},
    }


def write(folder: Path, seconds: dict[str, float]) -> Path:
    for name, took in seconds.items():
        path = folder / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\tmax_rss\n{took}\t0:00:00\t1.0\n", encoding="utf-8")
    return folder


def whole(folder: Path) -> Path:
    """Two repeats: training 36 s, listing 0, a GAN of two jobs 360 s together, samples 72 s, classic images 36 s."""
    files: dict[str, float] = {}
    for r in (0, 1):
        files |= {f"train_classifier/{arm}/c/r{r}f0": 36.0 for arm in JOBS}
        files |= {f"make_set/{arm}-r{r}": 0.0 for arm in JOBS}
        files |= {f"train_gan/g-r{r}-j0": 300.0, f"train_gan/g-r{r}-j1": 60.0, f"train_gan/g-r1-r{r}-j0": 9999.0}
        files |= {f"sample_gan/g/last-n5-r{r}": 72.0, f"make_classic/mixed-r{r}": 36.0}
    # Of a fit and a repeat that the study no longer has.
    files |= {"train_classifier/gan/c/r0f1": 9999.0, "train_gan/g-r7-j0": 9999.0}
    return write(folder, files)


def test_hours_are_added_up_and_divided_by_the_points_gained(tmp_path: Path) -> None:
    costs = count_cost(whole(tmp_path), jobs=JOBS, summary=summary({"gan": 0.02, "mixed": -0.01}), compute=compute())
    real, gan, mixed = costs.rows
    assert costs.unit == "CPU"
    assert real.total == pytest.approx(2 * 36 / 3600)
    assert (real.beyond_real, real.a_point) == (None, None)
    assert gan.hours["gan"] == pytest.approx(0.2)
    assert gan.hours["samples"] == pytest.approx(0.04)
    assert gan.hours["training"] == pytest.approx(0.02)
    assert gan.total == pytest.approx(0.26)
    # Each of two repeats takes 0.12 hours more than real, and gains 2 points.
    assert gan.beyond_real == pytest.approx(0.12)
    assert gan.a_point == pytest.approx(0.06)
    assert mixed.total == pytest.approx(0.24)
    assert (mixed.gain, mixed.a_point) == (-0.01, None)
    assert costs.shared == ("the GAN g (gan, mixed)",)


def test_cores_are_counted_and_processes_of_a_gan(tmp_path: Path) -> None:
    several = compute(threads=2, processes=3)
    rows = count_cost(whole(tmp_path), jobs=JOBS, summary=summary({}), compute=several).rows
    assert rows[1].hours["gan"] == pytest.approx(6 * 0.2)
    assert rows[1].hours["training"] == pytest.approx(2 * 0.02)
    assert rows[2].hours["classic"] == pytest.approx(0.02)
    on_gpus = count_cost(
        tmp_path, jobs=JOBS, summary=summary({}), compute=compute(device="cuda", threads=2, processes=3)
    )
    assert on_gpus.unit == "GPU"
    assert on_gpus.rows[1].hours["gan"] == pytest.approx(3 * 0.2)
    assert on_gpus.rows[1].hours["training"] == pytest.approx(0.02)


def test_a_job_without_a_time_makes_no_number(tmp_path: Path) -> None:
    whole(tmp_path)
    (tmp_path / "sample_gan/g/last-n5-r1.tsv").unlink()
    gan = count_cost(tmp_path, jobs=JOBS, summary=summary({"gan": 0.02}), compute=compute()).rows[1]
    assert (gan.hours["samples"], gan.total, gan.a_point) == (None, None, None)
    nothing = count_cost(tmp_path / "missing", jobs=JOBS, summary=summary({"gan": 0.02}), compute=compute())
    assert [one.total for one in nothing.rows] == [None] * 3
    assert nothing.everything == 0


def test_the_tables(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text(json.dumps(summary({"gan": 0.02, "mixed": None})), encoding="utf-8")
    costs = tabulate_cost(
        whole(tmp_path / "benchmarks"),
        jobs=JOBS,
        summary=tmp_path / "summary.json",
        compute=compute(),
        tables=tmp_path / "tables",
    )
    with (tmp_path / "tables/cost.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert [(row["arm"], row["unit"], row["repeats"]) for row in rows] == [(arm, "CPU", "2") for arm in JOBS]
    assert float(rows[1]["hours_a_point"]) == pytest.approx(0.06)
    assert rows[2]["hours_a_point"] == ""
    assert costs.lines[2][-4:] == ["0.2600", "0.1200", "+2.0", "0.0600"]
    assert "| gan | c | 0.2000 | 0.0400 | 0 | 0 | 0.0200 | 0.2600 |" in (tmp_path / "tables/cost.md").read_text()
    assert r"\toprule" in (tmp_path / "tables/cost.tex").read_text()


@pytest.mark.parametrize(
    ("hours", "said"),
    [(None, DASH), (0.0, "0"), (0.00123, "0.0012"), (-0.5, f"{MINUS}0.5000"), (12.344, "12.34"), (123.4, "123")],
)
def test_hours_in_words(hours: float | None, said: str) -> None:
    assert told_hours(hours) == said
