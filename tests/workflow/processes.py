"""Snakemake in the background, and the end of it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.workflow.project import Project

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
    return [
        child
        for child, command in commands_of(pid).items()
        if command[0].endswith(b"python")
        and any(b".snakemake/scripts/" in part and name.encode() in part for part in command)
    ]


def commands_of(pid: int) -> dict[int, list[bytes]]:
    """The command lines of its children."""
    found = {}
    for child in children_of(pid):
        try:
            found[child] = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
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


def start(project: Project, *targets: str, config: str) -> subprocess.Popen[bytes]:
    """Run Snakemake in the background; what it says goes to `said`."""
    with (project.folder / "output.txt").open("ab") as log:
        return subprocess.Popen(
            project.command(*targets, config=config),
            cwd=project.folder,
            env=project.environment(),
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def said(project: Project) -> str:
    """What the runs of `start` said so far."""
    return (project.folder / "output.txt").read_text(encoding="utf-8")


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
