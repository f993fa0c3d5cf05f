"""A tiny digits project under git and DVC, and what its engines did in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.workflow.project import ROOT, Project, jobs_of

DVC_PARTS = (".dvc/config", ".dvc/.gitignore", ".dvc/plots", ".dvcignore", ".gitignore", "dvc.yaml")
TARGETS = ("all", "data_all", "gan_all", "train_all")
TINY: dict[str, Any] = {
    "data": {"per_class": 6, "validation": 4},
    "gans": {"dcgan": {"epochs": 3, "batch_size": 6, "nz": 8, "architecture": {"ngf": 4, "ndf": 4}, "snapshots": []}},
    "study": {"arms": ["real", "duplicate", "gan"], "repeats": 2, "steps": 6, "eval_every": 3},
    "compute": {"device": "cpu"},
}


@dataclass(frozen=True)
class Repository:
    """A work tree of git with the pipeline in it."""

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> Repository:
        """A copy of the pipeline whose config/config.yaml is tiny, committed on the branch main."""
        Project.copy(folder)
        for part in DVC_PARTS:
            (folder / part).parent.mkdir(exist_ok=True)
            (shutil.copytree if (ROOT / part).is_dir() else shutil.copy)(ROOT / part, folder / part)
        repository = cls(folder)
        repository.configure(TINY)
        repository.git("init", "--quiet", "--initial-branch", "main")
        repository.commit("the pipeline")
        return repository

    def clone(self, folder: Path) -> Repository:
        self.git("clone", "--quiet", str(self.folder), str(folder))
        return Repository(folder)

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change keys of config/config.yaml."""
        path = self.folder / "config/config.yaml"
        changed = merged(yaml.safe_load(path.read_text(encoding="utf-8")), changes)
        path.write_text(yaml.safe_dump(changed, sort_keys=False), encoding="utf-8")

    def git(self, *arguments: str) -> str:
        return self._run("git", *arguments)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def dvc(self, *arguments: str) -> str:
        return self._run(sys.executable, "-m", "dvc", *arguments)

    def repro(self) -> Counter[str]:
        """`dvc repro`; the jobs that Snakemake executed in it, by rule."""
        return executed(self.dvc("repro"))

    def snakemake(self) -> Counter[str]:
        """`snakemake`; the jobs that it executed, by rule."""
        return executed(self._snakemake())

    def planned(self) -> dict[str, int]:
        """The jobs that `snakemake` would execute, by rule."""
        jobs = jobs_of(self._snakemake("--dry-run", "--quiet", "rules"))
        return {rule: count for rule, count in jobs.items() if rule not in TARGETS}

    def assert_nothing_to_do(self) -> None:
        """Both engines agree that all is up to date, and executing them leaves it so."""
        assert self.snakemake() == Counter()
        assert self.dvc("status").strip() == "Data and pipelines are up to date."
        assert self.git("status", "--porcelain") == ""

    def _snakemake(self, *arguments: str) -> str:
        return self._run(sys.executable, "-m", "snakemake", "--cores", "2", *arguments)

    def _run(self, *command: str) -> str:
        """Run a command to its successful end; its standard output and error as one text."""
        # Within a git hook git's own variables would point to another repository.
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("GIT_", "DVC_", "SNAKEMAKE_"))}
        person = {
            f"GIT_{role}_{what}": "test@localhost" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        environment = {
            **kept,
            **person,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "DVC_SITE_CACHE_DIR": str(self.folder.parent / "dvc-site-cache"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
        return done.stdout


def executed(output: str) -> Counter[str]:
    """The jobs that Snakemake reports as finished, by rule."""
    rules = re.findall(r"^Finished jobid: \d+ \(Rule: (\w+)\)", output, re.MULTILINE)
    return Counter(rule for rule in rules if rule not in TARGETS)


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes``: mappings are merged, all else is replaced."""
    both = {
        key: merged(base[key], value) if isinstance(value, Mapping) and isinstance(base.get(key), Mapping) else value
        for key, value in changes.items()
    }
    return {**base, **both}
