"""Every family learns: trained briefly on digits, its samples come far nearer to unseen ones than matched noise does.

`make test-slow` runs them; `pytest -m slow tests/unit/gan/test_learning.py` runs them alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional

from ganaug.batches import Batches
from ganaug.classify.features import features
from ganaug.classify.networks import make
from ganaug.config import Classifier, Gan
from ganaug.gan.networks.family import Shape, restore
from ganaug.gan.sampling import sample
from ganaug.gan.training import train
from ganaug.quality.kid import kid
from ganaug.seeds import torch_generator
from tests.unit.gan.conftest import COMPUTE, CPU

TRAINED_ON = 1000


@dataclass(frozen=True)
class Brief:
    """A training that a family can learn in."""

    steps: int
    size: int = 16
    architecture: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)


# The presets' rates and averages are for longer trainings.
FAST = {"nz": 16, "lr_g": 0.001, "lr_d": 0.001, "ema": 0.98}
# Networks that are slow to find all digits by themselves are told them.
TOLD = FAST | {"mode": "conditional"}
# Not dcgan-64-farhat: its networks are those of dcgan-32, and one image of 64 pixels a step makes no brief training.
BRIEF = {
    "dcgan-32": Brief(
        500, architecture={"ngf": 32, "ndf": 16}, changes={"nz": 16, "lr_g": 0.0005, "lr_d": 0.0005, "ema": 0.98}
    ),
    "lsgan-32": Brief(600, architecture={"ngf": 16, "ndf": 16}, changes={"nz": 16, "ema": 0.98}),
    "wgan-gp": Brief(1200, architecture={"ngf": 16, "ndf": 16}, changes={"nz": 16, "lr_g": 0.0005, "lr_d": 0.0005}),
    "wgan1": Brief(1800, architecture={"width": 0.5}, changes=TOLD),
    "dcgan1": Brief(700, architecture={"width": 0.25}, changes=FAST),
    "dcgan2": Brief(600, architecture={"width": 0.5}, changes=TOLD),
    "dcgan3": Brief(700, architecture={"width": 0.25}, changes=FAST),
    "dcgan5": Brief(900, architecture={"width": 0.5}, changes=TOLD | {"lr_g": 0.0005}),
    "sadcgan1": Brief(800, architecture={"width": 0.5}, changes=TOLD | {"lr_g": 0.0005, "ema": 0.99}),
    "sadcgan2": Brief(900, architecture={"width": 0.25}, changes=TOLD | {"lr_g": 0.0005, "ema": 0.99}),
    # Statistics of batch normalisation with momentum 0.8 are those of a few batches: large ones make them steady.
    "cgan1": Brief(
        1400,
        architecture={"width": 0.25},
        changes=FAST | {"lr_d": 0.0005, "diffaugment": True, "batch_size": 64},
    ),
    "cgan0": Brief(300, architecture={"width": 0.25}, changes=FAST),
    "cgan3": Brief(1200, architecture={"width": 0.25}, changes=FAST | {"lr_d": 0.0003, "diffaugment": True}),
    "sngan-32": Brief(700, architecture={"ngf": 16, "ndf": 16}, changes=FAST | {"n_critic": 1}),
    "sagan-32": Brief(800, architecture={"ngf": 8, "ndf": 8}, changes=FAST | {"lr_g": 0.0005, "lr_d": 0.002}),
    "biggan-32": Brief(400, architecture={"ch": 8, "embedding": 16}, changes=FAST | {"n_critic": 1}),
    "progan-32": Brief(
        1800,
        architecture={"widest": 32, "base": 256},
        changes=FAST | {"lr_g": 0.003, "lr_d": 0.003, "ema": 0.99, "batch_size": 16},
    ),
    "stylegan2-32": Brief(
        900,
        architecture={"w": 32, "mapping_layers": 2, "channel_base": 256, "channel_max": 32, "mixing": 0.0},
        changes=TOLD | {"lr_g": 0.004, "lr_d": 0.004, "r1": 0.1, "ada": None, "batch_size": 16},
    ),
    "r3gan-32": Brief(
        600,
        architecture={"widest": 32, "base": 256, "blocks": 1},
        changes=TOLD | {"lr_g": 0.002, "lr_d": 0.002, "r1": 0.3, "r2": 0.3, "batch_size": 16},
    ),
}


@dataclass(frozen=True)
class Digits:
    """Real images at one size, and what tells how near others are to those held out."""

    train: Batches
    labels: Tensor
    seen: np.ndarray
    held: np.ndarray
    distance: Callable[[np.ndarray], float]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Digits]:
    known: dict[int, Digits] = {}

    def at(size: int) -> Digits:
        if size not in known:
            known[size] = _digits(size, tmp_path_factory.mktemp("digits"))
        return known[size]

    return at


def _digits(size: int, folder: Path) -> Digits:
    raw = load_digits()
    small = torch.from_numpy(raw.images).float()[:, None] * (255 / 16)
    large = functional.interpolate(small, size=(size, size), mode="bilinear")
    pixels = large.round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
    labels = torch.from_numpy(raw.target)
    np.save(folder / "images.npy", pixels)

    def rows(first: int, last: int) -> Batches:
        return Batches([(str(folder / "images.npy"), k) for k in range(first, last)], CPU)

    train_images = rows(0, TRAINED_ON)
    network = make(
        Classifier(network="lenet5", lr=0.001, batch_size=64),
        size=size,
        channels=1,
        classes=10,
        generator=torch_generator(0),
    )
    _teach(network, train_images, labels)
    held = features(network.eval(), rows(TRAINED_ON, len(pixels)))

    def distance(images: np.ndarray) -> float:
        np.save(folder / "made.npy", images)
        made = Batches([(str(folder / "made.npy"), k) for k in range(len(images))], CPU)
        return kid(held, features(network, made))

    return Digits(train_images, labels[:TRAINED_ON], pixels[:TRAINED_ON], pixels[TRAINED_ON:], distance)


def _teach(network: nn.Module, images: Batches, labels: Tensor) -> None:
    adam = torch.optim.Adam(network.parameters(), lr=0.001)
    rng = torch_generator(1)
    for _ in range(300):
        positions = torch.randint(len(images), (64,), generator=rng)
        adam.zero_grad()
        functional.cross_entropy(network(images(positions)), labels[positions]).backward()
        adam.step()


def matched_noise(images: np.ndarray, count: int) -> np.ndarray:
    """Gaussian noise with the images' own mean and covariance of pixels."""
    flat = images.reshape(len(images), -1).astype(float)
    drawn = np.random.default_rng(0).multivariate_normal(flat.mean(0), np.cov(flat, rowvar=False), count)
    return drawn.round().clip(0, 255).astype(np.uint8).reshape(count, *images.shape[1:])


@pytest.mark.slow
@pytest.mark.parametrize("preset", sorted(BRIEF))
def test_a_family_halves_the_distance_of_matched_noise(
    settings: Callable[..., Gan], digits: Callable[[int], Digits], tmp_path: Path, preset: str
) -> None:
    brief = BRIEF[preset]
    changes = {"epochs": None, "steps": brief.steps, "snapshots": (), "batch_size": 32, **brief.changes}
    gan = settings(preset, architecture=brief.architecture, **changes)
    data = digits(brief.size)
    told = gan.mode == "conditional"
    [trained] = train(
        data.train,
        data.labels if told else None,
        gan,
        classes=10 if told else 0,
        seeds=[0],
        compute=COMPUTE,
        device=CPU,
        resume=tmp_path / "resume",
        progress=lambda _: None,
    )
    assert trained.reason is None
    shape = Shape(nz=gan.nz, size=brief.size, channels=1, classes=10 if told else 0)
    generator = restore(gan, shape, trained.snapshots["last"])
    per_label = [
        sample(generator, gan, seed=label, count=50, device=CPU, label=label if told else None) for label in range(10)
    ]
    made, noise = data.distance(np.concatenate(per_label)), data.distance(matched_noise(data.seen, 500))
    assert data.distance(data.seen) < noise / 10  # the measure tells real digits from noise
    assert made < noise / 2
