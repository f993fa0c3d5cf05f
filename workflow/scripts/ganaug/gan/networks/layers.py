"""Layers that several families share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ganaug.errors import UserError
from ganaug.gan.parallel import ALL, Rows

Layer = TypeVar("Layer", bound=nn.Module)


def check_size(family: str, size: int, sizes: Sequence[int]) -> None:
    """Refuse images that a family cannot make.

    Raises:
        UserError: ``size`` is not among ``sizes``.
    """
    if size not in sizes:
        known = ", ".join(map(str, sizes[:-1])) + f" or {sizes[-1]}"
        raise UserError(f"data.image_size: {family} makes images of {known} pixels, not {size}; set it to one of them")


class Draws(nn.Module):
    """A layer that draws random numbers in its forward pass, from the generator that `draw_from` gives it."""

    rng: torch.Generator | None = None
    rows: Rows = ALL

    def uniform(self, count: int, *shape: int, like: Tensor) -> Tensor:
        """Numbers in [0, 1) for a batch of ``count``, on the device of ``like``."""
        assert self.rng is not None, "draw_from was not called"
        drawn = torch.rand(self.rows.whole(count), *shape, generator=self.rng, device=self.rng.device)
        return self.rows.own(drawn).to(like)

    def normal(self, count: int, *shape: int, like: Tensor) -> Tensor:
        """Standard normal numbers for a batch of ``count``, on the device of ``like``."""
        assert self.rng is not None, "draw_from was not called"
        drawn = torch.randn(self.rows.whole(count), *shape, generator=self.rng, device=self.rng.device)
        return self.rows.own(drawn).to(like)


def draw_from(network: nn.Module, rng: torch.Generator, rows: Rows = ALL) -> None:
    """Let every layer of ``network`` that draws do so from ``rng``, for those rows of a batch."""
    for module in network.modules():
        if isinstance(module, Draws):
            module.rng, module.rows = rng, rows


class Dropout(Draws):
    """Srivastava et al. (2014): in training each number is 0 with probability ``p``, the rest grow by 1 / (1 - p)."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, features: Tensor) -> Tensor:
        """Features of any shape."""
        if not self.training:
            return features
        return features * (self.uniform(*features.shape, like=features) >= self.p) / (1 - self.p)


def spectral(layer: Layer, *, rng: torch.Generator) -> Layer:
    """The layer, its weight divided by its largest singular value: Miyato et al. (2018), algorithm 1.

    Call it after the weight was drawn. The first estimate of the singular vectors is drawn from ``rng``.
    """
    spectral_norm(layer)
    made: Any = layer
    parametrized = made.parametrizations.weight
    [norm] = parametrized
    with torch.no_grad():
        norm._u.normal_(generator=rng)
        norm._v.normal_(generator=rng)
        norm._u.div_(norm._u.norm())
        norm._v.div_(norm._v.norm())
        norm._power_method(norm._reshape_weight_to_matrix(parametrized.original), 15)
    return layer


class SelfAttention(nn.Module):
    """Self-attention over the positions of a feature map: Zhang et al. (2019, SAGAN), section 3.

    Queries and keys have an eighth of the channels, keys and values a quarter of the positions, as in its code; the
    result is scaled by a learned number that starts at 0, and added.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(1, channels // 8)
        self.query = nn.Conv2d(channels, inner, 1, bias=False)
        self.key = nn.Conv2d(channels, inner, 1, bias=False)
        self.value = nn.Conv2d(channels, max(1, channels // 2), 1, bias=False)
        self.out = nn.Conv2d(max(1, channels // 2), channels, 1, bias=False)
        self.scale = nn.Parameter(torch.zeros(()))

    def forward(self, features: Tensor) -> Tensor:
        """Features, N x C x H x W."""
        pool = torch.nn.functional.max_pool2d
        queries = self.query(features).flatten(2).transpose(1, 2)
        keys = pool(self.key(features), 2).flatten(2)
        values = pool(self.value(features), 2).flatten(2).transpose(1, 2)
        attention = (queries @ keys).softmax(dim=2)
        attended = (attention @ values).transpose(1, 2).unflatten(2, features.shape[2:])
        added: Tensor = self.scale * self.out(attended)
        return features + added


class Growing(nn.Module, ABC):
    """A network whose shape in use depends on how far its training is."""

    @abstractmethod
    def grow(self, done: float) -> None:
        """Be as it is after the share ``done`` (0 to 1) of the steps; kept in a buffer, and so with the weights."""


class Styled(nn.Module, ABC):
    """A generator whose images depend on styles, which the path length penalty differentiates by."""

    @abstractmethod
    def styled(self, latents: Tensor, labels: Tensor | None) -> tuple[Tensor, Tensor]:
        """Images, and the styles (N x layers x w) that they were made from."""


class Truncated(nn.Module):
    """A generator that truncates by itself and mixes latents: ``psi`` 1 is no truncation (Karras et al. 2019)."""

    psi: float = 1.0
