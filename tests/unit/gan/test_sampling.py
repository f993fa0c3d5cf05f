from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganaug.batches import Batches
from ganaug.config import Gan
from ganaug.gan.networks.family import Shape, build, restore
from ganaug.gan.networks.layers import Truncated
from ganaug.gan.sampling import Draw, sample, truncated_normal
from ganaug.seeds import torch_generator
from tests.unit.gan.conftest import CPU

SHAPE = Shape(nz=8, size=16, channels=1, classes=0)


def test_a_sample_does_not_depend_on_how_many_are_asked_for(settings: Callable[..., Gan]) -> None:
    gan = settings()
    generator = build(gan, SHAPE, rng=torch_generator(0)).generator.eval()
    many = sample(generator, gan, seed=3, count=150, device=CPU)
    assert many.shape == (150, 16, 16, 1)
    assert many.dtype == np.uint8
    for count in (1, 64, 65, 149):
        assert (sample(generator, gan, seed=3, count=count, device=CPU) == many[:count]).all()
    assert len(np.unique(many.reshape(150, -1), axis=0)) == 150


def test_identity_returns_the_real_images_in_turn_to_the_bit(images: Batches, settings: Callable[..., Gan]) -> None:
    gan = settings(preset="identity")
    generator = restore(gan, SHAPE, {"images": images.pixels(torch.arange(12))})
    drawn = sample(generator, gan, seed=3, count=130, device=CPU)
    real = np.linspace(0, 255, 12).astype(np.uint8)
    assert drawn[:, 0, 0, 0].tolist() == [int(real[k % 12]) for k in range(130)]


def test_no_samples_are_an_empty_array_of_the_right_shape(settings: Callable[..., Gan]) -> None:
    gan = settings()
    generator = build(gan, SHAPE, rng=torch_generator(0)).generator.eval()
    assert sample(generator, gan, seed=3, count=0, device=CPU).shape == (0, 16, 16, 1)


class Told(nn.Module):
    """Remembers what it is called with."""

    def __init__(self) -> None:
        super().__init__()
        self.latents: list[Tensor] = []
        self.labels: list[Tensor | None] = []

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        self.latents.append(latents)
        self.labels.append(labels)
        return latents[:, :1, None, None].clamp(-1, 1)


class ToldPsi(Told, Truncated):
    """One that truncates by itself."""


@pytest.mark.parametrize("limit", [0.1, 0.7, 2.0])
def test_truncated_normal_numbers_are_the_quantiles_of_what_is_within_the_limit(limit: float) -> None:
    uniform = torch.linspace(0, 1, 1001)[:-1]
    found = truncated_normal(uniform, limit)
    assert found.dtype == torch.float32
    assert found.abs().max().item() <= limit * (1 + 1e-6)
    assert (found.diff() > 0).all()
    assert found[500].item() == pytest.approx(0, abs=1e-6)
    assert torch.allclose(found[1:], -found[1:].flip(0), atol=1e-5)
    # The share of the normal distribution within the limit that lies below each number is its uniform number.
    normal = NormalDist()
    within = normal.cdf(limit) - normal.cdf(-limit)
    for k in (0, 100, 250, 900):
        below = (normal.cdf(found[k].item()) - normal.cdf(-limit)) / within
        assert below == pytest.approx(uniform[k].item(), abs=1e-4)


def test_latents_are_truncated_only_where_it_is_asked_for(settings: Callable[..., Gan]) -> None:
    generator, gan = Told(), settings(nz=50)
    for draw in (Draw(), Draw(truncation=0.5)):
        sample(generator, gan, seed=3, count=65, device=CPU, draw=draw)
    plain, cut = torch.cat(generator.latents[:2]), torch.cat(generator.latents[2:])
    assert plain.shape == cut.shape == (128, 50)
    assert plain.abs().max() > 3
    assert plain.std().item() == pytest.approx(1, abs=0.05)
    assert 0.49 < cut.abs().max() <= 0.5
    # Nearly uniform on -0.5 to 0.5, and a little denser in the middle.
    assert cut.std().item() == pytest.approx(0.28, abs=0.01)


def test_a_generator_that_truncates_by_itself_is_told_psi(settings: Callable[..., Gan]) -> None:
    generator, gan = ToldPsi(), settings(nz=50)
    sample(generator, gan, seed=3, count=1, device=CPU, draw=Draw(truncation=0.5))
    assert generator.psi == 0.5
    sample(generator, gan, seed=3, count=1, device=CPU)
    assert generator.psi == 1.0
    assert torch.equal(*generator.latents)


def test_a_truncated_sample_does_not_depend_on_how_many_are_asked_for(settings: Callable[..., Gan]) -> None:
    gan = settings()
    generator = build(gan, SHAPE, rng=torch_generator(0)).generator.eval()
    draw = Draw(truncation=0.7)
    many = sample(generator, gan, seed=3, count=100, device=CPU, draw=draw)
    assert (sample(generator, gan, seed=3, count=65, device=CPU, draw=draw) == many[:65]).all()
    assert (many != sample(generator, gan, seed=3, count=100, device=CPU)).any()


def test_mixing_draws_that_many_latents_a_sample(settings: Callable[..., Gan]) -> None:
    generator, gan = ToldPsi(), settings(nz=8)
    sample(generator, gan, seed=3, count=1, device=CPU, draw=Draw(mix=3))
    assert generator.latents[0].shape == (64, 24)


def test_a_generator_is_told_the_class_where_it_has_one(settings: Callable[..., Gan]) -> None:
    generator, gan = Told(), settings()
    sample(generator, gan, seed=3, count=70, device=CPU, label=2)
    sample(generator, gan, seed=3, count=1, device=CPU)
    told, second, none = generator.labels
    assert told is not None
    assert second is not None
    assert told.tolist() == second.tolist() == [2] * 64
    assert none is None


def test_samples_of_two_classes_differ_by_the_class_alone(settings: Callable[..., Gan]) -> None:
    gan = settings(mode="conditional")
    shape = Shape(nz=8, size=16, channels=1, classes=3)
    generator = build(gan, shape, rng=torch_generator(0)).generator.eval()
    classes = [sample(generator, gan, seed=3, count=4, device=CPU, label=label) for label in (0, 1, 0)]
    assert (classes[0] == classes[2]).all()
    assert (classes[0] != classes[1]).any()
