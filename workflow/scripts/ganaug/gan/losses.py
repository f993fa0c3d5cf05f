"""Loss mathematics: logits in, one number out."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """-log D(x) - log(1 - D(G(z))), averaged over the batch, from logits (Goodfellow et al. 2014, equation 1)."""
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def generator_loss(fake: Tensor) -> Tensor:
    """-log D(G(z)), averaged over the batch, from logits: the non-saturating form.

    Goodfellow et al. (2014), section 3.
    """
    return functional.softplus(-fake).mean()
