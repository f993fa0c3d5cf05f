"""Networks in the place of published ones, which the tests cannot have: their features can be computed by hand."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Layers(nn.Module):
    """In the place of Inception's layers: 2048 times the mean of the first channel, less that of the last."""

    def forward(self, x: Tensor) -> Tensor:
        means = x.mean(dim=(2, 3))
        return torch.cat([means, (means[:, :1] - means[:, 2:]).expand(-1, 2045)], 1)


class Inception(nn.Module):
    """What clean-fid asks of the file: ``layers``, and a call of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = Layers()

    def forward(self, x: Tensor, return_features: bool = False) -> Tensor:
        return self.layers(x)  # type: ignore[no-any-return]


class Means(nn.Module):
    """Of each channel the mean, and the side of the images."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x.mean(dim=(2, 3)), torch.full((x.size(0), 1), float(x.size(3)))], 1)
