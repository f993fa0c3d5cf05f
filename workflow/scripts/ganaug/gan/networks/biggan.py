"""BigGAN: Brock, Donahue and Simonyan (2019), "Large scale GAN training for high fidelity natural image synthesis"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn

from ganaug.gan.networks import residual
from ganaug.gan.networks.family import Shape

LABELS = True
# Multiples of ``ch`` by image size, as in the authors' code; that has none for 16 pixels, which are 32 less a block.
UP = {16: (4, 4, 4), 32: (4, 4, 4, 4), 64: (16, 16, 8, 4, 2)}
DOWN = {16: (4, 4, 4), 32: (4, 4, 4, 4), 64: (1, 2, 4, 8, 16)}
HALVED = {16: 1, 32: 2, 64: 4}


@dataclass(frozen=True)
class Options:
    """What may be chosen.

    Attributes:
        ch: the channels that all widths are multiples of.
        embedding: numbers of the class embedding that all blocks of the generator share.
        attention: whether both networks have self-attention.
    """

    ch: int
    embedding: int
    attention: bool


def generator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """Latents are cut in as many parts as there are blocks, and one more: the first makes the 4 x 4 features.

    Raises:
        UserError: the images are not of 16, 32 or 64 pixels.
    """
    residual.levels(shape.size, family="biggan")
    return Generator(options, shape, _layers(rng))


def discriminator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """Residual blocks as in SNGAN, and projection."""
    return residual.Discriminator(
        shape.size,
        shape.channels,
        shape.classes,
        [options.ch * multiple for multiple in DOWN[shape.size]],
        _layers(rng),
        halved=HALVED[shape.size],
        attended=_attended(options, shape),
    )


class Generator(residual.Generator):
    """Every block's batch normalisation sees its own part of the latents and the class embedding that all share.

    Scales and shifts are linear in these. Without classes they depend on the latents alone.
    """

    def __init__(self, options: Options, shape: Shape, layers: residual.Layers) -> None:
        widths = [options.ch * multiple for multiple in UP[shape.size]]
        first, *others = cut(shape.nz, len(widths))
        told = options.embedding if shape.classes else 0
        super().__init__(
            first,
            widths,
            shape.channels,
            layers,
            choose=[partial(layers.dense, told + part, bias=False) for part in others],
            attended=_attended(options, shape),
        )
        self.parts = (first, *others)
        # The authors found that spectral normalisation of this one embedding hurts.
        plain = replace(layers, spectral=False)
        self.shared = plain.embedding(shape.classes, options.embedding) if shape.classes else None

    def conditions(self, latents: Tensor, labels: Tensor | None) -> tuple[Tensor, list[Tensor | None]]:
        """The first part of the latents, and the others behind the class embedding."""
        first, *others = latents.split(self.parts, dim=1)
        if self.shared is None:
            return first, [*others]
        embedded = self.shared(labels)
        return first, [torch.cat([embedded, part], dim=1) for part in others]


def cut(nz: int, parts: int) -> Sequence[int]:
    """Sizes of ``parts`` parts, as equal as may be; all latents are used."""
    return [nz // parts + (k < nz % parts) for k in range(parts)]


def _attended(options: Options, shape: Shape) -> int | None:
    return residual.attended(shape.size) if options.attention else None


def _layers(rng: torch.Generator) -> residual.Layers:
    """Orthogonal initial weights (Saxe et al. 2014), spectral normalisation in both networks."""
    return residual.Layers(draw=nn.init.orthogonal_, gain=1.0, spectral=True, rng=rng)
