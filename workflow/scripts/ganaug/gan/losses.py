"""Loss mathematics: logits in, averaged over the batch, which is the last dimension."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import relu, softplus

Term = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Loss:
    """One game between a generator and a discriminator.

    Attributes:
        on_real, on_fake: the discriminator's loss of each logit.
        generator: the generator's loss of each logit of a fake.
        relative: the logits are differences: real minus fake for the discriminator, fake minus real for the generator;
            ``on_fake`` is then not used.
    """

    on_real: Term
    on_fake: Term
    generator: Term
    relative: bool = False


LOSSES: Mapping[str, Loss] = {
    # -log D(x) - log(1 - D(G(z))) against -log D(G(z)): Goodfellow et al. (2014), equation 1 and section 3.
    "non_saturating": Loss(lambda real: softplus(-real), softplus, lambda fake: softplus(-fake)),
    # Halves of (D(x) - 1)^2 + D(G(z))^2 against (D(G(z)) - 1)^2: Mao et al. (2017), equation 9.
    "least_squares": Loss(
        lambda real: (real - 1).square() / 2, lambda fake: fake.square() / 2, lambda fake: (fake - 1).square() / 2
    ),
    # max(0, 1 - D(x)) + max(0, 1 + D(G(z))) against -D(G(z)): Miyato et al. (2018), equations 16 and 17.
    "hinge": Loss(lambda real: relu(1 - real), lambda fake: relu(1 + fake), lambda fake: -fake),
    # D(G(z)) - D(x) against -D(G(z)): Arjovsky et al. (2017), algorithm 1.
    "wasserstein": Loss(lambda real: -real, lambda fake: fake, lambda fake: -fake),
    # -log sigmoid of D(x) - D(G(z)), in pairs, against that of D(G(z)) - D(x): Huang et al. (2024, R3GAN), equation 2.
    "relativistic": Loss(lambda pair: softplus(-pair), softplus, lambda pair: softplus(-pair), relative=True),
}


def discriminator_loss(loss: Loss, real: Tensor, fake: Tensor) -> Tensor:
    """What the discriminator lowers, from the logits (float32, ... x N) of real images and of as many fakes."""
    if loss.relative:
        return loss.on_real(real - fake).mean(dim=-1)
    return loss.on_real(real).mean(dim=-1) + loss.on_fake(fake).mean(dim=-1)


def generator_loss(loss: Loss, real: Tensor, fake: Tensor) -> Tensor:
    """What the generator lowers; ``real`` has a part in it where the loss is relative."""
    return loss.generator(fake - real if loss.relative else fake).mean(dim=-1)


def mixed_loss(loss: Loss, mixed: Tensor, share: Tensor) -> Tensor:
    """The discriminator's loss of images that are real in the share ``share`` (N, 0 to 1) of their pixels.

    The targets of Yun et al. (2019, CutMix), equation 1, for the labels real and fake.
    """
    return (share * loss.on_real(mixed) + (1 - share) * loss.on_fake(mixed)).mean(dim=-1)
