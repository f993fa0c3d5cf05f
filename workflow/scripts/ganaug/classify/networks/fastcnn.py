"""A network that learns images of CIFAR's size in seconds, after Jordan (2024).

"94% on CIFAR-10 in 3.29 seconds on a single GPU", section 3: whitened patches, an identity at first, few wide layers.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganaug.classify.networks.initial import convolutions, default_all
from ganaug.classify.networks.input import Calibrated, moments
from ganaug.classify.networks.sizes import check_size

WIDTHS = (64, 256, 256)
SCALE = 1 / 9
PATCH = 2
# Added to the variances of patches, as the paper does: directions in which images hardly vary are not blown up.
EPSILON = 5e-4


class Whitening(Calibrated):
    """A 2x2 convolution that is never trained: along the principal axes of patches, in units of their deviation.

    C x H x W become 8 C x (H - 1) x (W - 1): the axes, largest variance first, and the same with the other sign.
    Before `calibrate` an axis is a pixel of the patch.
    """

    weight: Tensor

    def __init__(self, channels: int) -> None:
        """``channels`` is C."""
        super().__init__()
        self.filters = 2 * channels * PATCH**2
        self.register_buffer("weight", torch.empty(self.filters, channels, PATCH, PATCH))
        self.reset()

    def reset(self) -> None:
        """Let each filter pass one pixel."""
        self._set(torch.eye(self.filters // 2))

    def calibrate(self, batches: Iterable[Tensor]) -> None:
        """Let the patches of all images have identity covariance (of one sign), but for `EPSILON`."""
        _, covariance = moments(functional.unfold(images, PATCH).movedim(1, -1).flatten(0, 1) for images in batches)
        variances, axes = torch.linalg.eigh(covariance)
        # An axis has no sign of its own: the largest of its values is made positive.
        largest = axes.gather(0, axes.abs().argmax(dim=0, keepdim=True))
        axes = axes * largest.sign() / (variances.clamp(min=0) + EPSILON).sqrt()
        self._set(axes.T.flip(0))

    def _set(self, axes: Tensor) -> None:
        self.weight.copy_(torch.cat([axes, -axes]).view_as(self.weight))

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        return functional.conv2d(images, self.weight)


class Shifted(nn.BatchNorm2d):
    """Batch normalisation that learns a shift and no scale: its ``weight`` is a buffer of ones."""

    def __init__(self, width: int) -> None:
        """``width`` is the number of channels."""
        super().__init__(width)
        del self.weight
        self.register_buffer("weight", torch.ones(width))


class Scaled(nn.Module):
    """Its inputs times a number."""

    def __init__(self, factor: float) -> None:
        """``factor`` is that number."""
        super().__init__()
        self.factor = factor

    def forward(self, values: Tensor) -> Tensor:
        """See the class."""
        return values * self.factor


def build(*, size: int, channels: int, classes: int) -> nn.Module:
    """Whitened patches, three blocks of two convolutions, the maximum over all places, a dense layer without bias.

    A block is convolution, 2x2 max pooling, normalisation, GELU, convolution, normalisation, GELU, its convolutions 3x3
    without biases. At 32 pixels the maps are those of the paper: 31, 15, 7, 3, 1; a map of one pixel is not pooled.
    The logits' factor of 1/9 stands before the dense layer, which is the same. Unlike the paper's, the whitening has no
    bias, and the normalisation keeps torch's momentum and epsilon, for batches smaller than its 1024.

    Raises:
        UserError: fewer than 8 pixels.
    """
    check_size("fastcnn", size, least=8)
    whitening = Whitening(channels)
    layers: list[nn.Module] = [whitening, nn.GELU()]
    width, pixels = whitening.filters, size - PATCH + 1
    for wider in WIDTHS:
        layers += _block(width, wider, pooled=pixels > 1)
        width, pixels = wider, max(1, pixels // 2)
    return nn.Sequential(
        *layers, nn.MaxPool2d(pixels), nn.Flatten(), Scaled(SCALE), nn.Linear(width, classes, bias=False)
    )


def _block(width: int, wider: int, *, pooled: bool) -> list[nn.Module]:
    return [
        nn.Conv2d(width, wider, 3, padding=1, bias=False),
        nn.MaxPool2d(2) if pooled else nn.Identity(),
        Shifted(wider),
        nn.GELU(),
        nn.Conv2d(wider, wider, 3, padding=1, bias=False),
        Shifted(wider),
        nn.GELU(),
    ]


def initialise(network: nn.Module, rng: torch.Generator) -> None:
    """Torch's default; then the first filters of a convolution, as many as it has inputs, each pass one input on."""
    default_all(network, rng)
    with torch.no_grad():
        for layer in convolutions(network):
            nn.init.dirac_(layer.weight[: layer.in_channels])
