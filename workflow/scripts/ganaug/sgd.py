"""Stochastic gradient descent with Nesterov momentum (Sutskever et al. 2013, section 2), as one fused kernel.

It is the arithmetic of ``torch.optim.SGD(nesterov=True, fused=True)``; see `ganaug.adam` for why that is not used.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

MOMENTUM = 0.9


class Sgd:
    """Updates ``parameters`` in place from their gradients, with momentum 0.9."""

    def __init__(self, parameters: Iterable[Tensor], *, lr: float, weight_decay: float = 0.0) -> None:
        """``weight_decay`` is added to the gradients, times the weights; ``lr`` may be changed between steps."""
        self._parameters = list(parameters)
        self.lr, self._weight_decay = lr, weight_decay
        self._momenta = [torch.zeros_like(parameter) for parameter in self._parameters]

    def step(self) -> None:
        """One update; parameters without a gradient are left out."""
        used = [k for k, parameter in enumerate(self._parameters) if parameter.grad is not None]
        if not used:
            return
        with torch.no_grad():
            torch._fused_sgd_(
                [self._parameters[k] for k in used],
                [grad for k in used if (grad := self._parameters[k].grad) is not None],
                [self._momenta[k] for k in used],
                weight_decay=self._weight_decay,
                momentum=MOMENTUM,
                lr=self.lr,
                dampening=0.0,
                nesterov=True,
                maximize=False,
                # The momenta begin at 0, and 0.9 times 0 plus the gradient is what the first step begins with.
                is_first_step=False,
            )

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    def state(self) -> dict[str, Tensor]:
        """All that it remembers, by name: for a checkpoint."""
        return {f"momentum.{k}": momentum for k, momentum in enumerate(self._momenta)}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Put back what `state` gave; the momenta keep lying in memory as their parameters do."""
        for name, tensor in self.state().items():
            tensor.copy_(state[name])
