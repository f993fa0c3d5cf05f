"""Improvements that GAN-101 tried: what is done to the real images of one class before its GAN sees them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, conv2d, grid_sample, mse_loss, pad

from ganaug.adam import Adam
from ganaug.config import Prepare
from ganaug.errors import UserError
from ganaug.gan.augmentation import cutmix
from ganaug.images import Pixels
from ganaug.seeds import derive, torch_generator

DEGREES, SHIFT = 15.0, 0.1
# The Gaussian of the unsharp mask, in pixels.
SIGMA, REACH = 1.0, 3
LEAST_IMAGES = 2
WIDTH, CODE = 16, 4
ENCODER_STEPS, ENCODER_BATCH, ENCODER_LR = 150, 64, 3e-3
# Images that are floating point numbers at the same time.
AT_ONCE = 1024


def prepared(images: Pixels, steps: Prepare, *, seed: int) -> Pixels:
    """The images of one class after ``steps``: each works on what the one before it left.

    Args:
        images: uint8, N x H x W x C, H = W.
        seed: each step draws from a stream of its own below it, so that leaving one out changes no other's draws.

    Raises:
        UserError: a ratio asks for no image.
    """
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
    if steps.remove_outliers is not None:
        pixels = without_outliers(pixels, share=steps.remove_outliers, seed=derive(seed, "outliers"))
    if steps.sharpen is not None:
        pixels = torch.cat([sharpened(part, amount=steps.sharpen) for part in pixels.split(AT_ONCE)])
    if steps.augment is not None:
        rng = torch_generator(derive(seed, "augment"))
        again = pixels[_evenly(len(pixels), _amount("augment", steps.augment, len(pixels)), rng=rng)]
        pixels = torch.cat([pixels, *(augmented(part, rng=rng) for part in again.split(AT_ONCE))])
    if steps.cutmix is not None:
        rng = torch_generator(derive(seed, "cutmix"))
        chosen = _evenly(len(pixels), _amount("cutmix", steps.cutmix, len(pixels)), rng=rng)
        others = _others(chosen, len(pixels), rng=rng)
        pairs = zip(chosen.split(AT_ONCE), others.split(AT_ONCE), strict=True)
        pixels = torch.cat([pixels, *(cutmix(pixels[own], pixels[other], rng=rng)[0] for own, other in pairs)])
    if steps.oversample is not None:
        missing = max(0, steps.oversample - len(pixels))
        again = pixels[_evenly(len(pixels), missing, rng=torch_generator(derive(seed, "oversample")))]
        pixels = torch.cat([pixels, again])
    return pixels.permute(0, 2, 3, 1).contiguous().numpy()


def without_outliers(pixels: Tensor, *, share: float, seed: int) -> Tensor:
    """The images (uint8, N x C x H x W) less the share that an autoencoder, trained on them, reconstructs worst.

    At least two stay; their order does too.
    """
    removed = min(round(share * len(pixels)), max(0, len(pixels) - LEAST_IMAGES))
    if not removed:
        return pixels
    best = reconstruction_errors(pixels, seed=seed).argsort(stable=True)[:-removed]
    return pixels[best.sort().values]


def reconstruction_errors(pixels: Tensor, *, seed: int) -> Tensor:
    """The mean squared error of each image (N) by a small convolutional autoencoder that was trained on all of them.

    Its code has a quarter of an image's numbers, and its training is brief, so it learns what most images share.
    """
    # Layers fill themselves from torch's global generator when they are made.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "weights"))
        network = _autoencoder(pixels.shape[1])
    adam = Adam(network.parameters(), lr=ENCODER_LR)
    rng = torch_generator(derive(seed, "batches"))
    for _ in range(ENCODER_STEPS):
        batch = _floats(pixels[torch.randperm(len(pixels), generator=rng)[:ENCODER_BATCH]])
        adam.zero_grad()
        mse_loss(_reconstructed(network, batch), batch).backward()
        adam.step()
    with torch.inference_mode():
        parts = map(_floats, pixels.split(AT_ONCE))
        return torch.cat([(_reconstructed(network, part) - part).square().mean(dim=(1, 2, 3)) for part in parts])


def sharpened(pixels: Tensor, *, amount: float) -> Tensor:
    """An unsharp mask: ``amount`` times what a Gaussian blur takes away is added, clipped to 0 to 255 (uint8)."""
    images = pixels.float()
    offsets = torch.arange(-REACH, REACH + 1.0)
    weights = (-(offsets**2) / (2 * SIGMA**2)).exp()
    weights /= weights.sum()
    alone = images.flatten(0, 1)[:, None]
    wide = pad(alone, (REACH, REACH, REACH, REACH), mode="replicate")
    blurred = conv2d(conv2d(wide, weights[None, None, None, :]), weights[None, None, :, None])
    return (images + amount * (images - blurred.view_as(images))).round().clamp(0, 255).to(torch.uint8)


def augmented(pixels: Tensor, *, rng: torch.Generator) -> Tensor:
    """Images (uint8) rotated by up to 15 degrees, shifted by up to 10% each way, and half of them mirrored."""
    draws = torch.rand(4, len(pixels), generator=rng)
    even = 2 * draws[:3] - 1
    return moved(
        pixels, degrees=DEGREES * even[0], right=SHIFT * even[1], down=SHIFT * even[2], mirrored=draws[3] < 0.5
    )


def moved(pixels: Tensor, *, degrees: Tensor, right: Tensor, down: Tensor, mirrored: Tensor) -> Tensor:
    """Images (uint8, N x C x H x W, H = W) mirrored, turned counterclockwise, then shifted by shares of the size.

    What comes in continues the image's edge, as in classic augmentation.
    """
    angle = degrees * math.pi / 180
    flip = 1 - 2 * mirrored.float()
    cos, sin = angle.cos(), angle.sin()
    # Where each pixel of the result comes from: shift back, turn back, mirror; the image reaches from -1 to 1.
    x, y = -2 * right, -2 * down
    across = torch.stack([flip * cos, -flip * sin, flip * (cos * x - sin * y)], dim=1)
    along = torch.stack([sin, cos, sin * x + cos * y], dim=1)
    grid = affine_grid(torch.stack([across, along], dim=1), list(pixels.shape), align_corners=False)
    images = grid_sample(pixels.float(), grid, mode="bilinear", padding_mode="border", align_corners=False)
    return images.round().clamp(0, 255).to(torch.uint8)


def _amount(step: str, ratio: float, images: int) -> int:
    count = round(ratio * images)
    if count == 0:
        raise UserError(f"gans: prepare.{step}: {ratio:g} times {images} images of a class is no image; raise it")
    return count


def _evenly(images: int, count: int, *, rng: torch.Generator) -> Tensor:
    """``count`` positions below ``images``: each as often as any other, or once more; chance says which."""
    rest = torch.randperm(images, generator=rng)[: count % images]
    return torch.cat([torch.arange(images).repeat(count // images), rest])


def _others(positions: Tensor, images: int, *, rng: torch.Generator) -> Tensor:
    """For each position another one below ``images``; the only image of a class has none but itself."""
    away = torch.randint(1, max(2, images), positions.shape, generator=rng)
    return (positions + away) % images


def _autoencoder(channels: int) -> nn.Module:
    """Convolutions that halve twice to ``CODE`` numbers a place and channel, and their mirror."""
    return nn.Sequential(
        nn.Conv2d(channels, WIDTH, 3, stride=2, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(WIDTH, CODE * channels, 3, stride=2, padding=1),
        nn.ConvTranspose2d(CODE * channels, WIDTH, 4, stride=2, padding=1),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(WIDTH, channels, 4, stride=2, padding=1),
    )


def _reconstructed(network: nn.Module, images: Tensor) -> Tensor:
    """Cut to the size of ``images``, since halving twice rounds up."""
    out: Tensor = network(images)[..., : images.shape[2], : images.shape[3]]
    return out


def _floats(pixels: Tensor) -> Tensor:
    return pixels.float() / 127.5 - 1
