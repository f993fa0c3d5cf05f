"""What sizes of images a network takes, and from when on it is the one of ImageNet."""

from __future__ import annotations

from ganaug.errors import UserError

# Images up to this size (CIFAR's 32, Tiny ImageNet's 64, STL-10's 96) get the stems for small images: those of ImageNet
# shrink 32 pixels to 1 before the last layers. Larger ones get the networks of torchvision as they are.
SMALL = 96


def check_size(network: str, size: int, *, least: int) -> None:
    """Raise UserError if images of ``size`` pixels, as ``network`` sees them, are smaller than ``least``."""
    if size < least:
        raise UserError(
            f"data.image_size: {network} needs at least {least} pixels, not {size}; "
            "enlarge the images, or set the classifier's input"
        )
