"""Every loss at logits whose value is known by hand."""

import math

import pytest
import torch

from ganaug.gan.losses import LOSSES, discriminator_loss, generator_loss, mixed_loss


def test_at_zero_logits_every_term_is_the_logarithm_of_two() -> None:
    zero, loss = torch.zeros(3), LOSSES["non_saturating"]
    assert discriminator_loss(loss, zero, zero).item() == pytest.approx(2 * math.log(2))
    assert generator_loss(loss, zero, zero).item() == pytest.approx(math.log(2))


def test_non_saturating_losses_are_the_published_logarithms_of_probabilities() -> None:
    # D(x) = 0.8 and D(G(z)) = 0.25, so the logits are log 4 and -log 3.
    real, fake = torch.tensor([math.log(4)]), torch.tensor([-math.log(3)])
    loss = LOSSES["non_saturating"]
    assert discriminator_loss(loss, real, fake).item() == pytest.approx(-math.log(0.8) - math.log(0.75))
    assert generator_loss(loss, real, fake).item() == pytest.approx(-math.log(0.25))


def test_huge_logits_stay_finite() -> None:
    huge, loss = torch.tensor([1000.0]), LOSSES["non_saturating"]
    assert discriminator_loss(loss, -huge, huge).item() == pytest.approx(2000)
    assert generator_loss(loss, huge, -huge).item() == pytest.approx(1000)


@pytest.mark.parametrize(
    ("name", "discriminator", "generator"),
    [
        # Logits of real images 2 and 0, of fakes -1 and 3.
        ("least_squares", ((1 + 1) / 2 + (1 + 9) / 2) / 2, (4 + 4) / 2 / 2),
        ("hinge", (0 + 1) / 2 + (0 + 4) / 2, -1.0),
        ("wasserstein", 1.0 - 1.0, -1.0),
        (
            "relativistic",
            (math.log(1 + math.exp(-3)) + math.log(1 + math.exp(3))) / 2,
            (math.log(1 + math.exp(3)) + math.log(1 + math.exp(-3))) / 2,
        ),
    ],
)
def test_losses_by_hand(name: str, discriminator: float, generator: float) -> None:
    real, fake = torch.tensor([2.0, 0.0]), torch.tensor([-1.0, 3.0])
    assert discriminator_loss(LOSSES[name], real, fake).item() == pytest.approx(discriminator)
    assert generator_loss(LOSSES[name], real, fake).item() == pytest.approx(generator)


def test_a_mixed_image_counts_as_real_by_its_share() -> None:
    # 3/4 real at logit 2: hinge gives 0 as real and 3 as fake; all real at logit 0: 1 as real.
    share = torch.tensor([0.75, 1.0])
    assert mixed_loss(LOSSES["hinge"], torch.tensor([2.0, 0.0]), share).item() == pytest.approx((0.25 * 3 + 1) / 2)
