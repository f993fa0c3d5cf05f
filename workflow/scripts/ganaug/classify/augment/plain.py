"""The two plain policies: flip and crop, and the online form of the classic images of ``ganaug.sets.classic``."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from ganaug.classify.augment.geometry import rotations, sample
from ganaug.classify.augment.levels import grey, to_levels

ROTATION, FACTOR = 15.0, 0.2
BLURRED, SIGMAS, TAPS = 0.5, (0.1, 1.0), 5


def flip_crop(images: Tensor, draws: Tensor) -> Tensor:
    """Cut out of the image with a black border of size/8, and mirrored with probability 1/2.

    Args:
        images: uint8, N x C x H x W, channels last in memory.
        draws: uniform in [0, 1), 3 x N, on the CPU: mirrored below 0.5, the first line, the first column.
    """
    count, channels, height, width = images.shape
    border_y, border_x = round(height / 8), round(width / 8)
    padded = pad(images.permute(0, 2, 3, 1), (0, 0, border_x, border_x, border_y, border_y)).contiguous()
    top = (draws[1] * (2 * border_y + 1)).long() + torch.arange(count) * padded.shape[1]
    left = (draws[2] * (2 * border_x + 1)).long()
    first = (top[:, None] + torch.arange(height)) * padded.shape[2] + left[:, None]
    # Every pixel begins a line of the result: a line is then copied as a whole, and not pixel by pixel.
    lines = padded.as_strided((count * padded.shape[1] * padded.shape[2] - width + 1, width * channels), (channels, 1))
    cut = lines.index_select(0, first.flatten().to(images.device)).view(count, height, width, channels)
    turned = (draws[0] < 0.5).nonzero().flatten().to(images.device)
    cut.index_copy_(0, turned, cut.index_select(0, turned).flip(2))
    return cut.permute(0, 3, 1, 2)


def classic(images: Tensor, draws: Tensor) -> Tensor:
    """Rotation, brightness, contrast, saturation and blur, in this order; rounded once, at the end.

    Rotation is uniform in -15 to 15 degrees, bilinear, and what comes in continues the image's edge; the factors of
    brightness, contrast and saturation are uniform in 0.8 to 1.2. Half of the images get a Gaussian blur of 5 x 5 taps
    whose sigma is uniform in 0.1 to 1 pixel, the image mirrored at its edge.

    Args:
        images: uint8, N x C x H x W, contiguous, H and W at least 3.
        draws: uniform in [0, 1), 6 x N, on the CPU: angle, three factors, blurred below 0.5, sigma.
    """
    matrices = torch.zeros(len(images), 2, 3)
    matrices[:, :, :2] = rotations(ROTATION * (2 * draws[0] - 1))
    factors = (1 + FACTOR * (2 * draws[1:4] - 1)).to(images.device, torch.float32)[..., None, None, None]
    result = sample(images.float(), matrices.to(images.device), bilinear=True, edge=True)
    result.mul_(factors[0]).clamp_(0, 255)
    mean = grey(result).mean(dim=(1, 2, 3), keepdim=True)
    result.sub_(mean).mul_(factors[1]).add_(mean).clamp_(0, 255)
    if images.shape[1] == 3:
        luma = grey(result)
        result.sub_(luma).mul_(factors[2]).add_(luma).clamp_(0, 255)
    blurred = (draws[4] < BLURRED).nonzero().flatten()
    if len(blurred):
        sigmas = SIGMAS[0] + (SIGMAS[1] - SIGMAS[0]) * draws[5, blurred]
        place = blurred.to(images.device)
        result.index_copy_(0, place, _blur(result.index_select(0, place), sigmas))
    return to_levels(result.round_())


def _blur(images: Tensor, sigmas: Tensor) -> Tensor:
    count, channels, height, width = images.shape
    reach = TAPS // 2
    offset = torch.arange(-reach, reach + 1)
    line = (-0.5 * (offset / sigmas[:, None]).square()).softmax(dim=1)
    kernels = (line[:, :, None] * line[:, None, :]).repeat_interleave(channels, dim=0)[:, None]
    # A group a channel of each image: every image has a kernel of its own.
    padded = pad(images, (reach, reach, reach, reach), mode="reflect").flatten(0, 1)[None]
    found = conv2d(padded, kernels.to(images.device, images.dtype), groups=count * channels)
    return found.view(count, channels, height, width)
