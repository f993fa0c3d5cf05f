"""A GAN that two processes train together, through the rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ganaug.io import read_csv
from tests.workflow.project import Project, complaints

LEARNT = ("d_loss", "g_loss", "d_real", "d_fake", "d_gradient", "g_gradient")


def experiment(*, processes: int, batch_size: int) -> dict[str, Any]:
    gan = {
        "preset": "r3gan-32",
        "nz": 4,
        "epochs": 2,
        "batch_size": batch_size,
        "architecture": {"widest": 8, "base": 32, "blocks": 1, "group": 2},
        "mode": "conditional",
    }
    return {
        "experiment": "together",
        "data": {"per_class": 6, "validation": 4},
        "gans": {"r3gan": gan},
        "arms": {"gan": {"gan": {"name": "r3gan", "ratio": 1}}},
        "study": {"arms": ["real", "duplicate", "gan"], "repeats": 1, "steps": 4, "eval_every": 2},
        "compute": {"device": "cpu", "processes": processes},
    }


@pytest.mark.slow
def test_two_processes_leave_what_one_does(tmp_path: Path) -> None:
    project = Project.copy(tmp_path)
    record, history = (f"results/together/gan/r3gan/r0/j0/{file}" for file in ("status.json", "history.csv"))
    losses = []
    for processes in (1, 2):
        config = project.write(experiment(processes=processes, batch_size=20))
        # Sums round in another order: a result of one process is not taken for one of two.
        assert project.jobs(record, config=config)["train_gan_r3gan"] == 1
        outcome = project.run(record, config=config)
        assert outcome.returncode == 0, outcome.stdout
        rows = read_csv(tmp_path / history)
        losses.append([float(row[column]) for row in rows for column in LEARNT])
    assert losses[1] == pytest.approx(losses[0], rel=1e-4, abs=1e-5)
    outcome = project.run(record, config=project.write(experiment(processes=2, batch_size=15)))
    assert outcome.returncode == 1
    [told] = {line for line in complaints(outcome.stdout) if "batch_size" in line}
    assert told.endswith("batch_size 15 does not divide into equal parts for compute.processes 2; change one of them")
