from pathlib import Path

import numpy as np
import pytest
import torch

from ganaug.batches import Batches
from ganaug.classify.training import Labelled
from ganaug.config import Compute
from ganaug.seeds import numpy_generator

CPU = torch.device("cpu")
COMPUTE = Compute(device="cpu", precision="fp32", threads=1)


def noisy(folder: Path, *, count: int, seed: int) -> Labelled:
    """Two classes of 16 x 16 noise: dark and bright, overlapping enough to be worth learning."""
    labels = np.arange(count) % 2
    noise = numpy_generator(seed).normal(size=(count, 16, 16, 1)) * 60
    images = np.clip(110 + 36 * labels[:, None, None, None] + noise, 0, 255).astype(np.uint8)
    path = folder / f"noisy-{seed}.npy"
    np.save(path, images)
    return Labelled(Batches([(str(path), k) for k in range(count)], CPU), torch.from_numpy(labels))


@pytest.fixture
def train(tmp_path: Path) -> Labelled:
    return noisy(tmp_path, count=24, seed=0)


@pytest.fixture
def validation(tmp_path: Path) -> Labelled:
    return noisy(tmp_path, count=20, seed=1)
