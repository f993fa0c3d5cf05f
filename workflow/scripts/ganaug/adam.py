"""Adam: Kingma and Ba (2015), algorithm 1, as one fused kernel; with weight decay AdamW (Loshchilov and Hutter 2019).

It is the arithmetic of ``torch.optim.AdamW(fused=True)``, to the bit. That class imports torch's compiler when it is
first used, which costs every job of a study about as much as importing torch itself.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

EPSILON = 1e-8


class Adam:
    """Updates ``parameters`` in place from their gradients."""

    def __init__(
        self,
        parameters: Iterable[Tensor],
        *,
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        weight_decay: float = 0.0,
    ) -> None:
        """``betas`` are the decays of the first and second moment; ``lr`` may be changed between steps.

        Each step also takes away ``lr`` times ``weight_decay`` times the weights.
        """
        self._parameters = list(parameters)
        self.lr, self._betas, self._weight_decay = lr, betas, weight_decay
        self._first = [torch.zeros_like(parameter) for parameter in self._parameters]
        self._second = [torch.zeros_like(parameter) for parameter in self._parameters]
        self._steps = [torch.zeros((), device=parameter.device) for parameter in self._parameters]

    def step(self) -> None:
        """One update; parameters without a gradient are left out."""
        used = [k for k, parameter in enumerate(self._parameters) if parameter.grad is not None]
        if not used:
            return
        steps = [self._steps[k] for k in used]
        with torch.no_grad():
            torch._foreach_add_(steps, 1)
            torch._fused_adamw_(
                [self._parameters[k] for k in used],
                [grad for k in used if (grad := self._parameters[k].grad) is not None],
                [self._first[k] for k in used],
                [self._second[k] for k in used],
                [],
                steps,
                lr=self.lr,
                beta1=self._betas[0],
                beta2=self._betas[1],
                weight_decay=self._weight_decay,
                eps=EPSILON,
                amsgrad=False,
                maximize=False,
            )

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    def state(self) -> dict[str, Tensor]:
        """All that it remembers, by name: for a checkpoint."""
        parts = {"first": self._first, "second": self._second, "step": self._steps}
        return {f"{part}.{k}": tensor for part, tensors in parts.items() for k, tensor in enumerate(tensors)}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Put back what `state` gave; the moments keep lying in memory as their parameters do."""
        for name, tensor in self.state().items():
            tensor.copy_(state[name])
