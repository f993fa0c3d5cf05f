from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from ganaug.batches import Batches
from ganaug.config import Compute, Gan, build
from ganaug.gan.training import Start, Trained, train
from tests.unit.kills import until

CONFIG = Path(__file__).resolve().parents[3] / "config"
CPU = torch.device("cpu")
COMPUTE = Compute(device="cpu", precision="fp32", threads=1)
# Threads that wait for each other cost small networks more than they give, above all beside other processes.
torch.set_num_threads(1)


@pytest.fixture
def images(tmp_path: Path) -> Batches:
    """Twelve grey 16 x 16 images, each of one value."""
    values = np.linspace(0, 255, 12).astype(np.uint8)
    np.save(tmp_path / "images.npy", np.broadcast_to(values[:, None, None, None], (12, 16, 16, 1)).copy())
    return Batches([(str(tmp_path / "images.npy"), k) for k in range(12)], CPU)


@pytest.fixture
def settings() -> Callable[..., Gan]:
    """A small DCGAN, or another preset, with changes."""

    def make(preset: str = "dcgan-32", **changes: Any) -> Gan:
        values = yaml.safe_load((CONFIG / f"gans/{preset}.yaml").read_text())
        small = {"nz": 8, "batch_size": 5, "epochs": 4, "ema": 0.9}
        if preset == "dcgan-32":
            values |= small
            values["architecture"] |= {"ngf": 4, "ndf": 4}
        values["architecture"] |= changes.pop("architecture", {})
        return build(Gan, {**values, **changes}, "gans.test")

    return make


def run(
    images: Batches,
    gan: Gan,
    resume: Path,
    *,
    kill_at: int | None = None,
    seed: int = 1,
    labels: torch.Tensor | None = None,
    begin: Start | None = None,
) -> Trained:
    """A whole training, or one that is killed after the step ``kill_at``; ``labels`` are of three classes."""
    [trained] = train(
        images,
        labels,
        gan,
        classes=0 if labels is None else 3,
        seeds=[seed],
        compute=COMPUTE,
        device=CPU,
        resume=resume,
        progress=until(kill_at),
        begin=begin,
    )
    return trained
