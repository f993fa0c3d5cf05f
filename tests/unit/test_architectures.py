"""What is known of families without torch is what they are."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from ganaug.architectures import GAN101, NORMALISED, RESAMPLED, STYLED, stage_widths
from ganaug.errors import UserError
from ganaug.gan.networks import gan101
from ganaug.gan.networks.family import Shape, build
from ganaug.gan.networks.layers import Styled, Truncated
from ganaug.gan.networks.stylegan2_layers import TAPS
from tests.workflow.configs import PRESETS, parsed

NETWORKS = sorted({preset["network"] for preset in PRESETS["gans"].values()})


def module(network: str) -> ModuleType:
    return importlib.import_module(f"ganaug.gan.networks.{network}")


def test_the_options_of_families_are_those_that_are_accepted() -> None:
    assert set(GAN101) == set(gan101.GENERATORS) == set(gan101.DISCRIMINATORS)
    assert set(RESAMPLED) == set(TAPS)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_styled_generators_are_those_that_mix(network: str) -> None:
    kind = getattr(module(network), "Generator", nn.Module)
    assert issubclass(kind, Styled) == issubclass(kind, Truncated) == (network in STYLED)


@pytest.mark.parametrize("name", sorted(PRESETS["gans"]))
def test_the_normalised_discriminators_are_those_that_take_no_gradient_penalty(name: str) -> None:
    preset = PRESETS["gans"][name]
    network, architecture = preset["network"], preset.get("architecture", {})
    known = network in NORMALISED and NORMALISED[network][0](architecture)
    options = module(network).Options(**architecture)
    shape = Shape(nz=preset["nz"], size=64 if "64" in name else 32, channels=1, classes=0)
    made = module(network).discriminator(options, shape, rng=torch.Generator())
    normed = made is not None and any(isinstance(layer, nn.BatchNorm2d) for layer in made.modules())
    assert normed == known


@pytest.mark.parametrize(
    ("preset", "changes", "said"),
    [
        ("dcgan1", {"generator": "dcgan6"}, "architecture.generator: gan101 has no 'dcgan6'; it has dcgan1, dcgan2, "),
        ("dcgan1", {"discriminator": "lenet"}, "architecture.discriminator: gan101 has no 'lenet'; it has dcgan1, "),
        ("cgan1", {"kernel": 1}, "architecture.kernel: 1 cannot double a size; set it to 2 or more"),
        ("stylegan2-32", {"resample": "cubic"}, "architecture.resample: no 'cubic'; set it to bilinear or nearest"),
        ("stylegan2-32", {"mixing": 1.5}, "architecture.mixing: 1.5 is no share; set it to 0.0 to 1.0"),
        ("stylegan2-32", {"mixing": -0.5}, "architecture.mixing: -0.5 is too small; set it to 0 or more"),
        ("dcgan-32", {"ngf": 0}, "architecture.ngf: 0 is too small; set it above 0"),
        ("dcgan-32", {"slope": -0.2}, "architecture.slope: -0.2 is too small; set it to 0 or more"),
        ("dcgan5", {"width": 0.0}, "architecture.width: 0.0 is too small; set it above 0"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_before_anything_runs(
    preset: str, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(UserError) as caught:
        parsed({"gans": {"other": {"preset": preset, "architecture": changes}}})
    assert str(caught.value).startswith(f"gans.other.{said}")


def test_a_path_length_without_styles_is_refused() -> None:
    with pytest.raises(UserError, match=r"^gans.other.path_length: sagan has no styles, unlike stylegan2; set it to"):
        parsed({"gans": {"other": {"preset": "sagan-32", "path_length": 2.0}}})


# Stages end at 4, 8, ... pixels: three make 16, four 32. R3GAN's are 24 / 4 = 6, 3 and 1 feature maps wide at 4, 8 and
# 16 pixels, its blocks twice that inside: the first two fill groups of three, the third does not.
@pytest.mark.parametrize(
    ("preset", "changes", "fits", "size", "said"),
    [
        ("biggan-32", {"nz": 3}, 16, 32, "nz: biggan cuts its latents in 4 parts at 32 pixels, not 3; set it to 4 or "),
        (
            "stylegan2-32",
            {"architecture": {"channel_base": 16}},
            16,
            32,
            "architecture.channel_base: 16 leaves no feature maps at 32 pixels; set it to 32 or more",
        ),
        (
            "r3gan-32",
            {"architecture": {"base": 24, "group": 3}},
            8,
            16,
            "architecture.group: blocks of 2 feature maps do not divide into groups of 3; change group, widest or base",
        ),
    ],
)
def test_what_depends_on_the_size_of_images_is_refused_as_soon_as_that_is_known(
    preset: str, changes: dict[str, Any], fits: int, size: int, said: str
) -> None:
    gans = {"other": {"preset": preset, **changes}}
    parsed({"data": {"image_size": fits}, "gans": gans})
    with pytest.raises(UserError) as caught:
        parsed({"data": {"image_size": size}, "gans": gans})
    assert str(caught.value).startswith(f"gans.other.{said}")
    gan = parsed({"data": {"image_size": None}, "gans": gans}).gans["other"]
    with pytest.raises(UserError) as caught:
        build(gan, Shape(nz=gan.nz, size=size, channels=1, classes=0), rng=torch.Generator())
    assert str(caught.value).startswith(f"gans ({gan.network}).{said}")


def test_the_widths_of_stages_by_hand() -> None:
    assert stage_widths(32, widest=96, base=1024) == [96, 96, 64, 32]
    assert stage_widths(16, widest=8, base=8) == [2, 1, 1]


@pytest.mark.parametrize(
    ("preset", "way_out"), [("dcgan2", "choose another discriminator"), ("cgan1", "set it to null")]
)
def test_a_gradient_penalty_of_a_normalised_critic_is_refused(preset: str, way_out: str) -> None:
    with pytest.raises(UserError, match=f"^gans.other.gradient_penalty: it is of each image alone.*; {way_out}$"):
        parsed({"gans": {"other": {"preset": preset, "loss": "wasserstein", "gradient_penalty": 10.0}}})
