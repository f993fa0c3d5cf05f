"""Weights to begin from: torchvision's files as safetensors, or a cell's, put into a network of other classes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import torch
from torch import Tensor, nn

from ganaug.errors import UserError
from ganaug.io import digest, save_tensors

# The name of each network's weights in ``torchvision.models``; of ResNet-50's, those of He et al.'s training.
WEIGHTS: Mapping[str, str] = MappingProxyType(
    {
        "alexnet": "AlexNet_Weights",
        "googlenet": "GoogLeNet_Weights",
        "inception_v3": "Inception_V3_Weights",
        "mobilenet_v2": "MobileNet_V2_Weights",
        "mobilenet_v3_small": "MobileNet_V3_Small_Weights",
        "resnet18": "ResNet18_Weights",
        "resnet50": "ResNet50_Weights",
        "vgg16": "VGG16_Weights",
    }
)
# Heads that only help to train: ganaug's networks have none.
AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")
# What torchvision normalises ImageNet with, for values from 0 to 1.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Published:
    """Where a network's weights are published, and the file's name, which ends in the head of its SHA-256."""

    url: str
    file: str

    @property
    def checksum(self) -> str:
        """The beginning of the file's SHA-256."""
        return self.file.rpartition("-")[2].partition(".")[0]


def published() -> dict[str, Published]:
    """The weights for each network that has any, as torchvision (imported here) names them; nothing is downloaded."""
    from torchvision import models

    urls = {network: str(getattr(models, weights).IMAGENET1K_V1.url) for network, weights in WEIGHTS.items()}
    return {network: Published(url=url, file=url.rpartition("/")[2]) for network, url in urls.items()}


def convert(source: Path, out: Path) -> None:
    """Write the state dict of ``source``, a ``.pth`` file as downloaded, to ``out`` as safetensors.

    Only tensors are unpickled, and only once the file's SHA-256 begins with the 8 digits that its name ends in.

    Raises:
        UserError: the file is not there, its name has no such digits, they are others, or it holds no state dict.
    """
    if not source.is_file():
        raise UserError(f"{source}: no such file; download it, and keep its name")
    named = re.search(r"-([0-9a-f]{8})\.pth$", source.name)
    if named is None:
        raise UserError(f"{source}: its name does not end in -, 8 digits of its SHA-256 and .pth; keep the name it had")
    if (found := digest(source)[:8]) != named[1]:
        raise UserError(f"{source}: its SHA-256 begins with {found}, not with {named[1]}; download it again")
    try:
        state = torch.load(source, map_location="cpu", weights_only=True)
    except Exception:  # what torch raises depends on which byte is not as it should be
        state = None
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise UserError(f"{source}: holds something other than a network's weights; use a file of torchvision's models")
    save_tensors(out, state, {})


def load_pretrained(network: nn.Module, weights: Mapping[str, Tensor], *, name: str) -> None:
    """Put weights into ``network``, in place: all but a last layer of another number of classes.

    Its input then normalises as in their training: as the cell's did; for ImageNet by `MEAN` and `STD`, but for both
    Inceptions, which take [-1, 1].

    Args:
        network: made by `ganaug.classify.networks.make` with a generator, so that a last layer that stays is drawn.
        weights: what `convert` wrote, or a cell's ``model.safetensors``.
        name: of their file, for messages.

    Raises:
        UserError: weights are missing, unknown or of other shapes: those of another network, or of the same one where
            it has the stem for small images.
    """
    body = network.get_submodule("body")
    own = body.state_dict()
    head = next(name for name, layer in reversed(list(body.named_modules())) if isinstance(layer, nn.Linear))
    of_cell = any(name.startswith("body.") for name in weights)
    bare = {name.removeprefix("body."): value for name, value in weights.items() if not name.startswith("input.")}
    given = {name: value for name, value in bare.items() if not name.startswith(AUXILIARY)}
    kept = {name for name in (f"{head}.weight", f"{head}.bias") if name in given and name in own}
    if all(given[name].shape == own[name].shape for name in kept):
        kept = set()
    # Files written before torch counted the batches that a normalisation has seen lack the count.
    missing = [name for name in own if name not in given and not name.endswith(".num_batches_tracked")]
    unknown = [name for name in given if name not in own]
    other = [name for name in given if name in own and name not in kept and given[name].shape != own[name].shape]
    for names, fault in (
        (missing, "are missing"),
        (unknown, "are none of the network's"),
        (other, "have other shapes"),
    ):
        if names:
            raise UserError(
                f"{name}: {len(names)} of the weights {fault}, the first is {names[0]}; take those of this network at "
                "the same size of images (ImageNet's: set the classifier's input to 224, inception_v3: 299)"
            )
    body.load_state_dict({**own, **{name: value for name, value in given.items() if name not in kept}})
    entry = network.get_submodule("input")
    inception = hasattr(body, "transform_input")
    published = {
        "input.mean": torch.tensor([0.0 if inception else 2 * mean - 1 for mean in MEAN]),
        "input.std": torch.tensor([1.0 if inception else 2 * std for std in STD]),
    }
    with torch.no_grad():
        for buffer, value in published.items():
            # A cell of grey images normalises all channels alike.
            entry.get_buffer(buffer.removeprefix("input.")).copy_(weights[buffer] if of_cell else value)
