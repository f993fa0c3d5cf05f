"""ProGAN: Karras, Aila, Laine and Lehtinen (2018), "Progressive growing of GANs for improved quality, stability, and
variation"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, interpolate

from ganaug.architectures import stage_widths
from ganaug.gan.networks.family import Shape
from ganaug.gan.networks.layers import Growing, check_size

LABELS = False
SIZES = (8, 16, 32, 64, 128, 256, 512, 1024)
SLOPE = 0.2
EPSILON = 1e-8
HE_GAIN = 2**0.5


@dataclass(frozen=True)
class Options:
    """What may be chosen.

    Attributes:
        widest, base: layers at r x r pixels have min(widest, base / r) feature maps; 512 and 16,384 in the paper.
    """

    widest: int
    base: int


def generator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """The generator of the paper's table 2, which grows from 4 x 4 pixels to the whole size.

    Raises:
        UserError: the images are not of 8, 16, 32, ... or 1024 pixels.
    """
    check_size("progan", shape.size, SIZES)
    return Generator(
        shape.nz, stage_widths(shape.size, widest=options.widest, base=options.base), shape.channels, rng=rng
    )


def discriminator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """The critic of the paper's table 2, which grows with the generator."""
    widths = stage_widths(shape.size, widest=options.widest, base=options.base)
    return Discriminator(widths, shape.channels, rng=rng)


def phase(done: float, levels: int) -> tuple[int, float]:
    """What a network of so many resolutions is after the share ``done`` of the steps.

    The training has phases of equal length: 4 x 4 pixels, the fade to 8 x 8, 8 x 8, the fade to 16 x 16, and so on; the
    last is the whole size.

    Returns:
        The level k of the resolution, 4 * 2^k, and how much of it is faded in: 0, all is the level below, to 1.
    """
    phases = 2 * levels - 1
    now = min(int(done * phases), phases - 1)
    return (now + 1) // 2, done * phases - now if now % 2 else 1.0


class Phased(Growing):
    """A network that grows by `phase`; whole until it is told how far it is.

    Attributes:
        share: the number in ``done``, the buffer that is kept with the weights. Which layers run depends on it, and
            reading it from a GPU would wait for all that runs there.
    """

    done: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("done", torch.ones(()))
        self.share = 1.0

    def grow(self, done: float) -> None:
        """Be as it is after the share ``done`` (0 to 1) of the steps."""
        self.done.fill_(done)
        # Rounded as the buffer rounds it.
        self.share = torch.tensor(done, dtype=self.done.dtype).item()

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *rest: Any) -> None:
        super()._load_from_state_dict(state_dict, prefix, *rest)
        self.share = self.done.item()


class Conv(nn.Module):
    """A convolution with equalised learning rate: weights are N(0, 1), and scaled by He's constant whenever they are
    used (section 4.1)."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, padding: int, rng: torch.Generator, gain: float = HE_GAIN
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel, generator=rng))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale = gain / (inputs * kernel**2) ** 0.5
        self.padding = padding

    def forward(self, features: Tensor) -> Tensor:
        """Features, N x C x H x W."""
        return conv2d(features, self.weight * self.scale, self.bias, padding=self.padding)


class PixelNorm(nn.Module):
    """Every pixel's feature vector is brought to a mean square of 1 (section 4.2)."""

    def forward(self, features: Tensor) -> Tensor:
        """Features, N x C x H x W."""
        return features * (features.square().mean(dim=1, keepdim=True) + EPSILON).rsqrt()


class MinibatchDeviation(nn.Module):
    """One more feature map: the standard deviation over the batch, averaged over features and pixels (section 3)."""

    def forward(self, features: Tensor) -> Tensor:
        """Features, N x C x H x W; the result is N x (C + 1) x H x W."""
        deviation = (features.var(dim=0, correction=0) + EPSILON).sqrt().mean()
        return torch.cat([features, deviation.expand(len(features), 1, *features.shape[2:])], dim=1)


class Generator(Phased):
    """Latents, normalised to the hypersphere, become images of the resolution in use, enlarged to the whole size."""

    def __init__(self, nz: int, widths: Sequence[int], channels: int, *, rng: torch.Generator) -> None:
        super().__init__()
        # A 4 x 4 kernel over one pixel with three zeros around it gives the first 4 x 4 pixels.
        first = [nn.Unflatten(1, (nz, 1, 1)), PixelNorm(), *_made(Conv(nz, widths[0], 4, padding=3, rng=rng))]
        self.blocks = nn.ModuleList(
            [nn.Sequential(*first, *_made(Conv(widths[0], widths[0], 3, padding=1, rng=rng)))]
            + [
                nn.Sequential(
                    nn.Upsample(scale_factor=2),
                    *_made(Conv(below, width, 3, padding=1, rng=rng)),
                    *_made(Conv(width, width, 3, padding=1, rng=rng)),
                )
                for below, width in pairwise(widths)
            ]
        )
        self.to_image = nn.ModuleList(Conv(width, channels, 1, padding=0, gain=1.0, rng=rng) for width in widths)

    def forward(self, latents: Tensor) -> Tensor:
        """Images of the whole size, made of equal squares while the resolution is lower."""
        level, fade = phase(self.share, len(self.blocks))
        below = latents
        for block in self.blocks[:level]:
            below = block(below)
        image: Tensor = self.to_image[level](self.blocks[level](below))
        if fade < 1:
            image = torch.lerp(_doubled(self.to_image[level - 1](below)), image, fade)
        return interpolate(image, scale_factor=float(1 << (len(self.blocks) - 1 - level)))


class Discriminator(Phased):
    """Images of the whole size, averaged to the resolution in use, become logits.

    While a resolution fades in, its detail fades in in the images too. The paper does so to the real ones; here it is
    done to fakes as well, whose detail the generator has faded already, since a network does not know which it sees.
    """

    def __init__(self, widths: Sequence[int], channels: int, *, rng: torch.Generator) -> None:
        super().__init__()
        self.from_image = nn.ModuleList(
            nn.Sequential(Conv(channels, width, 1, padding=0, rng=rng), _rectified()) for width in widths
        )
        last = widths[0]
        self.blocks = nn.ModuleList(
            [
                nn.Sequential(
                    MinibatchDeviation(),
                    Conv(last + 1, last, 3, padding=1, rng=rng),
                    _rectified(),
                    Conv(last, last, 4, padding=0, rng=rng),
                    _rectified(),
                    Conv(last, 1, 1, padding=0, gain=1.0, rng=rng),
                    nn.Flatten(0),
                )
            ]
            + [
                nn.Sequential(
                    Conv(width, width, 3, padding=1, rng=rng),
                    _rectified(),
                    Conv(width, below, 3, padding=1, rng=rng),
                    _rectified(),
                    nn.AvgPool2d(2),
                )
                for below, width in pairwise(widths)
            ]
        )

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N) of images of the whole size."""
        level, fade = phase(self.share, len(self.blocks))
        images = avg_pool2d(images, 1 << (len(self.blocks) - 1 - level))
        if fade < 1:
            small = avg_pool2d(images, 2)
            images = torch.lerp(_doubled(small), images, fade)
        features: Tensor = self.blocks[level](self.from_image[level](images))
        if fade < 1:
            features = torch.lerp(self.from_image[level - 1](small), features, fade)
        for block in reversed(self.blocks[:level]):
            features = block(features)
        return features


def _made(conv: Conv) -> list[nn.Module]:
    """A layer of the generator."""
    return [conv, _rectified(), PixelNorm()]


def _rectified() -> nn.Module:
    return nn.LeakyReLU(SLOPE, inplace=True)


def _doubled(images: Tensor) -> Tensor:
    return interpolate(images, scale_factor=2.0)
