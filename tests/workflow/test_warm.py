"""The warm process of a run: the same bytes with it as without, and nothing of it where nothing runs or is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from ganaug.io import digests
from tests.workflow.processes import PATIENCE_SECONDS, alive, children_of, commands_of, kill, said, start
from tests.workflow.project import TINY, Project

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no warm process on other systems")


def servers(pid: int) -> list[int]:
    """The warm processes below ``pid``, and their children."""
    return [child for child, command in commands_of(pid).items() if b"ganaug.warm" in command]


def test_the_results_are_those_of_jobs_of_their_own(tiny: Project, project: Project) -> None:
    config = project.write(TINY)
    files = ["gan/dcgan/r0/j0/status.json", "samples/dcgan/last/n12/r0/images.npy", "cells/gan/lenet5/r0f0/status.json"]
    files += ["gan/dcgan/r0/j0/G-last.safetensors", "cells/gan/lenet5/r0f0/model.safetensors"]
    outcome = subprocess.run(
        project.command(f"results/tiny/{files[2]}", config=config),
        cwd=project.folder,
        env={**project.environment(), "GANAUG_WARM": "off"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout
    ours, theirs = (digests(p.results / "tiny" / file for file in files) for p in (project, tiny))
    assert list(ours.values()) == list(theirs.values())


def test_it_ends_with_a_snakemake_that_is_killed_and_the_next_run_has_its_own(project: Project) -> None:
    config, target = project.write(TINY), "results/tiny/gan/dcgan/r0/j0/status.json"
    for _ in range(2):
        run = start(project, target, config=config)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(servers(run.pid)) < 2:  # one of them is a job
            assert run.poll() is None, said(project)
            assert time.monotonic() < deadline
            time.sleep(0.02)
        everybody = children_of(run.pid)
        kill([run.pid])
        assert run.wait(PATIENCE_SECONDS) == -signal.SIGKILL
        while any(map(alive, everybody)):
            assert time.monotonic() < deadline, "it outlives Snakemake"
            time.sleep(0.02)
        assert project.run("--unlock", config=config).returncode == 0
    outcome = project.run(target, config=config)
    assert outcome.returncode == 0, outcome.stdout
    assert not servers(os.getpid())
