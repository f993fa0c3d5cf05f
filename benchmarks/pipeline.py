"""The default run from nothing: its wall time, the share that is not training, a second run, a large plan."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _results import ROOT, publish

COPIED = ("Snakefile", "rules", "workflow", "config", "profiles", "envs")
LARGE_REPEATS = 167  # times the six arms of the default study: 1,002 cells


def snakemake(folder: Path, *arguments: str) -> float:
    """Run Snakemake in ``folder``; returns the seconds it took."""
    start = time.monotonic()
    subprocess.run([sys.executable, "-m", "snakemake", *arguments], cwd=folder, check=True, capture_output=True)
    return time.monotonic() - start


def training_seconds(results: Path) -> float:
    """Seconds inside training loops, over all jobs: epochs of GANs, steps and evaluations of classifiers."""
    from ganaug.io import read_csv, read_json

    total = 0.0
    for history in results.glob("gan/*/r*/j*/history.csv"):
        images = read_json(history.with_name("status.json"))["images"]
        total += sum(images[row["label"]] / float(row["images_per_second"]) for row in read_csv(history))
    for history in results.glob("cells/*/*/r*f*/history.csv"):
        total += float(read_csv(history)[-1]["seconds"])
    return total


def main() -> None:
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for entry in COPIED:
            source = ROOT / entry
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, folder / entry)
        first = snakemake(folder, "--cores", str(cores))
        training = training_seconds(folder / "results/digits")
        second = snakemake(folder, "--cores", str(cores))
        (folder / "large.yaml").write_text(f"experiment: large\nstudy: {{repeats: {LARGE_REPEATS}}}\n")
        plan = snakemake(folder, "-n", "--quiet", "--configfile", "large.yaml")
    publish(
        "pipeline",
        raw={
            "cores": cores,
            "default run, s": first,
            "training loops in it, core s": training,
            "second run, s": second,
            "dry run of 1,002 cells, s": plan,
        },
        ratios={
            "cpu/share of core time outside training": 1 - training / (first * cores),
            "cpu/second run over first": second / first,
            "cpu/dry run of 1,002 cells over first": plan / first,
        },
    )


if __name__ == "__main__":
    main()
