"""The layers of StyleGAN2: Karras et al. (2020), "Analyzing and improving the image quality of StyleGAN"."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.functional import one_hot

from ganaug.gan.networks.layers import Draws

# The low-pass filters of bilinear and of nearest neighbour resampling by 2, in one dimension.
TAPS = {"bilinear": (1, 3, 3, 1), "nearest": (1, 1)}
# Minibatch standard deviation compares so many images.
GROUP = 4
EPSILON = 1e-8


def leaky(features: Tensor) -> Tensor:
    """LeakyReLU of slope 0.2, times the root of 2 so that variances stay."""
    return functional.leaky_relu(features, 0.2) * 2**0.5


def normalised(latents: Tensor) -> Tensor:
    """Rows of a mean square of 1: pixel norm, Karras et al. (2018, ProGAN), section 4.2."""
    return latents * (latents.square().mean(dim=1, keepdim=True) + EPSILON).rsqrt()


class Dense(nn.Module):
    """A dense layer with equalised learning rate: weights are N(0, 1) and scaled in use (ProGAN, section 4.1).

    Args:
        lr: factor of its learning rate.
        bias: what the bias starts at.
    """

    def __init__(self, inputs: int, outputs: int, *, lr: float = 1.0, bias: float = 0.0, rng: torch.Generator) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, generator=rng) / lr)
        self.bias = nn.Parameter(torch.full((outputs,), bias / lr))
        self.lr = lr

    def forward(self, inputs: Tensor) -> Tensor:
        """Features, N x inputs."""
        return functional.linear(inputs, self.weight * (self.lr / self.weight.shape[1] ** 0.5), self.bias * self.lr)


class Filter(nn.Module):
    """Resampling by 2, and its low-pass filter for convolutions that resample by themselves."""

    kernel: Tensor

    def __init__(self, resample: str) -> None:
        super().__init__()
        taps = torch.tensor(TAPS[resample], dtype=torch.float32)
        self.register_buffer("kernel", torch.outer(taps, taps)[None, None] / taps.sum() ** 2, persistent=False)
        self.margin = len(taps) // 2 - 1

    def up(self, features: Tensor) -> Tensor:
        """Twice the size."""
        return functional.conv_transpose2d(
            features, self._kernels(features) * 4, stride=2, padding=self.margin, groups=features.shape[1]
        )

    def down(self, features: Tensor) -> Tensor:
        """Half the size."""
        # CPUs have no fast gradient of this convolution in bf16, only one that is far slower than that in fp32.
        with torch.autocast(features.device.type, enabled=False):
            features = features.float()
            return functional.conv2d(
                features, self._kernels(features), stride=2, padding=self.margin, groups=features.shape[1]
            )

    def blur(self, features: Tensor, *, grow: int) -> Tensor:
        """One pixel less (``grow`` 0), or one more (1)."""
        return functional.conv2d(
            features, self._kernels(features), padding=self.margin + grow, groups=features.shape[1]
        )

    def _kernels(self, features: Tensor) -> Tensor:
        return self.kernel.expand(features.shape[1], -1, -1, -1)


class Convolution(nn.Module):
    """A convolution with equalised learning rate that keeps the size, or halves it where there is a filter."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        down: Filter | None = None,
        bias: bool = True,
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel, generator=rng))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.down = down
        self.gain = (inputs * kernel**2) ** -0.5

    def forward(self, features: Tensor) -> Tensor:
        """Features, N x inputs x H x W."""
        weight, kernel = self.weight * self.gain, self.weight.shape[2]
        if self.down is None:
            return functional.conv2d(features, weight, self.bias, padding=kernel // 2)
        if kernel == 1:
            return functional.conv2d(self.down.down(features), weight, self.bias)
        return functional.conv2d(self.down.blur(features, grow=1), weight, self.bias, stride=2)


class Modulated(nn.Module):
    """A convolution whose weights are scaled by a style (equation 1) and then to unit norm (equation 3).

    The paper computes it as a grouped convolution with weights of each image. Scaling the inputs before, and the
    outputs after, one convolution for all is the same arithmetic without so many groups, which CPUs are slow at.

    Args:
        w: numbers of a style.
        demodulate: whether the weights of an output channel get unit norm.
        up: doubles the size.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        w: int,
        demodulate: bool = True,
        up: Filter | None = None,
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.style = Dense(w, inputs, bias=1.0, rng=rng)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel, generator=rng))
        self.demodulate, self.up = demodulate, up
        self.gain = (inputs * kernel**2) ** -0.5

    def forward(self, features: Tensor, style: Tensor) -> Tensor:
        """Features (N x inputs x H x W) under styles (N x w)."""
        scales, weight = self.style(style), self.weight * self.gain
        features = features * scales[:, :, None, None]
        if self.up is None:
            features = functional.conv2d(features, weight, padding=weight.shape[2] // 2)
        else:
            # The filter's gain is 4, since three of four pixels are zeros that the stride put in.
            features = functional.conv_transpose2d(features, weight.transpose(0, 1) * 4, stride=2)
            features = self.up.blur(features, grow=0)
        return features * norms(weight, scales)[:, :, None, None] if self.demodulate else features


def norms(weight: Tensor, scales: Tensor) -> Tensor:
    """What brings the weights of each output channel, scaled by ``scales`` (N x inputs), to unit norm: N x outputs."""
    return (scales.square() @ weight.square().sum(dim=(2, 3)).T + EPSILON).rsqrt()


class StyledConvolution(Draws):
    """A modulated 3 x 3 convolution, noise of a learned strength (the same for all channels), bias and LeakyReLU."""

    def __init__(
        self, inputs: int, outputs: int, *, w: int, up: Filter | None = None, noise: bool, rng: torch.Generator
    ) -> None:
        super().__init__()
        self.convolution = Modulated(inputs, outputs, 3, w=w, up=up, rng=rng)
        self.strength = nn.Parameter(torch.zeros(())) if noise else None
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, features: Tensor, style: Tensor) -> Tensor:
        """Features (N x inputs x H x W) under styles (N x w)."""
        features = self.convolution(features, style)
        if self.strength is not None:
            count, _, height, width = features.shape
            features = features + self.strength * self.normal(count, 1, height, width, like=features)
        return leaky(features + self.bias[:, None, None])


class Mapping(nn.Module):
    """Normalised latents, beside a normalised embedding of the label, through dense layers that learn slowly.

    Attributes:
        outputs: numbers of a w: those of the layers, or without layers of their input.

    Args:
        nz: numbers of a latent; 0 for none.
        classes: 0 for no labels.
    """

    def __init__(self, nz: int, classes: int, *, layers: int, w: int, rng: torch.Generator) -> None:
        super().__init__()
        self.classes = classes
        self.embedding = Dense(classes, w, rng=rng) if classes else None
        inputs = nz + (w if classes else 0)
        self.outputs = w if layers else inputs
        self.layers = nn.ModuleList(Dense(w if k else inputs, w, lr=0.01, rng=rng) for k in range(layers))

    def forward(self, latents: Tensor, labels: Tensor | None) -> Tensor:
        """w of latents (N x nz)."""
        features = normalised(latents)
        if self.embedding is not None:
            assert labels is not None
            embedded = self.embedding(one_hot(labels, self.classes).to(latents))
            features = torch.cat([features, normalised(embedded)], dim=1)
        for layer in self.layers:
            features = leaky(layer(features))
        return features


class MinibatchDeviation(nn.Module):
    """One more channel, the mean standard deviation of all features over a group of images (ProGAN, section 3).

    Groups are of the smallest size from 4 up that divides the batch: a batch of a prime number is one group.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Features, N x C x H x W."""
        count, _, height, width = features.shape
        group = next(size for size in range(min(GROUP, count), count + 1) if count % size == 0)
        groups = features.float().unflatten(0, (group, count // group))
        deviation = (groups.var(dim=0, correction=0) + EPSILON).sqrt().mean(dim=(1, 2, 3))
        plane = deviation.repeat(group)[:, None, None, None].expand(-1, 1, height, width)
        return torch.cat([features, plane.to(features)], dim=1)


class ResidualBlock(nn.Module):
    """Two convolutions, the second of which halves the size, and a way round them (the paper's figure 7)."""

    def __init__(self, inputs: int, outputs: int, *, down: Filter, rng: torch.Generator) -> None:
        super().__init__()
        self.first = Convolution(inputs, inputs, 3, rng=rng)
        self.second = Convolution(inputs, outputs, 3, down=down, rng=rng)
        self.skip = Convolution(inputs, outputs, 1, down=down, bias=False, rng=rng)

    def forward(self, features: Tensor) -> Tensor:
        """Features, N x inputs x H x W."""
        inner = leaky(self.second(leaky(self.first(features))))
        # Half of the sum of two variances is one again.
        added: Tensor = (inner + self.skip(features)) * 0.5**0.5
        return added
