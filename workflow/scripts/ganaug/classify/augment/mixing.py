"""Images mixed with others of their batch, and the soft labels that go with them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ganaug.seeds import numpy_generator


def mixup(images: Tensor, labels: Tensor, *, classes: int, alpha: float, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Zhang et al. (2018, mixup), equation 1: lambda x + (1 - lambda) x', one lambda ~ Beta(alpha, alpha) a batch.

    Args:
        images: float, N x C x H x W, on any device.
        labels: int64, N, on the same device.
        classes: K.
        alpha: above 0; the larger, the nearer lambda to 1/2.
        rng: on the CPU.

    Returns:
        The mixed images, as ``images``, and soft labels (float32, N x K, rows that sum to 1) for torch's cross-entropy.
    """
    share, partner = _draws(len(images), alpha=alpha, rng=rng)
    partner = partner.to(images.device)
    mixed = images.lerp(images.index_select(0, partner), 1 - share)
    return mixed, _soft(labels, partner, share=share, classes=classes)


def cutmix(
    images: Tensor, labels: Tensor, *, classes: int, alpha: float, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Yun et al. (2019, CutMix), equations 1 and 2: a rectangle of another image is pasted, the same one in all.

    Its sides are those of the image times sqrt(1 - lambda), lambda ~ Beta(alpha, alpha), its centre is uniform, and
    what reaches beyond the image is cut off: the labels have the share of the pixels that are really pasted.

    Args and Returns: as `mixup`.
    """
    share, partner = _draws(len(images), alpha=alpha, rng=rng)
    height, width = images.shape[2:]
    centre_y, centre_x = torch.rand(2, generator=rng, dtype=torch.float64).tolist()
    lines = _span(height, part=(1 - share) ** 0.5, centre=centre_y)
    columns = _span(width, part=(1 - share) ** 0.5, centre=centre_x)
    partner = partner.to(images.device)
    mixed = images.clone()
    mixed[:, :, lines, columns] = images[:, :, lines, columns].index_select(0, partner)
    pasted = (lines.stop - lines.start) * (columns.stop - columns.start) / (height * width)
    return mixed, _soft(labels, partner, share=1 - pasted, classes=classes)


def _draws(count: int, *, alpha: float, rng: torch.Generator) -> tuple[float, Tensor]:
    # Torch draws from Beta only with the global generator: one number seeds NumPy's.
    seed = int(torch.randint(2**63 - 1, (), generator=rng))
    return float(numpy_generator(seed).beta(alpha, alpha)), torch.randperm(count, generator=rng)


def _span(size: int, *, part: float, centre: float) -> slice:
    """The pixels of ``part`` of ``size`` about the pixel at ``centre`` (0 to 1), as the authors' code cuts them."""
    middle, half = int(centre * size), int(part * size) // 2
    return slice(max(0, middle - half), min(size, middle + half))


def _soft(labels: Tensor, partner: Tensor, *, share: float, classes: int) -> Tensor:
    own = one_hot(labels, classes).float()
    return own.lerp(own.index_select(0, partner), 1 - share)
