"""What stands before every network, and layers that are set from the training images instead of trained."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from itertools import takewhile

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganaug.batches import Batches

# Of a batch while layers are calibrated: 512 images of 32 pixels, 10 of 224.
PIXELS_AT_ONCE = 1 << 19


class Calibrated(nn.Module, ABC):
    """A layer with buffers that `calibrate` sets; they are weights of the network as any others."""

    @abstractmethod
    def reset(self) -> None:
        """Give the buffers the values they have before images are seen."""

    @abstractmethod
    def calibrate(self, batches: Iterable[Tensor]) -> None:
        """Set the buffers from all inputs that the layer gets, float32, N x C x H x W a batch."""


class Input(Calibrated):
    """The first layer: normalises images per channel and resizes them, a batch at a time and on its device.

    float32 N x c x H x W in [-1, 1] become N x C x p x p: minus ``mean``, divided by ``std`` (buffers of C values, 0
    and 1 at first). One channel becomes C equal ones before that. Resizing is bilinear, and antialiased where images
    shrink; ``pixels`` None keeps H x W.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, *, channels: int, pixels: int | None) -> None:
        """``channels`` is C, what the network takes; ``pixels`` is p."""
        super().__init__()
        self.pixels = pixels
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("std", torch.ones(channels))

    def reset(self) -> None:
        """Normalise nothing."""
        self.mean.zero_()
        self.std.fill_(1.0)

    def calibrate(self, batches: Iterable[Tensor]) -> None:
        """Take mean and standard deviation of each channel over all pixels; a constant channel is only centred."""
        mean, covariance = moments(images.movedim(1, -1).flatten(0, -2) for images in batches)
        # Pixels are 2/255 apart, so less than this is rounding.
        variance = covariance.diagonal()
        std = torch.where(variance > 1e-10, variance, 1.0).sqrt()
        self.mean.copy_(mean)
        self.std.copy_(std)

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        # Where the buffers have three values, this also repeats a grey channel.
        images = (images - self.mean[:, None, None]) / self.std[:, None, None]
        size = images.shape[-1]
        if self.pixels is None or self.pixels == size:
            return images
        return functional.interpolate(
            images, size=(self.pixels, self.pixels), mode="bilinear", antialias=self.pixels < size
        )


def calibrate(network: nn.Module, images: Batches) -> None:
    """Set the `Calibrated` layers at the head of ``network``, one after the other, from ``images``, in place.

    Args:
        network: made by `ganaug.classify.networks.make`, on the device of the images; its mode does not matter.
        images: all real training images of the split and no others, so that no arm sees other statistics.
    """
    layers = [network.get_submodule("input"), *network.get_submodule("body").children()]
    done = nn.Sequential()
    with torch.no_grad():
        for layer in takewhile(lambda layer: isinstance(layer, Calibrated), layers):
            assert isinstance(layer, Calibrated)
            layer.calibrate(_passed(images, done))
            done.append(layer)


def _passed(images: Batches, layers: nn.Sequential) -> Iterator[Tensor]:
    """All images in their order, in batches, after ``layers``."""
    size = max(images.size, *(layer.pixels or 0 for layer in layers if isinstance(layer, Input)), 1)
    for positions in torch.arange(len(images)).split(max(1, PIXELS_AT_ONCE // size**2)):
        yield layers(images(positions))


def moments(rows: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean (d values) and covariance (d x d, divided by n) of all rows (n x d a batch), as float64 on the CPU."""
    count, total, squares = 0, torch.zeros(()), torch.zeros(())
    for part in rows:
        values = part.double()
        count += len(values)
        total, squares = total.to(values) + values.sum(dim=0), squares.to(values) + values.T @ values
    mean = (total / count).cpu()
    return mean, (squares / count).cpu() - torch.outer(mean, mean)
