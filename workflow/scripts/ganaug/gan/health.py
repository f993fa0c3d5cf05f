"""Signs of a training in trouble, from what it makes and what the discriminator says of it."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

SIDE = 8
NEAREST = 3


def accuracy(real: Tensor, fake: Tensor) -> Tensor:
    """The share of pairs of logits (... x N each) in which the real image has the higher one; equal ones count half.

    0.5: the discriminator cannot tell them apart; 1: it always can. No threshold, so it means the same for any loss.
    """
    return ((real > fake).float() + (real == fake).float() / 2).mean(dim=-1)


def gradient_norms(weights: Iterable[Tensor], count: int) -> Tensor:
    """The Euclidean norm of the gradients of all ``weights`` together, for each of the ``count`` GANs that they are of.

    Weights of several are stacked along their first dimension.
    """
    found = gradients(weights)
    if count == 1:
        norms = torch.stack(torch._foreach_norm(found))[:, None]
    else:
        norms = torch.stack([gradient.flatten(1).norm(dim=1) for gradient in found])
    total: Tensor = norms.norm(dim=0)
    return total


def gradients(weights: Iterable[Tensor]) -> list[Tensor]:
    """Those of the ``weights`` that have any."""
    return [weight.grad for weight in weights if weight.grad is not None]


def diversity(fakes: Tensor) -> float:
    """The mean distance between two images (N x C x H x W) of 8 x 8 pixels, a pixel: near 0 where modes collapsed."""
    flat = _small(fakes)
    return float(torch.pdist(flat).mean() / flat.shape[1] ** 0.5)


def recall(real: Tensor, fakes: Tensor) -> float:
    """The share of real images that lie near a fake: no farther from it than its third nearest fellow.

    Kynkaanniemi et al. (2019), equation 2, on images of 8 x 8 pixels: it falls where a GAN forgets modes.
    """
    reference, made = _small(real), _small(fakes)
    radius = torch.cdist(made, made).kthvalue(min(NEAREST + 1, len(made)), dim=1).values
    return float((torch.cdist(reference, made) <= radius).any(dim=1).float().mean())


def _small(images: Tensor) -> Tensor:
    return adaptive_avg_pool2d(images.float(), SIDE).flatten(1)
