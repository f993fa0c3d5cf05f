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


def check_architecture(where: str, gan: Gan) -> None:
    """Raise UserError, which begins with ``where``, if options of a family make no sense alone or with other settings.

    Args:
        gan: its architecture has every option of the family, as presets have.
    """
    own = gan.architecture
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
    if gan.network == "stylegan2" and not 0 <= own["mixing"] <= 1:
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
