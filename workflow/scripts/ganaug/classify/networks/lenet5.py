"""LeNet-5: LeCun et al. (1998), "Gradient-based learning applied to document recognition", figure 2."""

from __future__ import annotations

from torch import nn

from ganaug.classify.networks.initial import default_all as initialise
from ganaug.classify.networks.sizes import check_size

__all__ = ["build", "initialise"]


def build(*, size: int, channels: int, classes: int) -> nn.Module:
    """Convolutions 6 and 16 (5x5), dense layers 120 and 84, with ReLU and max pooling in place of tanh and subsampling.

    At 32 pixels the maps are those of the paper: 28, 14, 10, 5. Smaller images are padded in the first convolution
    only as far as the second needs: 16 pixels give 16, 8, 4, 2.

    Raises:
        UserError: fewer than 12 pixels.
    """
    check_size("lenet5", size, least=12)
    padding = 0 if size >= 28 else 2
    last = ((size + 2 * padding - 4) // 2 - 4) // 2
    return nn.Sequential(
        nn.Conv2d(channels, 6, 5, padding=padding),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * last * last, 120),
        nn.ReLU(inplace=True),
        nn.Linear(120, 84),
        nn.ReLU(inplace=True),
        nn.Linear(84, classes),
    )
