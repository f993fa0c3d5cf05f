"""What is added to a loss, or done to weights, so that training stays stable: tensors in, one number out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from ganaug.gan.parallel import ALL, Rows

Judge = Callable[[Tensor], Tensor]

PATH_LENGTH_DECAY = 0.01
# Computed every so many steps, and counted so many times: Karras et al. (2020), appendix B, which has 8; their code 4.
PATH_EVERY = 4


def gradient_penalty(judge: Judge, real: Tensor, fake: Tensor, *, rng: torch.Generator, rows: Rows = ALL) -> Tensor:
    """Mean (|grad D| - 1)^2 on lines between real images and fakes: Gulrajani et al. (2017), equation 3.

    Args:
        judge: images (N x C x H x W) -> logits (N).
        real, fake: as many of each.
        rng: draws where on each line.
        rows: which of a batch they are.
    """
    where = torch.rand(rows.whole(len(real)), 1, 1, 1, generator=rng, device=rng.device)
    where = rows.own(where).to(real.device)
    between = torch.lerp(fake.detach(), real.detach(), where).requires_grad_()
    slopes: Tensor = _gradients(judge(between), between).flatten(1).norm(dim=1)
    return (slopes - 1).square().mean()


def squared_gradient(logits: Tensor, images: Tensor) -> Tensor:
    """Half of the mean |grad D|^2: R1 on real images and R2 on fakes, Mescheder et al. (2018), equations 9 and 10.

    Args:
        logits: N, of images that were made from ``images``, whose graph is still there.
        images: N x C x H x W.
    """
    return _gradients(logits, images).flatten(1).square().sum(dim=1).mean() / 2


def _gradients(logits: Tensor, images: Tensor) -> Tensor:
    [gradients] = torch.autograd.grad(logits.sum(), [images], create_graph=True)
    return gradients


def path_length(
    images: Tensor, styles: Tensor, mean: Tensor, *, rng: torch.Generator, rows: Rows = ALL
) -> tuple[Tensor, Tensor]:
    """Mean (|J^T y| - a)^2: Karras et al. (2020), equation 4.

    Args:
        images: made from ``styles`` (N x layers x w), whose graph is still there.
        mean: a, the moving average of |J^T y|.
        rng: draws y, normal images over the square root of their number of pixels.
        rows: which of a batch they are.

    Returns:
        The penalty, and the average moved by a hundredth (the paper's decay of 0.99) towards that of the whole batch.
    """
    noise = torch.randn(rows.whole(len(images)), *images.shape[1:], generator=rng, device=rng.device)
    noise = rows.own(noise).to(images.device) / (images.shape[2] * images.shape[3]) ** 0.5
    [gradients] = torch.autograd.grad((images * noise).sum(), [styles], create_graph=True)
    lengths = gradients.square().sum(dim=2).mean(dim=1).sqrt()
    moved = torch.lerp(mean, rows.gathered(lengths.detach()).mean(), PATH_LENGTH_DECAY)
    return (lengths - moved).square().mean(), moved


def orthogonality(network: nn.Module) -> Tensor:
    """Sum over weights of |W W^T off its diagonal|^2: Brock et al. (2019), equation 3; vectors are left out."""
    total = torch.zeros((), device=next(network.parameters()).device)
    for weight in network.parameters():
        if weight.dim() > 1:
            rows = weight.flatten(1)
            products = rows @ rows.T
            total = total + products.square().sum() - products.diagonal().square().sum()
    return total


def clip_weights(weights: Iterable[Tensor], limit: float) -> None:
    """Keep every weight within plus and minus ``limit``: Arjovsky et al. (2017), algorithm 1."""
    with torch.no_grad():
        torch._foreach_clamp_min_(kept := list(weights), -limit)
        torch._foreach_clamp_max_(kept, limit)
