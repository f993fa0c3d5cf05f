from pathlib import Path

import numpy as np
import pytest
import torch

from ganaug.batches import Batches
from ganaug.classify.training import TrainingSet
from ganaug.config import Compute
from ganaug.seeds import numpy_generator

CPU = torch.device("cpu")
COMPUTE = Compute(device="cpu", precision="fp32", threads=1)


def noisy(folder: Path, *, count: int, seed: int) -> TrainingSet:
    """Two classes of 16 x 16 noise: dark and bright, overlapping enough to be worth learning."""
    labels = np.arange(count) % 2
    noise = numpy_generator(seed).normal(size=(count, 16, 16, 1)) * 60
    images = np.clip(110 + 36 * labels[:, None, None, None] + noise, 0, 255).astype(np.uint8)
    path = folder / f"noisy-{seed}.npy"
    np.save(path, images)
    return TrainingSet(
        images=Batches([(str(path), k) for k in range(count)], CPU),
        labels=torch.from_numpy(labels),
        generated=torch.zeros(count, dtype=torch.bool),
        turns=torch.zeros(count, dtype=torch.int64),
    )


@pytest.fixture
def train(tmp_path: Path) -> TrainingSet:
    return noisy(tmp_path, count=24, seed=0)


@pytest.fixture
def validation(tmp_path: Path) -> TrainingSet:
    return noisy(tmp_path, count=20, seed=1)
