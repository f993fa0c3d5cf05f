"""What an arm costs: hours of computing, and hours for each point that it gains over `real`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganaug.config import Compute
from ganaug.io import read_json, write_csv, write_text
from ganaug.study.provenance import seconds_of, stage_times, uses_gpu
from ganaug.study.tables import DASH, Grid, Row, latex, markdown
from ganaug.study.verdict import MINUS, REAL, points

STAGES = {
    "gan": "GAN training",
    "samples": "samples",
    "classic": "classic images",
    "set": "listing the set",
    "training": "classifier training",
}
# Of the stage ``samples``, jobs that are given one core whatever others are.
ONE_CORE = ("measure_samples/", "pick_snapshot/")
FIELDS = (
    *("arm", "classifier", "unit", "repeats"),
    *(f"{stage}_hours" for stage in STAGES),
    *("hours", "hours_beyond_real_a_repeat", "gain", "hours_a_point"),
)


@dataclass(frozen=True)
class Cost:
    """What one arm and classifier took, over all repeats and fits.

    Attributes:
        hours: by stage of `STAGES`; None where a job of a repeat left no time.
        total: all of it; None where a stage is.
        beyond_real: hours a repeat that it takes more than ``real``.
        gain: mean difference in test accuracy to ``real``, in units of accuracy.
        a_point: ``beyond_real`` divided by the gain in percentage points; None where there is no gain.
    """

    arm: str
    classifier: str
    repeats: int
    hours: Mapping[str, float | None]
    total: float | None
    beyond_real: float | None
    gain: float | None
    a_point: float | None


@dataclass(frozen=True)
class Costs:
    """The costs of a study.

    Attributes:
        unit: ``CPU`` or ``GPU``.
        rows: one an arm and classifier.
        shared: jobs that several arms need, in words; each of these arms counts them in full.
        everything: the wall-clock hours of all jobs of the experiment, each once.
    """

    unit: str
    rows: tuple[Cost, ...]
    shared: tuple[str, ...]
    everything: float

    @property
    def lines(self) -> Grid:
        """The table as text, its header first."""
        head = ["arm", "classifier", *STAGES.values(), f"{self.unit} hours"]
        grid = [[*head, "beyond real, a repeat", "gain", "hours a point gained"]]
        for one in self.rows:
            told = [told_hours(one.hours[stage]) for stage in STAGES]
            gain = DASH if one.gain is None else points(one.gain)
            last = [told_hours(one.total), told_hours(one.beyond_real), gain, told_hours(one.a_point)]
            grid.append([one.arm, one.classifier, *told, *last])
        return grid


def tabulate_cost(
    benchmarks: Path,
    *,
    jobs: Mapping[str, Mapping[str, Sequence[str]]],
    summary: Path,
    compute: Compute,
    tables: Path,
) -> Costs:
    """Write ``cost.csv``, ``.md`` and ``.tex`` into the folder ``tables``, and return what they say.

    Args:
        benchmarks: the folder of Snakemake's benchmark files, each of the last run of its job; it may be missing.
        jobs: of each arm and stage of `STAGES` the names of the files, without ``-r0.tsv`` or ``/r0f0.tsv``; those
            of training end with the classifier.
        summary: ``summary.json`` of the study.
        compute: what every job was given.
    """
    costs = count_cost(benchmarks, jobs=jobs, summary=read_json(summary), compute=compute)
    write_csv(tables / "cost.csv", FIELDS, (cost_row(one, costs.unit) for one in costs.rows))
    write_text(tables / "cost.md", markdown(costs.lines))
    write_text(tables / "cost.tex", latex(costs.lines))
    return costs


def count_cost(
    benchmarks: Path, *, jobs: Mapping[str, Mapping[str, Sequence[str]]], summary: Mapping[str, Any], compute: Compute
) -> Costs:
    """The costs of the repeats that ``summary`` tells of: wall-clock seconds times the cores or GPUs of a job."""
    gpu = uses_gpu(compute.device)
    threads = 1 if gpu else compute.threads
    each = {"gan": threads * compute.processes, "samples": threads, "classic": 1, "set": 1, "training": threads}

    def cores(name: str, stage: str) -> int:
        return 1 if name.startswith(ONE_CORE) else each[stage]

    repeats = sorted({cell["repeat"] for cell in summary["cells"]})
    fits = summary["repeats"]["fits"]
    times = _times(benchmarks)
    spent = {
        (arm, classifier): {
            stage: _hours(
                {name: cores(name, stage) for name in _names(stages[stage], stage, classifier)}, times, repeats, fits
            )
            for stage in STAGES
        }
        for classifier in dict.fromkeys(name for own in summary["arms"].values() for name in own)
        for arm, stages in jobs.items()
        if classifier in summary["arms"].get(arm, {})
    }
    rows = tuple(
        _cost(arm, classifier, hours, _total(spent.get((REAL, classifier), {})), len(repeats), summary)
        for (arm, classifier), hours in spent.items()
    )
    return Costs(
        unit="GPU" if gpu else "CPU",
        rows=rows,
        shared=tuple(_shared(jobs)),
        everything=sum(stage.seconds for stage in stage_times(benchmarks)) / 3600,
    )


def _times(benchmarks: Path) -> dict[str, float]:
    found = {
        path.relative_to(benchmarks).with_suffix("").as_posix(): seconds_of(path) for path in benchmarks.rglob("*.tsv")
    }
    return {name: seconds for name, seconds in found.items() if seconds is not None}


def _names(names: Sequence[str], stage: str, classifier: str) -> list[str]:
    return [name for name in names if stage != "training" or name.endswith(f"/{classifier}")]


def _hours(names: Mapping[str, int], times: Mapping[str, float], repeats: Sequence[int], fits: int) -> float | None:
    """The hours of all jobs of these names, each times its cores; None where a repeat has no time of one."""
    seconds = 0.0
    for name, cores in names.items():
        end = re.compile(re.escape(name) + r"(?:-r(\d+)(?:-j\d+)?|/r(\d+)f(\d+))")
        found: dict[int, float] = {}
        for path, took in times.items():
            match = end.fullmatch(path)
            if match and int(match[3] or 0) < fits:
                repeat = int(match[1] or match[2])
                found[repeat] = found.get(repeat, 0.0) + took
        if not set(repeats) <= found.keys():
            return None
        seconds += cores * sum(found[repeat] for repeat in repeats)
    return seconds / 3600


def _total(hours: Mapping[str, float | None]) -> float | None:
    known = [value for value in hours.values() if value is not None]
    return sum(known) if known and len(known) == len(hours) else None


def _cost(
    arm: str,
    classifier: str,
    hours: Mapping[str, float | None],
    real: float | None,
    repeats: int,
    summary: Mapping[str, Any],
) -> Cost:
    total = _total(hours)
    against = summary["comparisons"].get(classifier, {}).get(arm, {}).get(REAL)
    gain = against["mean"] if against else None
    beyond = None if total is None or real is None or arm == REAL else (total - real) / repeats
    return Cost(
        arm=arm,
        classifier=classifier,
        repeats=repeats,
        hours=hours,
        total=total,
        beyond_real=beyond,
        gain=gain,
        a_point=None if beyond is None or gain is None or gain <= 0 else max(0.0, beyond) / (100 * gain),
    )


def _shared(jobs: Mapping[str, Mapping[str, Sequence[str]]]) -> list[str]:
    users: dict[str, list[str]] = {}
    for arm, stages in jobs.items():
        for name in (*stages["gan"], *stages["samples"]):
            users.setdefault(name, []).append(arm)
    told = []
    for name, arms in users.items():
        rule, _, what = name.partition("/")
        if len(arms) > 1 and rule in ("train_gan", "sample_gan"):
            kind = "the GAN" if rule == "train_gan" else "the samples"
            told.append(f"{kind} {what} ({', '.join(arms)})")
    return told


def cost_row(one: Cost, unit: str) -> Row:
    """A cost as one flat row; gain in units of accuracy, ``hours_a_point`` for each percentage point."""
    return {
        "arm": one.arm,
        "classifier": one.classifier,
        "unit": unit,
        "repeats": one.repeats,
        **{f"{stage}_hours": hours for stage, hours in one.hours.items()},
        "hours": one.total,
        "hours_beyond_real_a_repeat": one.beyond_real,
        "gain": one.gain,
        "hours_a_point": one.a_point,
    }


def told_hours(hours: float | None) -> str:
    """Hours with as many places as tell seconds apart where they are few."""
    if hours is None:
        return DASH
    return (
        "0"
        if hours == 0
        else f"{hours:z.{0 if abs(hours) >= 100 else 2 if abs(hours) >= 1 else 4}f}".replace("-", MINUS)
    )
