"""Classic augmentation before training: real images, rotated and with their colours changed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageEnhance

from ganaug.arms import ClassicArm
from ganaug.images import Pixels
from ganaug.seeds import derive, numpy_generator


def classic_images(images: Pixels, *, count: int, arm: ClassicArm, seed: int) -> Pixels:
    """``count`` new images of one class (uint8, N x H x W x C); number i comes from real image i modulo their number.

    Angle and factors of image i are uniform in the ranges of ``arm`` and depend on ``seed`` and i alone.
    """
    if not count:
        return images[:0]
    return np.stack([_changed(images[i % len(images)], arm=arm, seed=derive(seed, i)) for i in range(count)])


def _changed(image: Pixels, *, arm: ClassicArm, seed: int) -> Pixels:
    draws = numpy_generator(seed).uniform(-1.0, 1.0, size=4)
    picture = _rotated(image, degrees=float(arm.rotation * draws[0]))
    changes: Sequence[tuple[type, float]] = (
        (ImageEnhance.Brightness, 1 + arm.brightness * draws[1]),
        (ImageEnhance.Contrast, 1 + arm.contrast * draws[2]),
        (ImageEnhance.Color, 1 + arm.saturation * draws[3]),
    )
    for enhance, factor in changes:
        picture = enhance(picture).enhance(factor)
    return np.asarray(picture, dtype=np.uint8).reshape(image.shape)


def _rotated(image: Pixels, *, degrees: float) -> Image.Image:
    """Turned about its centre; the corners that come in continue the image's edge instead of being black."""
    height, width = image.shape[:2]
    border = max(height, width) // 2
    padded = np.pad(image, ((border, border), (border, border), (0, 0)), mode="edge")
    picture = Image.fromarray(padded[..., 0] if image.shape[2] == 1 else padded)
    turned = picture.rotate(degrees, resample=Image.Resampling.BILINEAR)
    return turned.crop((border, border, border + width, border + height))
