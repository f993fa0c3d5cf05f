"""The optimiser that a classifier asks for."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor

from ganaug.adam import Adam
from ganaug.config import Classifier
from ganaug.sgd import Sgd


class Optimiser:
    """Updates parameters; those with one axis (biases, scales of normalisation) are never decayed."""

    def __init__(self, parameters: Iterable[Tensor], classifier: Classifier) -> None:
        whole = list(parameters)
        decayed = [parameter for parameter in whole if parameter.ndim > 1]
        others = [parameter for parameter in whole if parameter.ndim <= 1]
        kind = Adam if classifier.optimiser == "adam" else Sgd
        self._parts = [
            kind(decayed, lr=classifier.lr, weight_decay=classifier.weight_decay),
            kind(others, lr=classifier.lr),
        ]

    def step(self, *, lr: float) -> None:
        """One update; parameters without a gradient are left out."""
        for part in self._parts:
            part.lr = lr
            part.step()

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for part in self._parts:
            part.zero_grad()

    def state(self) -> dict[str, Tensor]:
        """All that it remembers, by name: for a checkpoint."""
        return {f"{k}.{name}": tensor for k, part in enumerate(self._parts) for name, tensor in part.state().items()}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Put back what `state` gave."""
        for k, part in enumerate(self._parts):
            own = {name.removeprefix(f"{k}."): tensor for name, tensor in state.items() if name.startswith(f"{k}.")}
            part.restore(own)
