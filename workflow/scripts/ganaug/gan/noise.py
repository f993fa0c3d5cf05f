"""Random numbers for batches of one GAN, or of several that train together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ganaug.seeds import torch_generator


@dataclass(frozen=True)
class Noise:
    """A generator on the CPU, so that devices agree, for each GAN; each draws for its own rows, as it would alone.

    The rows of a batch are those of the first GAN, then those of the second, and so on, equally many each.
    """

    generators: tuple[torch.Generator, ...]

    @classmethod
    def of(cls, seeds: Sequence[int]) -> Noise:
        """A generator for each seed."""
        return cls(tuple(torch_generator(seed) for seed in seeds))

    @property
    def only(self) -> torch.Generator:
        """That of the only GAN."""
        [rng] = self.generators
        return rng

    def uniform(self, *shape: int) -> Tensor:
        """Numbers in [0, 1), float32; the last dimension is the rows."""
        return torch.cat([torch.rand(*shape[:-1], self._each(shape[-1]), generator=rng) for rng in self.generators], -1)

    def normal(self, rows: int, width: int) -> Tensor:
        """Standard normal numbers, float32, ``rows`` x ``width``."""
        return torch.cat([torch.randn(self._each(rows), width, generator=rng) for rng in self.generators])

    def _each(self, rows: int) -> int:
        return rows // len(self.generators)
