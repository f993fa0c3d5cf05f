"""Killed at any moment and restarted, a run ends with the same digests as one that was left alone."""

from __future__ import annotations

import copy
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from ganaug.io import digest, read_csv
from tests.workflow.project import TINY, Project

CONFIG = "config/experiments/tiny.yaml"
PATIENCE_SECONDS = 300.0


def children_of(pid: int) -> list[int]:
    """The living processes that ``pid`` started, and those that they started."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0] != "Z":
            parents[int(stat.parent.name)] = int(fields[1])
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        own = [child for child, of in parents.items() if of == parent]
        found += own
        waiting += own
    return found


def scripts_of(pid: int, name: str) -> list[int]:
    """Those of its children that run a script of the pipeline whose file name holds ``name``."""
    found = []
    for child in children_of(pid):
        try:
            command = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if command[0].endswith(b"python") and any(
            b".snakemake/scripts/" in part and name.encode() in part for part in command
        ):
            found.append(child)
    return found


def kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def start(project: Project, *targets: str) -> subprocess.Popen[bytes]:
    log = (project.folder / "output.txt").open("ab")
    with log:
        return subprocess.Popen(
            project.command(*targets, config=CONFIG),
            cwd=project.folder,
            env=project.environment(),
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def killed(run: subprocess.Popen[bytes], victim: str) -> None:
    """SIGKILL one job, Snakemake, or both; come back when nothing of the run is alive."""
    children = children_of(run.pid)
    jobs = scripts_of(run.pid, "")
    if victim in ("snakemake", "both"):
        kill([run.pid])
    if victim == "job":
        kill(jobs[:1])
    if victim == "both":
        kill(children)
    deadline = time.monotonic() + PATIENCE_SECONDS
    run.wait(PATIENCE_SECONDS)
    while any(map(alive, children)):
        assert time.monotonic() < deadline, "an orphan does not end"
        time.sleep(0.05)


def unlock(project: Project) -> None:
    outcome = project.run("--unlock", config=CONFIG)
    assert outcome.returncode == 0, outcome.stdout


def artefacts(results: Path, patterns: list[str]) -> dict[str, str]:
    return {
        path.relative_to(results).as_posix(): digest(path) for pattern in patterns for path in results.glob(pattern)
    }


def copy_with_frequent_checkpoints(folder: Path) -> Project:
    project = Project.copy(folder)
    training = project.library / "gan/training.py"
    text = training.read_text(encoding="utf-8")
    assert "CHECKPOINT_SECONDS = 5.0" in text
    training.write_text(text.replace("CHECKPOINT_SECONDS = 5.0", "CHECKPOINT_SECONDS = 0.02"), encoding="utf-8")
    return project


def test_a_run_that_is_killed_ends_as_one_that_is_not(tiny: Project, tmp_path: Path) -> None:
    """Snakemake and a GAN's training are killed together; the study has fewer arms, which must not matter either."""
    project = copy_with_frequent_checkpoints(tmp_path)
    fewer = copy.deepcopy(TINY)
    fewer["study"] |= {"arms": ["real", "duplicate", "classic", "gan"]}
    project.write(fewer)
    target = "results/tiny/scores/r0.json"
    run = start(project, target)
    while not list(project.folder.glob(".ganaug/resume/*/training-*.safetensors")):
        assert run.poll() is None, (project.folder / "output.txt").read_text(encoding="utf-8")
        time.sleep(0.01)
    time.sleep(random.Random(0).uniform(0, 0.5))
    killed(run, "both")
    assert run.returncode == -signal.SIGKILL
    assert list(project.folder.glob(".ganaug/resume/*/*.safetensors"))
    assert not list(project.results.glob("tiny/gan/dcgan/r0/j0/G-*"))
    unlock(project)
    outcome = project.run(target, config=CONFIG)
    assert outcome.returncode == 0, outcome.stdout
    assert not list(project.folder.glob(".ganaug/resume/*/*"))

    patterns = [
        "data/r0.csv",
        "data/p0/*/*",
        "sets/*/r0.csv",
        "samples/*/*/*/r0/*.[nc][ps][yv]",
        "classic/*/r0/*.[nc][ps][yv]",
    ]
    patterns += ["gan/*/r0/j0/G-*", "cells/*/*/r0f0/*.safetensors"]
    ours, theirs = artefacts(project.results / "tiny", patterns), artefacts(tiny.results / "tiny", patterns)
    assert len(ours) == 1 + 4 + 4 + 2 + 2 + 2 + 2 * 4  # split, image sets, sets, samples, classic, GAN, cells
    assert ours == {name: theirs[name] for name in ours}
    predictions, of_all = (read_csv(p.results / "tiny/scores/r0-predictions.csv") for p in (project, tiny))
    assert predictions == [{name: row[name] for name in predictions[0]} for row in of_all]
    probabilities, of_all_arms = (np.load(p.results / "tiny/scores/r0-probabilities.npy") for p in (project, tiny))
    chosen = [TINY["study"]["arms"].index(arm) for arm in fewer["study"]["arms"]]
    assert np.array_equal(probabilities, of_all_arms[chosen])


@pytest.mark.slow
def test_ten_kills_change_nothing(tiny: Project, tmp_path: Path) -> None:
    project = copy_with_frequent_checkpoints(tmp_path)
    project.write(TINY)
    draw = random.Random(1)
    victims = [*["job", "snakemake", "both"] * 3, "job"]
    draw.shuffle(victims)
    for victim in victims:
        run = start(project)
        before = time.monotonic()
        delay = draw.uniform(4, 9)
        while time.monotonic() - before < delay or not scripts_of(run.pid, ""):
            assert run.poll() is None, (project.folder / "output.txt").read_text(encoding="utf-8")
            time.sleep(0.02)
        killed(run, victim)
        assert run.returncode != 0
        unlock(project)
    outcome = project.run(config=CONFIG)
    assert outcome.returncode == 0, outcome.stdout
    patterns = [
        "data/**/*.npy",
        "data/**/*.csv",
        "sets/**/*.csv",
        "samples/**/*.npy",
        "samples/**/*.csv",
        "classic/**/*.npy",
    ]
    patterns += ["gan/**/*.safetensors", "cells/**/*.safetensors", "scores/*.csv", "scores/*.npy"]
    ours, theirs = artefacts(project.results / "tiny", patterns), artefacts(tiny.results / "tiny", patterns)
    assert len(ours) == 5 + 9 + 10 + 2 + 4 + 18 + 2  # data, sets, samples, classic, GANs, cells, scores
    assert ours == theirs
