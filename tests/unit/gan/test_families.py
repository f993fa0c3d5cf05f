"""Every preset: its networks' shapes, one step of training, the switch of labels, and a kill, in small."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ganaug.batches import Batches
from ganaug.config import Gan
from ganaug.gan import training
from ganaug.gan.networks.family import Shape, build, call
from ganaug.gan.state import State, start
from ganaug.gan.updates import Real, update
from ganaug.seeds import torch_generator
from tests.unit.gan.conftest import COMPUTE, CONFIG, CPU, run
from tests.unit.kills import Killed

PRESETS = sorted(path.stem for path in (CONFIG / "gans").glob("*.yaml") if path.stem != "identity")
# Widths that make a family small, and the sizes of images that its presets are for where 32 is not one of them.
SMALL: dict[str, dict[str, Any]] = {
    "biggan": {"ch": 2, "embedding": 4},
    "sagan": {"ngf": 4, "ndf": 4},
    "sngan": {"ngf": 8, "ndf": 8},
    "cgan": {"width": 0.0625},
    "dcgan": {"ngf": 4, "ndf": 4},
    "stylegan2": {"w": 6, "mapping_layers": 2, "channel_base": 128, "channel_max": 8},
    "gan101": {"width": 0.0625},
    "progan": {"widest": 8, "base": 64},
    "r3gan": {"widest": 16, "base": 64, "blocks": 1, "group": 2},
}
SIZES: dict[str, int] = {"dcgan-64-farhat": 64}
CLASSES = 3
# Self-attention is added times a scale that is 0 at first: the layers behind it have no gradient yet.
ATTENTION = r"(query|key|value|out)\.(parametrizations\.weight\.original|weight)"
# Weights that the first step leaves as they are, and only those.
WAITING = {
    # Orthogonal regularisation moves the generator's value and out, but not queries and keys of a single row. The
    # hinge loss of logits near 0 is a difference, in which the bias of the last layer cancels.
    "biggan-32": rf"generator\.attention\.1\.(query|key)\..*|discriminator\.blocks\.1\.{ATTENTION}"
    r"|discriminator\.head\.dense\.bias",
    # A network at its whole size has done with the images of lower resolutions. A Wasserstein critic's loss is a
    # difference of logits.
    "progan-32": r"generator\.to_image\.[012]\..*|discriminator\.from_image\.[012]\..*"
    r"|discriminator\.blocks\.0\.5\.bias",
    # The last layer of each residual branch is 0 at first.
    "r3gan-32": r".*\.branch\.[02]\.(weight|bias)",
    "sadcgan1": rf"discriminator\.4\.{ATTENTION}",
    "sadcgan2": rf"generator\.8\.{ATTENTION}|discriminator\.2\.{ATTENTION}",
    "sagan-32": rf"generator\.attention\.1\.{ATTENTION}|discriminator\.blocks\.1\.{ATTENTION}",
    "wgan-gp": r"discriminator\.6\.bias",
    "wgan1": r"discriminator\.5\.bias",
    "wgan2": r"discriminator\.13\.bias",
}


def small(settings: Callable[..., Gan], preset: str, **changes: Any) -> Gan:
    network = settings(preset).network
    return settings(preset, architecture=SMALL.get(network, {}), nz=6, batch_size=4, accumulate=1, **changes)


def images_of(folder: Path, size: int, *, count: int = 9) -> Batches:
    values = np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    np.save(folder / "images.npy", values)
    return Batches([(str(folder / "images.npy"), k) for k in range(count)], CPU)


@pytest.fixture(params=PRESETS)
def preset(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.mark.parametrize("classes", [0, CLASSES])
def test_shapes_and_ranges(settings: Callable[..., Gan], preset: str, classes: int) -> None:
    gan = small(settings, preset)
    size = SIZES.get(preset, 32)
    shape = Shape(nz=6, size=size, channels=3, classes=classes)
    networks = build(gan, shape, rng=torch_generator(0))
    assert networks.discriminator is not None
    labels = torch.arange(5) % classes if classes else None
    state = start(networks, gan, seeds=[0], length=1, device=CPU)
    images = call(state.generator, torch.randn(5, 6, generator=torch_generator(1)), labels)
    assert images.shape == (5, 3, size, size)
    assert images.isfinite().all()
    if classes:
        other = call(state.generator.eval(), torch.zeros(2, 6), torch.tensor([0, 1]))
        assert not torch.equal(other[0], other[1])
    assert call(state.discriminator, images, labels).shape == (5,)


def test_building_depends_on_the_seed_alone(settings: Callable[..., Gan], preset: str) -> None:
    gan = small(settings, preset)
    shape = Shape(nz=6, size=SIZES.get(preset, 32), channels=3, classes=0)
    states = []
    for chance in (0, 1):
        torch.manual_seed(chance)
        before = torch.get_rng_state()
        networks = build(gan, shape, rng=torch_generator(5))
        assert torch.equal(before, torch.get_rng_state())
        states.append([*networks.generator.state_dict().values(), *networks.discriminator.state_dict().values()])  # type: ignore[union-attr]
    assert all(torch.equal(one, other) for one, other in zip(*states, strict=True))


def test_a_step_changes_both_networks_and_nothing_else(
    settings: Callable[..., Gan], preset: str, tmp_path: Path
) -> None:
    gan = small(settings, preset, n_critic=1, ema=None)
    images = images_of(tmp_path, SIZES.get(preset, 32), count=4)
    shape = Shape(nz=6, size=images.size, channels=3, classes=0)
    networks = build(gan, shape, rng=torch_generator(0))
    state = start(networks, gan, seeds=[0], length=1, device=CPU)
    before = {name: weight.clone() for name, weight in weights_of(state).items()}
    real = images(torch.arange(4))
    kept = real.clone()
    random = torch.get_rng_state()
    logged = update(state, Real(real, None), gan, augment=False, compute=COMPUTE)
    assert logged.isfinite().all()
    assert torch.equal(real, kept)
    assert torch.equal(random, torch.get_rng_state())
    same = {name for name, weight in weights_of(state).items() if torch.equal(weight, before[name])}
    assert same == {name for name in before if re.fullmatch(WAITING.get(preset, ""), name)}


def weights_of(state: State) -> dict[str, Tensor]:
    return {f"generator.{name}": weight for name, weight in state.generator.named_parameters()} | {
        f"discriminator.{name}": weight for name, weight in state.discriminator.named_parameters()
    }


@pytest.mark.parametrize("mode", ["per_class", "conditional"])
def test_killed_and_resumed_equals_uninterrupted(
    settings: Callable[..., Gan], preset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    gan = small(settings, preset, epochs=None, steps=6, mode=mode, pretrain=None, snapshots=())
    images = images_of(tmp_path, SIZES.get(preset, 32))
    labels = torch.arange(9) % CLASSES if mode == "conditional" else None

    whole = run(images, gan, tmp_path / "whole", labels=labels)
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -1.0)
    with pytest.raises(Killed):
        run(images, gan, tmp_path / "resume", kill_at=4, labels=labels)
    resumed = run(images, gan, tmp_path / "resume", labels=labels)
    assert resumed.snapshots["last"].keys() == whole.snapshots["last"].keys()
    assert all(torch.equal(resumed.snapshots["last"][name], weight) for name, weight in whole.snapshots["last"].items())
    assert all(torch.equal(resumed.discriminator[name], weight) for name, weight in whole.discriminator.items())
