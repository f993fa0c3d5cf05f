"""The conditional GANs of the course GAN-101, for 32 x 32 images: the label goes to the dense layers of both networks.

The discriminator is the same for all. What its slides leave open: batch normalisation is by feature map, with the
stated momentum in both networks; a skip connection leads around every hidden transposed convolution, and is a 1 x 1
convolution, upsampled, as the number of feature maps changes; spectral normalisation is of every weight of G.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from ganaug.gan.networks import keras
from ganaug.gan.networks.family import Shape
from ganaug.gan.networks.layers import check_size

LABELS = True
SIZES = (16, 32, 64)
# The dense layer's feature maps, then those of the hidden transposed convolutions; as many of D's convolutions.
UP = (512, 256, 128, 64)
DOWN = (64, 128, 256, 512)
DOWN_KERNEL = 4
DENSE = 512
MOMENTUM = 0.8


@dataclass(frozen=True)
class Options:
    """What may be chosen.

    Attributes:
        kernel: of the generator's transposed convolutions.
        spectral: whether the generator's weights are spectrally normalised.
        skip: whether the generator has skip connections.
        width: the share of the described feature maps.
    """

    kernel: int
    spectral: bool
    skip: bool
    width: float


class Generator(nn.Module):
    """Noise and one-hot label -> dense, then doubled four times."""

    def __init__(self, options: Options, shape: Shape, *, rng: torch.Generator) -> None:
        super().__init__()
        self.classes = shape.classes
        spectral = options.spectral
        maps, side = keras.scaled(UP[0], options.width), shape.size >> len(UP)
        self.dense = nn.Sequential(
            keras.dense(shape.nz + shape.classes, maps * side * side, rng=rng, normed=spectral),
            nn.ReLU(inplace=True),
            nn.Unflatten(1, (maps, side, side)),
            keras.norm(maps, momentum=MOMENTUM),
            keras.PReLU(maps, side),
        )
        hidden: list[nn.Module] = []
        for described in UP[1:]:
            inputs, maps, side = maps, keras.scaled(described, options.width), side * 2
            layer: nn.Module = nn.Sequential(
                keras.doubling_conv(inputs, maps, options.kernel, rng=rng, normed=spectral),
                keras.norm(maps, momentum=MOMENTUM),
                keras.PReLU(maps, side),
            )
            hidden.append(Skipped(layer, inputs, maps, rng=rng, spectral=spectral) if options.skip else layer)
        self.hidden = nn.Sequential(*hidden)
        self.image = nn.Sequential(
            keras.doubling_conv(maps, shape.channels, options.kernel, rng=rng, normed=spectral), nn.Tanh()
        )

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Images of the classes ``labels``."""
        image: Tensor = self.image(self.hidden(self.dense(_joined(latents, labels, self.classes))))
        return image


class Skipped(nn.Module):
    """A layer that doubles its input, and a way around it."""

    def __init__(self, layer: nn.Module, inputs: int, outputs: int, *, rng: torch.Generator, spectral: bool) -> None:
        super().__init__()
        self.layer = layer
        self.around = nn.Sequential(
            keras.conv(inputs, outputs, 1, rng=rng, normed=spectral), nn.Upsample(scale_factor=2, mode="nearest")
        )

    def forward(self, features: Tensor) -> Tensor:
        """The sum of both."""
        total: Tensor = self.layer(features) + self.around(features)
        return total


class Discriminator(nn.Module):
    """Halved four times, averaged over the positions; then the one-hot label joins."""

    def __init__(self, options: Options, shape: Shape, *, rng: torch.Generator) -> None:
        super().__init__()
        self.classes = shape.classes
        maps = shape.channels
        layers: list[nn.Module] = []
        for described in DOWN:
            inputs, maps = maps, keras.scaled(described, options.width)
            layers += [
                keras.conv(inputs, maps, DOWN_KERNEL, stride=2, rng=rng),
                keras.norm(maps, momentum=MOMENTUM),
                keras.leaky(),
            ]
        self.convolutions = nn.Sequential(*layers)
        dense = keras.scaled(DENSE, options.width)
        self.dense = nn.Sequential(
            keras.dense(maps + shape.classes, dense, rng=rng),
            nn.ReLU(inplace=True),
            keras.dense(dense, 1, rng=rng),
            nn.Flatten(0),
        )

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Logits of images of the classes ``labels``."""
        logits: Tensor = self.dense(_joined(self.convolutions(images).mean(dim=(2, 3)), labels, self.classes))
        return logits


def generator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """See `Generator`; other sizes of images change the size that the dense layer's output has.

    Raises:
        UserError: the images are not of 16, 32 or 64 pixels.
    """
    check_size("cgan", shape.size, SIZES)
    return Generator(options, shape, rng=rng)


def discriminator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """See `Discriminator`."""
    return Discriminator(options, shape, rng=rng)


def _joined(features: Tensor, labels: Tensor | None, classes: int) -> Tensor:
    if labels is None:
        return features
    return torch.cat([features, one_hot(labels, classes).to(features)], dim=1)
