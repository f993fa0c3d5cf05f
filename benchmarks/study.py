"""A study of 100 short cells, with and without the warm process: what a cell costs beside its training.

Core time, which other work on the machine changes less than wall time. The 20 steps of a cell and the five epochs of a
GAN are in it: histories hold wall times, which may only be taken off where nothing else runs.
"""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import yaml
from _results import ROOT, publish
from pipeline import COPIED, training_seconds

PR_SET_CHILD_SUBREAPER = 36
ARMS = ["real", "duplicate", "classic", "gan"]
REPEATS, FITS = 5, 5
CELLS = len(ARMS) * REPEATS * FITS
STUDY = {
    "experiment": "short",
    "gans": {"dcgan": {"epochs": 5, "snapshots": []}},
    "study": {"arms": ARMS, "repeats": REPEATS, "fits": FITS, "steps": 20, "eval_every": 10},
    "compute": {"device": "cpu"},
}


def core_seconds() -> float:
    """User and system time of all processes that ended below this one."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def measured(folder: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Run the study in ``folder``; returns core seconds of all its processes, and wall seconds in training loops."""
    for entry in COPIED:
        source = ROOT / entry
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / entry)
    (folder / "short.yaml").write_text(yaml.safe_dump(STUDY))
    before = core_seconds()
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "short.yaml"]
    subprocess.run(command, cwd=folder, env={**os.environ, **environment}, check=True, capture_output=True)
    with suppress(ChildProcessError):
        while True:
            os.wait()
    return core_seconds() - before, training_seconds(folder / "results/short")


def main() -> None:
    # What outlives Snakemake becomes a child of this process, and its time is counted.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    raw: dict[str, float] = {"cells": CELLS}
    whole = {}
    for name, environment in (("warm", {}), ("each its own", {"GANAUG_WARM": "off"})):
        with tempfile.TemporaryDirectory() as folder:
            whole[name], training = measured(Path(folder), environment)
        raw |= {
            f"{name}: whole study, core s": whole[name],
            f"{name}: a cell, core s": whole[name] / CELLS,
            f"{name}: of the study in training loops, wall s": training,
        }
    publish("study", raw=raw, ratios={"cpu/warm over each its own": whole["warm"] / whole["each its own"]})


if __name__ == "__main__":
    main()
