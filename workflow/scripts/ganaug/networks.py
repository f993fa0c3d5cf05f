"""Networks that others trained and that samples are measured by, beside the study's own classifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ganaug.config import build
from ganaug.errors import UserError

INCEPTION = "inception-2015-12-05.pt"
INCEPTION_URL = f"https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained/metrics/{INCEPTION}"
# Which keys each kind has beside ``kind``: those that it needs, and those that it may leave out.
KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "inception": ((), ()),
    "dinov2": (("path",), ()),
    "torchscript": (("path",), ("size",)),
    "torchvision": (("name", "path"), ()),
}
SIZE = 224


@dataclass(frozen=True)
class FeatureNetwork:
    """One network whose features images are compared by; all take images resized by clean-fid's resizer.

    Attributes:
        kind: ``inception`` is that of clean-fid, whose weights are found by name (`INCEPTION`) and not by path;
            ``dinov2`` a TorchScript file of one of that family, given images normalised as ImageNet's; ``torchscript``
            any other, given values in [0, 1]; ``torchvision`` a classifier of that library without its last layer.
        path: the file: TorchScript, or safetensors for ``torchvision``.
        name: torchvision's name of the network.
        size: ``torchscript`` alone: the side of the square images that it takes; null: `SIZE`.
    """

    kind: Literal["inception", "dinov2", "torchscript", "torchvision"]
    path: str | None = None
    name: str | None = None
    size: int | None = None

    @property
    def told(self) -> str:
        """The network, its mode and its resizer in words."""
        if self.kind == "inception":
            return "Inception v3 (clean-fid, mode clean: Pillow's bicubic filter on floats, to 299 pixels)"
        side = "the size of its weights" if self.kind == "torchvision" else f"{self.size or SIZE} pixels"
        what = {"dinov2": "DINOv2", "torchscript": "a network of your own", "torchvision": f"torchvision's {self.name}"}
        return f"{what[self.kind]} (clean-fid's resizer: Pillow's bicubic filter on floats, to {side})"


@dataclass(frozen=True)
class Quality:
    """What samples are measured by, beside the features of the study's first classifier: any number, by name."""

    networks: Mapping[str, FeatureNetwork]


def parse_quality(values: Mapping[str, Any]) -> Quality:
    """The section ``quality`` of a config, checked for what a schema cannot say.

    Raises:
        UserError: a network lacks a key that its kind needs, has one that its kind has not, or names no file that it
            could be.
    """
    section = build(Quality, values, "quality")
    networks = {name: build(FeatureNetwork, one, _where(name)) for name, one in values["networks"].items()}
    for name, one in networks.items():
        _check(_where(name), one)
    return Quality(**{**vars(section), "networks": networks})


def _where(name: str) -> str:
    return f"quality.networks.{name}"


def _check(where: str, one: FeatureNetwork) -> None:
    needed, possible = KEYS[one.kind]
    for key in ("path", "name", "size"):
        given = getattr(one, key) is not None
        if key in needed and not given:
            what = "the file of its weights" if key == "path" else "torchvision's name of the network, such as resnet50"
            raise UserError(f"{where}.{key}: not set; give {what}")
        if given and key not in (*needed, *possible):
            why = f"the weights of inception are found by their name, {INCEPTION}" if key == "path" else "it has none"
            raise UserError(f"{where}.{key}: not for {one.kind} ({why}); leave it out")
    if one.kind == "torchvision" and not str(one.path).endswith(".safetensors"):
        raise UserError(f"{where}.path: {one.path} is no .safetensors file; torchvision's .pth must be converted")
