"""One GAN job in several processes of this machine, a GPU each where there are GPUs, started by torchrun."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, is_dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

import ganaug
from ganaug.compute import prepare
from ganaug.config import Compute, Gan, build
from ganaug.errors import UserError
from ganaug.gan.parallel import Team
from ganaug.gan.stage import train_job
from ganaug.images import ImageFiles
from ganaug.io import exclusive, read_json, write_json, write_text

COMPLAINT = "complaint.txt"


def train_in_processes(arguments: Mapping[str, Any], *, processes: int) -> None:
    """`train_job` with those ``arguments``, in so many processes.

    Raises:
        UserError: as `train_job`, or there are fewer GPUs.
    """
    with TemporaryDirectory() as folder:
        given = Path(folder, "arguments.json")
        write_json(given, {name: asdict(one) if is_dataclass(one) else one for name, one in arguments.items()})  # type: ignore[arg-type]
        scripts = str(Path(ganaug.__file__).parents[1])
        torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
        ended = subprocess.run(
            [*torchrun, "--module", "ganaug.gan.launch", str(given)],
            env={
                "OMP_NUM_THREADS": "1",
                **os.environ,
                "PYTHONPATH": os.pathsep.join([scripts, os.environ.get("PYTHONPATH", "")]),
            },
            check=False,
        )
        complaint = given.with_name(COMPLAINT)
        if complaint.exists():
            raise UserError(complaint.read_text(encoding="utf-8"))
        if ended.returncode:
            raise RuntimeError(f"the processes of a training ended with status {ended.returncode}; see above")


def _join(arguments: Mapping[str, Any]) -> None:
    """What each of the processes does."""
    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    compute = build(Compute, arguments["compute"], "compute")
    cuda = prepare(compute).type == "cuda"
    if cuda and torch.cuda.device_count() < size:
        raise UserError(f"compute.processes: {size}, but torch can use {torch.cuda.device_count()} GPUs; lower it")
    if cuda:
        torch.cuda.set_device(rank)
    with ExitStack() as stack:
        if rank == 0:
            # They outlive the script that started them, if that is killed; its lock then is gone.
            record = arguments["record"]
            stack.enter_context(exclusive(f"{record} of processes", waiting=f"{record}: waiting for an earlier run"))
        torch.distributed.init_process_group("nccl" if cuda else "gloo")
        stack.callback(torch.distributed.destroy_process_group)
        leaked = arguments["leaked"]
        train_job(
            **{
                **arguments,
                "dev": ImageFiles(**arguments["dev"]),
                "leaked": leaked and ImageFiles(**leaked),
                "gan": build(Gan, arguments["gan"], "gans"),
                "compute": compute,
                "team": Team(rank, size),
            }
        )


if __name__ == "__main__":
    try:
        _join(read_json(sys.argv[1]))
    except UserError as error:
        write_text(Path(sys.argv[1]).with_name(COMPLAINT), str(error))
        sys.exit(1)
