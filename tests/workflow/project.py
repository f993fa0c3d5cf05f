"""A copy of the pipeline in a folder of its own, and how a person runs it there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("Snakefile", "rules", "workflow", "config", "profiles", "envs")


@dataclass(frozen=True)
class Project:
    """The pipeline in a folder of its own."""

    folder: Path

    @classmethod
    def copy(cls, folder: Path) -> Project:
        """The pipeline of this repository, without results."""
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
        for part in PARTS:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, folder / part, ignore=ignored)
            else:
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / part, folder / part)
        return cls(folder)

    def copied(self, folder: Path) -> Project:
        """This project with its results and what Snakemake knows of them."""
        shutil.copytree(self.folder, folder)
        return Project(folder)

    @property
    def results(self) -> Path:
        return self.folder / "results"

    @property
    def library(self) -> Path:
        return self.folder / "workflow/scripts/ganaug"

    def write(self, experiment: Mapping[str, Any]) -> str:
        """Write the config of an experiment; returns its path, as `run` takes it."""
        path = f"config/experiments/{experiment['experiment']}.yaml"
        (self.folder / path).write_text(yaml.safe_dump(dict(experiment)), encoding="utf-8")
        return path

    def command(self, *arguments: str, config: str | None = None) -> list[str]:
        chosen = ["--configfile", config] if config else []
        return [sys.executable, "-m", "snakemake", "--cores", "2", *arguments, *chosen]

    def environment(self, mirror: str | None = None) -> dict[str, str]:
        unwanted = ("PYTHONPATH", "GANAUG_MIRROR", "SNAKEMAKE_PROFILE")
        kept = {name: value for name, value in os.environ.items() if name not in unwanted}
        return {**kept, "GANAUG_MIRROR": mirror} if mirror else kept

    def run(
        self, *arguments: str, config: str | None = None, mirror: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run Snakemake to its end; stdout and stderr come back as one text in ``stdout``."""
        return subprocess.run(
            self.command(*arguments, config=config),
            cwd=self.folder,
            env=self.environment(mirror),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def jobs(self, *arguments: str, config: str | None = None) -> dict[str, int]:
        """The rules that a run would execute now, and how often."""
        outcome = self.run(*arguments, "--dry-run", "--quiet", "rules", config=config)
        assert outcome.returncode == 0, outcome.stdout
        return jobs_of(outcome.stdout)


def jobs_of(output: str) -> dict[str, int]:
    """The rows of Snakemake's table of jobs."""
    lines = iter(output.splitlines())
    counts = {}
    if any(line.split() == ["job", "count"] for line in lines):
        next(lines)
        for name, count in map(str.split, iter(lambda: next(lines), "")):
            counts[name] = int(count)
        del counts["total"]
    return counts


def complaints(output: str) -> list[str]:
    """The lines that speak to the user."""
    return [line for line in output.splitlines() if line.startswith("ganaug: ")]


TINY: dict[str, Any] = {
    "experiment": "tiny",
    "data": {"per_class": 6, "validation": 4},
    "gans": {
        "dcgan": {"epochs": 40, "batch_size": 6, "nz": 8, "architecture": {"ngf": 4, "ndf": 4}, "snapshots": [20]},
        "identity": {"preset": "identity"},
        "broken": {
            "preset": "dcgan-32",
            "epochs": 4,
            "batch_size": 6,
            "nz": 8,
            "architecture": {"ngf": 4, "ndf": 4},
            "lr_g": 1.0e30,
            "lr_d": 1.0e30,
        },
    },
    "arms": {
        "classic": {"classic": {"ratio": 2}},
        "gan": {"gan": {"ratio": 2}},
        "mixed": {"classic": {"ratio": 1}, "gan": {"ratio": 1, "snapshot": 20}},
        "synthetic": {"gan": {"ratio": 2}},
        "copied": {"gan": {"name": "identity", "ratio": 2}},
        "copied-only": {"real": False, "gan": {"name": "identity", "ratio": 1}},
        "broken": {"gan": {"name": "broken", "ratio": 2}},
    },
    "study": {
        "arms": ["real", "duplicate", "classic", "gan", "mixed", "synthetic", "copied", "copied-only", "broken"],
        "repeats": 1,
        "steps": 6,
        "eval_every": 3,
    },
    "compute": {"device": "cpu"},
}


def images_folder(root: Path, classes: Mapping[str, int], *, size: int = 16, seed: int = 0) -> Path:
    """Class folders of random grey PNG images; class k is brighter than class k - 1."""
    draw = np.random.default_rng(seed)
    for k, (label, count) in enumerate(classes.items()):
        (root / label).mkdir(parents=True)
        for i in range(count):
            pixels = draw.integers(0, 128, (size, size)) + 100 * (k % 2)
            Image.fromarray(pixels.astype(np.uint8)).save(root / label / f"{i:03d}.png")
    return root
