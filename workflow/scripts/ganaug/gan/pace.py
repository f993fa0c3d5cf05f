"""How fast a GAN trains here and how large its generator is: a few steps, measured before anything is trained."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch

from ganaug.batches import Batches
from ganaug.compute import prepare
from ganaug.config import Compute, Gan
from ganaug.gan.training import train

WARM_UP, MEASURED = 3, 8


def pace(gan: Gan, rows: Sequence[tuple[str, int]], *, classes: int, compute: Compute) -> tuple[float, int]:
    """Seconds of one training step, and bytes of one generator.

    Args:
        gan: its settings; a GAN that learns nothing by steps takes 0 seconds.
        classes: how many there are.
        rows: some real images, as pairs (path of an ``images.npy``, row in it); they are repeated to whole batches.

    Raises:
        UserError: the family cannot make images of that size.
    """
    device = prepare(compute)
    whole = [rows[k % len(rows)] for k in range(gan.batch_size)]
    times = [time.monotonic()]
    with TemporaryDirectory() as folder:
        trained = train(
            Batches(whole, device),
            torch.zeros(len(whole), dtype=torch.int64) if gan.mode == "conditional" else None,
            replace(gan, epochs=None, steps=WARM_UP + MEASURED, snapshots=()),
            classes=classes if gan.mode == "conditional" else 0,
            seed=0,
            compute=compute,
            device=device,
            resume=Path(folder, "resume.safetensors"),
            progress=lambda _: times.append(time.monotonic()),
        )
    seconds = [after - before for before, after in pairwise(times)][WARM_UP:]
    weights = trained.snapshots.get("last", {})
    return median(seconds) if seconds else 0.0, sum(tensor.nbytes for tensor in weights.values())
