"""Killed at any moment and restarted, a run ends with the same digests as one that was left alone."""

from __future__ import annotations

import copy
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from ganaug.io import digest, read_csv
from tests.workflow.processes import killed, said, scripts_of, start
from tests.workflow.project import TINY, Project

CONFIG = "config/experiments/tiny.yaml"
TORN = (
    *("data/r0.csv", "data/p0/dev/images.npy", "sets/real/r0.csv", "classic/classic/r0/index.csv"),
    *("gan/dcgan/r0/j0/G-last.safetensors", "samples/dcgan/last/n12/r0/images.npy"),
    *("cells/real/lenet5/r0f0/model.safetensors", "cells/real/lenet5/r0f0/status.json"),
    *("scores/r0.json", "scores/r0-predictions.csv", "scores/r0-probabilities.npy"),
)


def unlock(project: Project) -> None:
    outcome = project.run("--unlock", config=CONFIG)
    assert outcome.returncode == 0, outcome.stdout


def artefacts(results: Path, patterns: list[str]) -> dict[str, str]:
    """The digests of the files that match. What begins with a dot is no result: a killed job was writing it."""
    found = [path for pattern in patterns for path in results.glob(pattern) if not path.name.startswith(".")]
    return {path.relative_to(results).as_posix(): digest(path) for path in found}


def tear(results: Path) -> list[Path]:
    """Leave what a kill leaves at its worst: of every kind of file, one that was half written (see `io.atomic`)."""
    torn = []
    for name in TORN:
        path = results / name
        path.parent.mkdir(parents=True, exist_ok=True)
        torn.append(path.with_name(f".{path.name}.torn{path.suffix}"))
        torn[-1].write_bytes(b"torn")
    return torn


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
    run = start(project, target, config=CONFIG)
    while not list(project.folder.glob(".ganaug/resume/*/training-*.safetensors")):
        assert run.poll() is None, said(project)
        time.sleep(0.01)
    time.sleep(random.Random(0).uniform(0, 0.5))
    killed(run, "both")
    assert run.returncode == -signal.SIGKILL
    assert list(project.folder.glob(".ganaug/resume/*/*.safetensors"))
    assert not list(project.results.glob("tiny/gan/dcgan/r0/j0/G-*"))
    torn = tear(project.results / "tiny")
    unlock(project)
    outcome = project.run(target, config=CONFIG)
    assert outcome.returncode == 0, outcome.stdout
    assert {path.read_bytes() for path in torn} == {b"torn"}  # nobody took them up or built on them
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
        run = start(project, config=CONFIG)
        before = time.monotonic()
        delay = draw.uniform(4, 9)
        while time.monotonic() - before < delay or not scripts_of(run.pid, ""):
            assert run.poll() is None, said(project)
            time.sleep(0.02)
        killed(run, victim)
        assert run.returncode != 0
        tear(project.results / "tiny")
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
    # data, sets, samples, classic, generators and discriminators, cells, scores
    assert len(ours) == 5 + 9 + 10 + 2 + (4 + 3) + 18 + 2
    assert ours == theirs
