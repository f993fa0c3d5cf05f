"""Images -> features of a network that others trained.

FID depends on how images are resized as much as on the network (Parmar et al. 2022, "On Aliased Resizing and Surprising
Subtleties in GAN Evaluation"): all networks here take uint8 images through clean-fid's resizer of its mode *clean*.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import UserError
from ganaug.images import Pixels
from ganaug.io import load_tensors
from ganaug.networks import SIZE, FeatureNetwork

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

# Inception at 299 pixels needs about 1 GiB for so many images, on a CPU.
BATCH = 32
INCEPTION_SIZE = 299
# What DINOv2 was trained with, for values from 0 to 1.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# torchvision's classifiers that learnt with heads in their middle, whose weights published files hold too.
AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")
EXPORT = "torch.jit.trace(network.eval(), torch.zeros(1, 3, 224, 224)).save('dinov2.pt')"


@dataclass(frozen=True)
class Embedding:
    """A network, ready to be asked.

    Attributes:
        features: from float32 images (N x 3 x size x size, values 0 to 255) to features (N x d).
        size: the side of its images.
        device: where it computes.
    """

    features: Callable[[Tensor], Tensor]
    size: int
    device: torch.device


def load_network(network: FeatureNetwork, path: Path, *, device: torch.device) -> Embedding:
    """The network whose weights are in the file ``path``.

    Raises:
        UserError: the file is none of that kind, or clean-fid or torchvision has no such network.
    """
    if network.kind == "inception":
        return _inception(path, device)
    if network.kind == "torchvision":
        return _torchvision(str(network.name), path, device)
    size = network.size or SIZE
    module = _scripted(path).to(device)
    mean, std = (MEAN, STD) if network.kind == "dinov2" else ((0.0,) * 3, (1.0,) * 3)
    return Embedding(_normalised(module, mean, std, device), size, device)


def embed(images: Pixels, network: Embedding, *, name: str) -> NDArray[np.float32]:
    """The features of images.

    Args:
        images: uint8, N x H x W x C; one channel is taken three times.
        network: made by `load_network`.
        name: of the network's file, for messages.

    Returns:
        float32, N x d; 0 x 1 without images. The same images give the same bytes on one type of processor.

    Raises:
        UserError: the network refuses images of its size, or gives something other than finite features.
    """
    import torch

    parts: list[NDArray[np.float32]] = []
    # The optimiser of TorchScript watches the first batches and computes later ones in another way.
    with torch.inference_mode(), torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
        for start in range(0, len(images), BATCH):
            batch = torch.from_numpy(resized(images[start : start + BATCH], network.size)).to(network.device)
            try:
                found: Any = network.features(batch)
            except RuntimeError as error:
                if isinstance(error, torch.OutOfMemoryError):
                    raise
                size = f"{network.size} pixels"
                raise UserError(f"{name}: refuses images of {size} ({_last(error)})") from error
            if not isinstance(found, torch.Tensor) or found.ndim != 2 or len(found) != len(batch):
                shape = tuple(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
                told = f"gives {shape} for {len(batch)} images; save a network that gives N x d features"
                raise UserError(f"{name}: {told}")
            if not found.isfinite().all():
                raise UserError(f"{name}: gives features that are not finite; check its weights")
            parts.append(found.float().cpu().numpy())
    return np.concatenate(parts) if parts else np.empty((0, 1), dtype=np.float32)


def resized(images: Pixels, size: int) -> NDArray[np.float32]:
    """Images as networks take them, by clean-fid's resizer of its mode *clean*, which is Pillow's on floats.

    Args:
        images: uint8, N x H x W x C with 1 or 3 channels.
        size: the side of the result.

    Returns:
        float32, N x 3 x size x size, values 0 to 255.
    """
    from cleanfid.resize import make_resizer

    resize = make_resizer("PIL", False, "bicubic", (size, size))
    made = np.empty((len(images), 3, size, size), dtype=np.float32)
    for k, image in enumerate(images):
        made[k] = resize(np.repeat(image, 3 // image.shape[-1], axis=-1)).transpose(2, 0, 1)
    return made


def _inception(path: Path, device: torch.device) -> Embedding:
    from cleanfid.inception_torchscript import InceptionV3W

    _scripted(path)
    # It takes the folder: the file has its name.
    network = InceptionV3W(str(path.parent), download=False, resize_inside=False).to(device).eval()
    return Embedding(network, INCEPTION_SIZE, device)


def _scripted(path: Path) -> nn.Module:
    """A TorchScript file as a module that only answers."""
    import torch

    try:
        module: nn.Module = torch.jit.load(str(path), map_location="cpu")
    except (RuntimeError, ValueError) as error:
        if _holds_weights_alone(path):
            raise UserError(
                f"{path}: holds weights without their network; load them into it and save that by {EXPORT}"
            ) from error
        raise UserError(f"{path}: no TorchScript file; save the network by {EXPORT}") from error
    return module.eval()


def _holds_weights_alone(path: Path) -> bool:
    """Whether ``torch.save`` wrote the file: TorchScript has code in it."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        inside = {name.partition("/")[2] for name in archive.namelist()}
    return "data.pkl" in inside and not any(name.startswith("code/") for name in inside)


def _torchvision(name: str, path: Path, device: torch.device) -> Embedding:
    """A classifier without its last layer, for images normalised as where its published weights were trained."""
    import torch
    from torch import nn
    from torchvision import models

    if name not in models.list_models(module=models):
        raise UserError(f"quality.networks: torchvision has no classifier {name!r}; see torchvision.models.list_models")
    options = {"transform_input": True, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.device("meta"):  # nothing is drawn that the file would replace
        network = models.get_model(name, weights=None, **options)
    head = next((one for one, layer in reversed(list(network.named_modules())) if isinstance(layer, nn.Linear)), None)
    if head is None:
        raise UserError(f"quality.networks: the last layer of {name} is not linear; name a network where it is")
    network.set_submodule(head, nn.Identity())
    dropped = (f"{head}.weight", f"{head}.bias")
    weights = {key: value for key, value in load_tensors(path)[0].items() if key not in dropped}
    own = {key for key in network.state_dict() if key.startswith(AUXILIARY)}
    try:
        found = network.load_state_dict(weights, strict=False, assign=True)
    except RuntimeError as error:
        raise UserError(f"{path}: not the weights of torchvision's {name} ({_last(error)})") from error
    wrong = sorted({*found.missing_keys, *found.unexpected_keys} - own)
    if wrong:
        raise UserError(f"{path}: not the weights of torchvision's {name} (of {len(wrong)} that differ: {wrong[0]})")
    for key in found.missing_keys:
        network.set_submodule(key.partition(".")[0], nn.Identity())
    preset = models.get_model_weights(name).DEFAULT.transforms()
    module = network.eval().to(device)
    return Embedding(_normalised(module, preset.mean, preset.std, device), preset.crop_size[0], device)


def _normalised(
    module: nn.Module, mean: Sequence[float], std: Sequence[float], device: torch.device
) -> Callable[[Tensor], Tensor]:
    """What asks ``module`` for the features of images whose values are 0 to 255."""
    import torch

    shift, scale = (torch.tensor(values, device=device).view(1, -1, 1, 1) for values in (mean, std))
    return lambda images: module((images / 255 - shift) / scale)


def _last(error: RuntimeError) -> str:
    return str(error).strip().splitlines()[-1].strip()
