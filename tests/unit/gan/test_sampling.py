from collections.abc import Callable

import numpy as np
import torch

from ganaug.batches import Batches
from ganaug.config import Gan
from ganaug.gan.networks.family import Shape, build, restore
from ganaug.gan.sampling import sample
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
