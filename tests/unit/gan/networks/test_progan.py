"""ProGAN: its phases, its layers by hand, and what grows when."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
import torch
from torch import Tensor

from ganaug.batches import Batches
from ganaug.config import Gan
from ganaug.errors import UserError
from ganaug.gan import training
from ganaug.gan.networks.family import Shape, build
from ganaug.gan.networks.progan import Conv, Discriminator, Generator, MinibatchDeviation, Phased, PixelNorm, phase
from ganaug.gan.state import LOGGED, State, start
from ganaug.gan.training import Start
from ganaug.gan.updates import Real, average, update
from ganaug.seeds import torch_generator
from tests.unit.gan.conftest import COMPUTE, CPU, run

SMALL = {"widest": 8, "base": 64}


def made(
    settings: Callable[..., Gan], *, size: int = 16, nz: int = 6, architecture: dict[str, int] | None = None
) -> tuple[Generator, Discriminator]:
    gan = settings("progan-32", architecture=SMALL if architecture is None else architecture, nz=nz)
    networks = build(gan, Shape(nz=nz, size=size, channels=3, classes=0), rng=torch_generator(0))
    return cast(Generator, networks.generator), cast(Discriminator, networks.discriminator)


def latents(count: int = 4) -> Tensor:
    return torch.randn(count, 6, generator=torch_generator(1))


def pictures(count: int = 4, size: int = 16) -> Tensor:
    return torch.randn(count, 3, size, size, generator=torch_generator(2))


def squares(images: Tensor, side: int) -> Tensor:
    """The means of squares, enlarged again."""
    means = torch.nn.functional.avg_pool2d(images, side)
    return means.repeat_interleave(side, dim=2).repeat_interleave(side, dim=3)


@pytest.mark.parametrize(
    ("done", "level", "fade"),
    # 16 pixels have five phases, a fifth each: 4, 4 to 8, 8, 8 to 16, 16.
    [(0.0, 0, 1), (0.19, 0, 1), (0.25, 1, 0.25), (0.3, 1, 0.5), (0.5, 1, 1), (0.75, 2, 0.75), (0.9, 2, 1), (1.0, 2, 1)],
)
def test_phases_by_hand(done: float, level: int, fade: float) -> None:
    assert phase(done, 3) == (level, pytest.approx(fade))


def test_pixel_norm_gives_each_pixel_a_mean_square_of_one() -> None:
    features = torch.tensor([3.0, 4.0, 0.0, 0.0]).reshape(1, 4, 1, 1).expand(1, 4, 2, 2)
    # The mean square is 25 / 4.
    assert torch.allclose(PixelNorm()(features), features / 2.5)


def test_minibatch_deviation_by_hand() -> None:
    # Over the batch the first feature is 0 or 2, its deviation 1; the second is always 3, its deviation 0.
    features = torch.stack([torch.tensor([0.0, 3.0]), torch.tensor([2.0, 3.0])])[:, :, None, None].expand(2, 2, 4, 4)
    out = MinibatchDeviation()(features)
    assert out.shape == (2, 3, 4, 4)
    assert torch.equal(out[:, :2], features)
    assert torch.allclose(out[:, 2], torch.tensor(0.5), atol=1e-4)


def test_equalised_learning_rate() -> None:
    conv = Conv(4, 64, 3, padding=1, rng=torch_generator(0))
    # 2,304 draws of N(0, 1): the standard error of their standard deviation is 0.015.
    assert conv.weight.std().item() == pytest.approx(1.0, abs=0.05)
    with torch.no_grad():
        conv.weight.fill_(1.0)
    # 36 inputs of 1 times sqrt(2 / 36) in the middle; a corner sees 16 of them.
    out = conv(torch.ones(1, 4, 3, 3))
    assert out[0, 0, 1, 1].item() == pytest.approx(6 * 2**0.5)
    assert out[0, 0, 0, 0].item() == pytest.approx(16 / 36 * 6 * 2**0.5)


def test_the_number_of_weights_is_that_of_the_preset(settings: Callable[..., Gan]) -> None:
    # 32 pixels, nz 128: widths 128, 128, 128, 64, and a bias for every feature map.
    networks = made(settings, size=32, nz=128, architecture={})
    same, narrower, last = 9 * 128 * 128 + 128, 9 * 128 * 64 + 64, 9 * 64 * 64 + 64
    image = 3 * (3 * 128 + 3) + 3 * 64 + 3
    assert count(networks[0]) == 16 * 128 * 128 + 128 + 5 * same + narrower + last + image
    image = 3 * (3 * 128 + 128) + 3 * 64 + 64
    wider, first, logit = 9 * 64 * 128 + 128, 9 * 64 * 64 + 64, 128 + 1
    deviation = 9 * 129 * 128 + 128
    assert count(networks[1]) == image + first + wider + 4 * same + deviation + 16 * 128 * 128 + 128 + logit


def test_the_number_of_weights_is_that_of_the_paper(settings: Callable[..., Gan]) -> None:
    # Table 2: 23.1 million each at 1024 pixels, of which only the last resolution's images are counted.
    networks = made(settings, size=1024, nz=512, architecture={"widest": 512, "base": 16384})
    for network, images in zip(networks, (networks[0].to_image, networks[1].from_image), strict=True):
        assert round((count(network) - count(images[:-1])) / 1e6, 1) == 23.1


def count(network: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def test_a_network_that_nobody_grows_is_whole(settings: Callable[..., Gan]) -> None:
    generator, _ = made(settings)
    images = generator(latents())
    assert not torch.allclose(images, squares(images, 2))
    generator.grow(0.9)
    assert torch.equal(generator(latents()), images)


def test_images_are_made_of_squares_while_the_resolution_is_lower(settings: Callable[..., Gan]) -> None:
    generator, _ = made(settings)
    generator.grow(0.0)
    images = generator(latents())
    assert images.shape == (4, 3, 16, 16)
    assert torch.allclose(images, squares(images, 4), atol=1e-6)
    assert not torch.allclose(images[:, :, 0, 0], images[:, :, 4, 4])
    generator.grow(0.5)
    images = generator(latents())
    assert torch.allclose(images, squares(images, 2), atol=1e-6)
    assert not torch.allclose(images, squares(images, 4), atol=1e-3)


def test_a_fade_mixes_two_resolutions(settings: Callable[..., Gan]) -> None:
    generator, _ = made(settings)
    low, high = made(settings)[0], made(settings)[0]
    low.grow(0.0)
    high.grow(0.5)
    # A quarter into the phase from 0.2 to 0.4.
    generator.grow(0.25)
    assert torch.allclose(generator(latents()), 0.75 * low(latents()) + 0.25 * high(latents()), atol=1e-5)


@pytest.mark.parametrize("border", [0.2, 0.4, 0.6, 0.8])
def test_nothing_jumps_where_phases_meet(settings: Callable[..., Gan], border: float) -> None:
    generator, discriminator = made(settings)
    found = []
    for done in (border - 1e-5, border + 1e-5):
        generator.grow(done)
        discriminator.grow(done)
        found.append((generator(latents()), discriminator(pictures())))
    assert torch.allclose(found[0][0], found[1][0], atol=1e-3)
    assert torch.allclose(found[0][1], found[1][1], atol=1e-3)


def test_the_discriminator_sees_the_resolution_in_use(settings: Callable[..., Gan]) -> None:
    _, discriminator = made(settings)
    images = pictures()
    for done, side in ((0.0, 4), (0.5, 2)):
        discriminator.grow(done)
        assert torch.allclose(discriminator(images), discriminator(squares(images, side)), atol=1e-5)
        assert not torch.allclose(discriminator(images), discriminator(squares(images, 2 * side)), atol=1e-3)
    discriminator.grow(1.0)
    assert not torch.allclose(discriminator(images), discriminator(squares(images, 2)), atol=1e-3)


def begun(settings: Callable[..., Gan], *, done: float) -> tuple[State, Gan]:
    gan = settings("progan-32", architecture=SMALL, nz=6)
    networks = build(gan, Shape(nz=6, size=16, channels=3, classes=0), rng=torch_generator(0))
    state = start(networks, gan, seeds=[0], length=1, device=CPU)
    for network in state.listed.growing:
        network.grow(done)
    return state, gan


def test_resolutions_that_are_not_reached_wait(settings: Callable[..., Gan]) -> None:
    state, gan = begun(settings, done=0.0)
    before = {name: weight.clone() for name, weight in named(state).items()}
    logged = update(state, Real(pictures(), None), gan, augment=False, compute=COMPUTE)
    assert logged.isfinite().all()
    changed = {name for name, weight in named(state).items() if not torch.equal(weight, before[name])}
    assert changed
    # Level 0 has the first block and the first layer to or from images.
    assert all(name.split(".")[1] in {"blocks", "to_image", "from_image"} for name in changed)
    assert {name.split(".")[2] for name in changed} == {"0"}
    steps = [number.item() for name, number in state.adam_g.state().items() if name.startswith("step")]
    # 4 weights and biases of the first block and 2 of its images, of 18.
    assert sorted(steps) == [0] * 12 + [1] * 6
    for network in state.listed.growing:
        network.grow(0.3)
    assert update(state, Real(pictures(), None), gan, augment=False, compute=COMPUTE).isfinite().all()
    steps = [number.item() for name, number in state.adam_g.state().items() if name.startswith("step")]
    assert sorted(steps) == [0] * 6 + [1] * 6 + [2] * 6


def named(state: State) -> dict[str, Tensor]:
    return {f"g.{name}": weight for name, weight in state.generator.named_parameters()} | {
        f"d.{name}": weight for name, weight in state.discriminator.named_parameters()
    }


def test_the_average_and_its_file_know_the_resolution(settings: Callable[..., Gan]) -> None:
    state, _ = begun(settings, done=0.5)
    assert isinstance(state.ema, Generator)
    average(state.listed, decay=0.5)
    assert torch.allclose(state.ema(latents()), state.generator(latents()), atol=1e-5)
    fresh = made(settings)[0]
    fresh.load_state_dict(state.ema.state_dict())
    assert torch.allclose(fresh(latents()), state.ema(latents()), atol=1e-5)
    assert fresh.done.item() == 0.5


@pytest.mark.parametrize(("steps", "shares"), [(4, [0.0, 0.25, 0.5, 0.75]), (2, [0.0, 0.5])])
def test_fine_tuning_begins_grown(
    settings: Callable[..., Gan],
    images: Batches,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    steps: int,
    shares: list[float],
) -> None:
    grown: list[float] = []

    def watched(state: State, *args: object, **settings: object) -> Tensor:
        grown.extend({network.share for network in state.listed.growing if isinstance(network, Phased)})
        return torch.zeros(len(LOGGED), 1)

    monkeypatch.setattr(training, "update", watched)
    gan = settings("progan-32", architecture=SMALL, nz=6, epochs=None, steps=steps)
    base = run(images, gan, tmp_path / "base")
    assert grown == shares
    grown.clear()
    run(images, gan, tmp_path / "fine", begin=Start(base.snapshots["last"], base.discriminator))
    assert grown == [1.0] * steps


def test_another_size_is_refused_with_the_key(settings: Callable[..., Gan]) -> None:
    with pytest.raises(UserError, match=r"data\.image_size.*28"):
        made(settings, size=28)
