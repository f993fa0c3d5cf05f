"""What the trainer and the sampler need of a family of networks, and how labels reach any of them."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from ganaug.architectures import check_architecture
from ganaug.config import Gan
from ganaug.config import build as build_config


@dataclass(frozen=True)
class Shape:
    """What networks are made for.

    Attributes:
        nz: latent dimensions.
        size, channels: of the images, H = W = size.
        classes: how many labels the networks are told apart by; 0: none.
    """

    nz: int
    size: int
    channels: int
    classes: int


@dataclass(frozen=True)
class Networks:
    """A generator and a discriminator, called with labels (int64, N) too where there are any.

    The generator turns latents (float32, N x nz) into images in [-1, 1] (N x C x H x W), the discriminator images
    into logits (N). A family that learns nothing by steps has no discriminator.
    """

    generator: nn.Module
    discriminator: nn.Module | None


class Family(Protocol):
    """A module in ``gan/networks``.

    Attributes:
        Options: a frozen dataclass of what ``gan.architecture`` gives, without defaults.
        LABELS: whether its networks take labels themselves (where ``shape.classes`` is not 0); else `Networks` of
            this module join them to the inputs.
    """

    Options: type
    LABELS: bool

    def generator(self, options: Any, shape: Shape, *, rng: torch.Generator) -> nn.Module:
        """A generator on the CPU whose weights are drawn from ``rng``.

        Raises:
            UserError: the family cannot make images of that shape.
        """

    def discriminator(self, options: Any, shape: Shape, *, rng: torch.Generator) -> nn.Module | None:
        """A discriminator on the CPU whose weights are drawn from ``rng``."""


def family(network: str) -> Family:
    """The module of that name."""
    return cast(Family, importlib.import_module(f"ganaug.gan.networks.{network}"))


def build(gan: Gan, shape: Shape, *, rng: torch.Generator) -> Networks:
    """The networks of a GAN, on the CPU, in training mode.

    Raises:
        UserError: the family cannot make images of that shape, or an option makes no sense.
    """
    check_architecture(f"gans ({gan.network})", gan, size=shape.size)
    generator = _generator(gan, shape, rng=rng)
    module, options = family(gan.network), _options(gan)
    with _own_randomness(rng):
        if shape.classes and not module.LABELS:
            inner = module.discriminator(
                options, replace(shape, channels=shape.channels + shape.classes, classes=0), rng=rng
            )
            discriminator = inner and LabelledImages(inner, shape.classes)
        else:
            discriminator = module.discriminator(options, shape, rng=rng)
    return Networks(generator=generator, discriminator=discriminator)


def restore(gan: Gan, shape: Shape, state: dict[str, Tensor]) -> nn.Module:
    """The generator whose ``state_dict`` is ``state``, in evaluation mode."""
    network = _generator(gan, shape, rng=torch.Generator())
    network.load_state_dict(state)
    return network.eval()


def call(network: nn.Module, inputs: Tensor, labels: Tensor | None) -> Tensor:
    """The network's output; labels are given where there are any."""
    out: Tensor = network(inputs) if labels is None else network(inputs, labels)
    return out


class LabelledLatents(nn.Module):
    """A generator that is told the class by one-hot numbers after its latents: Mirza and Osindero (2014)."""

    def __init__(self, network: nn.Module, classes: int) -> None:
        super().__init__()
        self.network, self.classes = network, classes

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Images of the classes ``labels``."""
        image: Tensor = self.network(torch.cat([latents, one_hot(labels, self.classes).to(latents)], dim=1))
        return image


class LabelledImages(nn.Module):
    """A discriminator that is told the class by one-hot planes behind the channels of its images."""

    def __init__(self, network: nn.Module, classes: int) -> None:
        super().__init__()
        self.network, self.classes = network, classes

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Logits of images of the classes ``labels``."""
        planes = one_hot(labels, self.classes).to(images)[:, :, None, None].expand(-1, -1, *images.shape[2:])
        logits: Tensor = self.network(torch.cat([images, planes], dim=1))
        return logits


def _generator(gan: Gan, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    module, options = family(gan.network), _options(gan)
    with _own_randomness(rng):
        if shape.classes and not module.LABELS:
            inner = module.generator(options, replace(shape, nz=shape.nz + shape.classes, classes=0), rng=rng)
            return LabelledLatents(inner, shape.classes)
        return module.generator(options, shape, rng=rng)


def _options(gan: Gan) -> Any:
    return build_config(family(gan.network).Options, gan.architecture, f"gans: the architecture of {gan.network}")


@contextmanager
def _own_randomness(rng: torch.Generator) -> Iterator[None]:
    """Layers fill themselves from torch's global generator when they are made: here it starts from ``rng``, and is put
    back where it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rng.initial_seed())
        yield
