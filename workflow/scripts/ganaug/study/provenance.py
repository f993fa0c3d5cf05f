"""Where and with what a report was made: versions, hardware, seconds a stage, digests of the code."""

from __future__ import annotations

import csv
import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "torch",
    "torchvision",
    "numpy",
    "scipy",
    "scikit-learn",
    "pillow",
    "safetensors",
    "matplotlib",
    "snakemake",
    "dvc",
    "mlflow",
)


@dataclass(frozen=True)
class StageTime:
    """What a rule's jobs took together: their number, seconds, and the largest resident memory of one in MiB."""

    rule: str
    jobs: int
    seconds: float
    peak_mib: float | None


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that are installed, without importing them."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def hardware() -> dict[str, str]:
    """The machine that runs this: operating system, processor, cores, and GPUs if nvidia-smi finds any."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"system": platform.platform(), "processor": _processor(), "cores": str(cores), "GPU": _gpu()}


def uses_gpu(device: str) -> bool:
    """Whether jobs use a GPU: ``device`` is ``cuda``, or ``auto`` where nvidia-smi is found."""
    return device == "cuda" or (device == "auto" and shutil.which("nvidia-smi") is not None)


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return match[1] if match else platform.processor() or platform.machine()


def _gpu() -> str:
    if shutil.which("nvidia-smi") is None:
        return "none"
    asked = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return "none"
    return ", ".join(answer.stdout.split("\n")).strip(", ") or "none"


def stage_times(benchmarks: Path) -> list[StageTime]:
    """Snakemake's benchmark files (``<rule>/<wildcards>.tsv``) added up by rule, longest first.

    Snakemake sees no memory of a job that runs in a child of another process (see `ganaug.warm`): what the jobs' own
    logs tell counts too. They have the same names, in the folder ``logs`` beside ``benchmarks``.
    """
    jobs: dict[str, list[dict[str, str]]] = {}
    told: dict[str, list[float]] = {}
    for path in sorted(benchmarks.rglob("*.tsv")):
        place = path.relative_to(benchmarks)
        rule = place.parts[0] if len(place.parts) > 1 else place.stem
        with path.open(newline="", encoding="utf-8") as handle:
            jobs.setdefault(rule, []).extend(csv.DictReader(handle, delimiter="\t"))
        told.setdefault(rule, []).extend(_told(benchmarks.with_name("logs") / place.with_suffix(".log")))
    times = [_stage_time(rule, rows, told[rule]) for rule, rows in jobs.items()]
    return sorted(times, key=lambda stage: (-stage.seconds, stage.rule))


def _stage_time(rule: str, rows: list[dict[str, str]], told: list[float]) -> StageTime:
    peaks = [peak for row in rows if (peak := _number(row.get("max_rss"))) is not None]
    seconds = sum(_number(row.get("s")) or 0.0 for row in rows)
    return StageTime(rule=rule, jobs=len(rows), seconds=seconds, peak_mib=max(peaks + told, default=None))


def _told(log: Path) -> list[float]:
    """The peak memory in MiB that the log of a job tells (see `ganaug.job`), if it does."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return [float(number) for number in re.findall(r"^finished in .* peak memory (\d+) MiB$", text, re.MULTILINE)]


def seconds_of(benchmark: Path) -> float | None:
    """The wall-clock seconds of one of Snakemake's benchmark files, its rows added up; None where it has none."""
    with benchmark.open(newline="", encoding="utf-8") as handle:
        found = [_number(row.get("s")) for row in csv.DictReader(handle, delimiter="\t")]
    known = [seconds for seconds in found if seconds is not None]
    return sum(known) if known else None


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
