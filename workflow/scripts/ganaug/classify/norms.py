"""Batch normalisation that keeps GAN images and real images apart: Xie et al. (2020), section 4."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganaug.errors import UserError

OWN, AUXILIARY = "own", "auxiliary"


class SplitNorm(nn.Module):
    """Two normalisations of one layer: ``own`` for real images, ``auxiliary`` for the others.

    ``others`` (bool, N) says which images of the next batch are which; None: all are real.
    """

    others: Tensor | None = None

    def __init__(self, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        self.own, self.auxiliary = norm, copy.deepcopy(norm)

    def forward(self, features: Tensor) -> Tensor:
        """Each kind normalised by its own statistics; N x C x H x W."""
        if self.others is None or not bool(self.others.any()):
            return _normalised(self.own, features)
        if bool(self.others.all()):
            return _normalised(self.auxiliary, features)
        out = torch.empty_like(features)
        # Under autocast a normalisation may return another type than it is given.
        out[~self.others] = _normalised(self.own, features[~self.others]).to(out.dtype)
        out[self.others] = _normalised(self.auxiliary, features[self.others]).to(out.dtype)
        return out


def _normalised(norm: nn.BatchNorm2d, features: Tensor) -> Tensor:
    """Of a single image whose maps are of one pixel there are no statistics: it is normalised by those before it."""
    if norm.training and features.numel() == features.shape[1]:
        return functional.batch_norm(
            features, norm.running_mean, norm.running_var, norm.weight, norm.bias, training=False, eps=norm.eps
        )
    normalised: Tensor = norm(features)
    return normalised


def split_norms(network: nn.Module, *, name: str) -> None:
    """Replace every batch normalisation of ``network`` by a `SplitNorm` that begins with two copies of it.

    Raises:
        UserError: there is none; ``name`` is the network's.
    """
    found = [
        (parent, key, child)
        for parent in network.modules()
        for key, child in parent.named_children()
        if isinstance(child, nn.BatchNorm2d)
    ]
    if not found:
        raise UserError(
            f"arms: strategy.auxiliary_norm, but {name} has no batch normalisation; take another classifier, such as "
            "resnet18, or leave it out"
        )
    for parent, key, child in found:
        setattr(parent, key, SplitNorm(child))


def tell_others(network: nn.Module, others: Tensor | None) -> None:
    """Say of the next batch which images are not real; None: all are."""
    for layer in network.modules():
        if isinstance(layer, SplitNorm):
            layer.others = others


def plain_weights(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a network as it was before `split_norms`: those for real images."""
    return {name.replace(f".{OWN}.", "."): weight for name, weight in weights.items() if f".{AUXILIARY}." not in name}
