"""Which images a step sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice

import torch
from torch import Tensor

from ganaug.seeds import derive, torch_generator

Positions = Callable[[int], Tensor]


def whole_batches(positions: Positions, *, size: int, seed: int) -> Iterator[Tensor]:
    """Batches of ``positions(epoch)``, for ever: one permutation after another, cut into exactly ``size``.

    A short batch at the end of every epoch would come up more often in small training sets than in large ones,
    and at equal steps the arms would no longer have equal budgets.
    """
    order = torch.empty(0, dtype=torch.int64)
    epoch = 0
    while True:
        while len(order) < size:
            own = positions(epoch)
            shuffled = own[torch.randperm(len(own), generator=torch_generator(derive(seed, "epoch", epoch)))]
            order, epoch = torch.cat([order, shuffled]), epoch + 1
        yield order[:size]
        order = order[size:]


def by_turns(turns: Tensor) -> Positions:
    """All images whose turn (int64, N) is 0, and in epoch e (from 0) those whose turn is 1 + e modulo the turns."""
    last = int(turns.max())
    if last == 0:
        whole = torch.arange(len(turns))
        return lambda _: whole
    return lambda epoch: torch.nonzero((turns == 0) | (turns == 1 + epoch % last)).flatten()


def in_phases(generated: Tensor, turns: Tensor, *, first: int, size: int, seed: int) -> Iterator[Tensor]:
    """``first`` batches of GAN images alone, and then for ever those of the real images alone.

    Args:
        generated: whether an image is of a GAN (bool, N).
    """

    def of(kind: Tensor) -> Positions:
        places, among = torch.nonzero(kind).flatten(), by_turns(turns[kind])
        return lambda epoch: places[among(epoch)]

    pretraining = whole_batches(of(generated), size=size, seed=derive(seed, "pretrain"))
    return chain(islice(pretraining, first), whole_batches(of(~generated), size=size, seed=seed))


def epoch_images(turns: Tensor) -> int:
    """How many images an epoch has."""
    return len(by_turns(turns)(0))
