"""One training over several processes, each with a part of every batch: who has which rows, and their sums.

All processes hold the same state. Each draws the random numbers of the whole batch and keeps those of its own rows, so
that what is trained does not depend on their number, up to the rounding of sums. Only what looks at a batch as a whole
sees this process's rows alone: batch normalisation, minibatch standard deviations, and StyleGAN2's mean style.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Rows:
    """This process's rows of a batch: others have ``before`` rows ahead of them, and ``after`` behind."""

    before: int = 0
    after: int = 0

    def whole(self, own: int) -> int:
        """The rows of all processes, of which this one has ``own``."""
        return self.before + own + self.after

    def own(self, whole: Tensor, *, dim: int = 0) -> Tensor:
        """This process's rows of what is there, or was drawn, for all of them along ``dim``."""
        return whole.narrow(dim, self.before, whole.shape[dim] - self.before - self.after)

    def gathered(self, own: Tensor) -> Tensor:
        """The last dimension of all processes from this one's: the inverse of `own`."""
        if not self.before + self.after:
            return own
        whole = own.new_zeros(*own.shape[:-1], self.whole(own.shape[-1]))
        self.own(whole, dim=-1).copy_(own)
        torch.distributed.all_reduce(whole)
        return whole


ALL = Rows()


@dataclass(frozen=True)
class Team:
    """The processes that train together, and which of them this one is, from 0; that one writes."""

    rank: int
    size: int

    def rows(self, whole: int) -> Rows:
        """This process's rows of a batch of ``whole``: the parts of all are consecutive and differ by one at most."""
        each, more = divmod(whole, self.size)
        before = self.rank * each + min(self.rank, more)
        return Rows(before, whole - before - each - (self.rank < more))

    def add(self, tensors: Iterable[Tensor]) -> None:
        """Replace tensors (float32, on the device) by their sums over the processes, all in one message."""
        if self.size == 1:
            return
        listed = list(tensors)
        flat = torch.cat([tensor.flatten() for tensor in listed])
        torch.distributed.all_reduce(flat)
        for tensor, total in zip(listed, flat.split([tensor.numel() for tensor in listed]), strict=True):
            tensor.copy_(total.view_as(tensor))

    def wait(self) -> None:
        """Until all processes are here."""
        if self.size > 1:
            torch.distributed.barrier()

    def follow(self, tensors: Iterable[Tensor]) -> None:
        """Replace tensors by those of the process that writes."""
        if self.size == 1:
            return
        for tensor in tensors:
            torch.distributed.broadcast(tensor, src=0)


SOLO = Team(rank=0, size=1)
