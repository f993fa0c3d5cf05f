"""Setting torch up so that the same seed gives the same bytes."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from ganaug.config import Compute
from ganaug.errors import UserError

if TYPE_CHECKING:
    import torch


def prepare(compute: Compute) -> torch.device:
    """Fix the number of threads and the deterministic kernels, and return the device to train on.

    Raises:
        UserError: ``cuda`` is asked for and there is none.
    """
    import torch

    torch.set_num_threads(compute.threads)
    available = torch.cuda.is_available()
    if compute.device == "cuda" and not available:
        raise UserError("compute.device: cuda, but this machine has no GPU that torch can use; set it to auto or cpu")
    if not available or compute.device == "cpu":
        return torch.device("cpu")
    # Read when CUDA starts; without it matrix products are not repeatable.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.benchmark = False
    # fp32 is fp32: by default convolutions would round their inputs to TF32.
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.use_deterministic_algorithms(True, warn_only=True)
    return torch.device("cuda")


def autocast(device: torch.device, compute: Compute) -> AbstractContextManager[None]:
    """The context that the forward passes run in: bf16 where the config asks for it, else nothing."""
    import torch

    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=compute.precision == "bf16")
