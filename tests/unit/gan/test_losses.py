import math

import pytest
import torch

from ganaug.gan.losses import discriminator_loss, generator_loss


def test_at_zero_logits_every_term_is_the_logarithm_of_two() -> None:
    zero = torch.zeros(3)
    assert discriminator_loss(zero, zero).item() == pytest.approx(2 * math.log(2))
    assert generator_loss(zero).item() == pytest.approx(math.log(2))


def test_losses_are_the_published_logarithms_of_probabilities() -> None:
    # D(x) = 0.8 and D(G(z)) = 0.25, so the logits are log 4 and -log 3.
    real, fake = torch.tensor([math.log(4)]), torch.tensor([-math.log(3)])
    assert discriminator_loss(real, fake).item() == pytest.approx(-math.log(0.8) - math.log(0.75))
    assert generator_loss(fake).item() == pytest.approx(-math.log(0.25))


def test_huge_logits_stay_finite() -> None:
    huge = torch.tensor([1000.0])
    assert discriminator_loss(-huge, huge).item() == pytest.approx(2000)
    assert generator_loss(-huge).item() == pytest.approx(1000)
