"""What a family of GANs refuses, known before anything trains: ``gan/networks`` needs torch to be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ganaug.config import Gan
from ganaug.errors import UserError

# The families whose generators have styles: they mix latents, and take a path length.
STYLED = ("stylegan2",)
# Whether a discriminator has batch normalisation, and the way out; those of other families never have it.
NORMALISED: Mapping[str, tuple[Callable[[Mapping[str, Any]], bool], str]] = {
    "dcgan": (lambda architecture: architecture["normalise_critic"], "set architecture.normalise_critic to false"),
    "gan101": (lambda architecture: architecture["discriminator"] == "dcgan2", "choose another discriminator"),
    "cgan": (lambda _: True, "set it to null"),
}
GAN101 = ("dcgan1", "dcgan2", "dcgan3", "dcgan4", "dcgan5")
RESAMPLED = ("bilinear", "nearest")


# Numbers that may be 0; others are widths, counts and deviations.
FROM_ZERO = ("mapping_layers", "mixing", "slope")


def check_architecture(where: str, gan: Gan, *, size: int | None) -> None:
    """Raise UserError, which begins with ``where``, if options of a family make no sense alone or with other settings.

    The sizes of images that a family makes are its module's own.

    Args:
        gan: its architecture has every option of the family, as presets have.
        size: of the images, where it is known.
    """
    own = gan.architecture
    for option, value in own.items():
        least = option in FROM_ZERO
        if isinstance(value, int | float) and not isinstance(value, bool) and (value < 0 if least else value <= 0):
            way_out = "set it to 0 or more" if least else "set it above 0"
            raise UserError(f"{where}.architecture.{option}: {value} is too small; {way_out}")
    if gan.network == "gan101":
        for option in ("generator", "discriminator"):
            if own[option] not in GAN101:
                raise UserError(
                    f"{where}.architecture.{option}: gan101 has no {own[option]!r}; it has {', '.join(GAN101)}"
                )
    if gan.network == "cgan" and own["kernel"] < 2:
        raise UserError(f"{where}.architecture.kernel: {own['kernel']} cannot double a size; set it to 2 or more")
    if gan.network == "stylegan2" and own["resample"] not in RESAMPLED:
        raise UserError(f"{where}.architecture.resample: no {own['resample']!r}; set it to {' or '.join(RESAMPLED)}")
    if gan.network == "stylegan2" and own["mixing"] > 1:
        raise UserError(f"{where}.architecture.mixing: {own['mixing']} is no share; set it to 0.0 to 1.0")
    if gan.path_length is not None and gan.network not in STYLED:
        raise UserError(f"{where}.path_length: {gan.network} has no styles, unlike {', '.join(STYLED)}; set it to null")
    if gan.gradient_penalty is not None and gan.network in NORMALISED:
        normalised, way_out = NORMALISED[gan.network]
        if normalised(own):
            raise UserError(
                f"{where}.gradient_penalty: it is of each image alone, and batch normalisation of {gan.network}'s "
                f"critic binds a batch together; {way_out}"
            )
    if size is not None:
        _check_at(where, gan, size)


def stage_widths(size: int, *, widest: int, base: int) -> list[int]:
    """Feature maps at 4, 8, ... and ``size`` pixels: min(widest, base / r) at r x r pixels, at least one."""
    return [max(1, min(widest, base // (4 << level))) for level in range(size.bit_length() - 2)]


def _check_at(where: str, gan: Gan, size: int) -> None:
    """The same for images of ``size`` pixels, on which the number of a network's stages depends."""
    own, stages = gan.architecture, size.bit_length() - 2
    if gan.network == "biggan" and gan.nz < stages:
        raise UserError(
            f"{where}.nz: biggan cuts its latents in {stages} parts at {size} pixels, not {gan.nz}; set it to {stages} "
            "or more"
        )
    if gan.network == "stylegan2" and own["channel_base"] < size:
        raise UserError(
            f"{where}.architecture.channel_base: {own['channel_base']} leaves no feature maps at {size} pixels; set it "
            f"to {size} or more"
        )
    if gan.network == "r3gan":
        for width in stage_widths(size, widest=own["widest"], base=own["base"]):
            inner = width * own["expansion"]
            if inner % own["group"]:
                raise UserError(
                    f"{where}.architecture.group: blocks of {inner} feature maps do not divide into groups of "
                    f"{own['group']}; change group, widest or base"
                )
