"""Which operations the images of a training batch get: every image its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from ganaug.arms import Policy
from ganaug.classify.augment import spaces
from ganaug.classify.augment.autoaugment import CIFAR10
from ganaug.classify.augment.levels import to_levels
from ganaug.classify.augment.operations import Operation, transform
from ganaug.classify.augment.plain import classic, flip_crop

RANDAUGMENT_OPERATIONS, RANDAUGMENT_LEVEL = 2, 9
AUGMIX_CHAINS, AUGMIX_DEPTH, AUGMIX_LEVELS = 3, 3, 3


def augment(images: Tensor, policy: Policy, *, rng: torch.Generator, mirrored: Tensor | None = None) -> Tensor:
    """A batch with each image changed at random, independently of the others.

    - ``flip_crop``, ``classic``: as `plain` tells.
    - ``alternating_flip_crop``: as ``flip_crop``, but which images are mirrored is told (Jordan 2024, section 3.6).
    - ``trivialaugment``: one operation at a random one of 31 levels (Müller & Hutter 2021, wide space).
    - ``randaugment``: two operations at level 9 of 31 (Cubuk et al. 2020).
    - ``autoaugment``: the policy found on CIFAR-10 (Cubuk et al. 2019).
    - ``augmix``: three chains of one to three operations at the lowest three of ten levels, mixed with each other by
      Dirichlet(1) weights and with the image by Beta(1) weights (Hendrycks et al. 2020, without the consistency loss).

    Operations and magnitudes are those of ``torchvision.transforms.v2``. What comes in from outside the image is black
    but in ``classic``; ``augmix`` and ``classic`` interpolate, the others take the nearest pixel.

    Args:
        images: uint8, N x C x H x W with C 1 or 3, channels last in memory, on any device.
        policy: one of `Policy`.
        rng: on the CPU; a policy draws a number of values that depends on N alone.
        mirrored: which images are (bool, N, on the CPU), for ``alternating_flip_crop``.

    Returns:
        As ``images``, channels last in memory; ``images`` are not changed.
    """
    draws, change = _POLICIES[policy]
    uniform = torch.rand(draws, len(images), generator=rng, dtype=torch.float64)
    if mirrored is not None:
        uniform[0] = (~mirrored).double()  # mirrored below 0.5
    if policy in ("flip_crop", "alternating_flip_crop"):
        return change(images, uniform)
    return _channels_last(change(images.contiguous(), uniform))


def _channels_last(images: Tensor) -> Tensor:
    # Faster than torch's own change of the memory format for bytes.
    return torch.stack(images.unbind(1), dim=-1).permute(0, 3, 1, 2)


def _trivialaugment(images: Tensor, draws: Tensor) -> Tensor:
    space = spaces.trivialaugment(*images.shape[2:])
    operations = space.pick(draws[0])
    levels = (draws[1] * space.magnitudes.shape[1]).long()
    return transform(images, operations, space.magnitude(operations, levels, draws[2]))


def _randaugment(images: Tensor, draws: Tensor) -> Tensor:
    space = spaces.randaugment(*images.shape[2:])
    level = torch.full((len(images),), RANDAUGMENT_LEVEL)
    for pick, sign in draws.split(2):
        operations = space.pick(pick)
        images = transform(images, operations, space.magnitude(operations, level, sign))
    return images


def _autoaugment(images: Tensor, draws: Tensor) -> Tensor:
    space = spaces.autoaugment(*images.shape[2:])
    operations, probabilities, levels = _cifar10()
    chosen = (draws[0] * len(CIFAR10)).long()
    for k, (done, sign) in enumerate(draws[1:].split(2)):
        operation = operations[chosen, k].where(done < probabilities[chosen, k], int(Operation.IDENTITY))
        images = transform(images, operation, space.magnitude(operation, levels[chosen, k], sign))
    return images


@cache
def _cifar10() -> tuple[Tensor, Tensor, Tensor]:
    """Operations (int64), probabilities (float64) and levels (int64), each 25 x 2."""
    operations = torch.tensor([[step.operation for step in pair] for pair in CIFAR10])
    probabilities = torch.tensor([[step.probability for step in pair] for pair in CIFAR10], dtype=torch.float64)
    return operations, probabilities, torch.tensor([[step.level for step in pair] for pair in CIFAR10])


def _augmix(images: Tensor, draws: Tensor) -> Tensor:
    """The chains of all images are one batch; a chain that has ended stays as it is."""
    space = spaces.augmix(*images.shape[2:])
    share, rest = draws[0], draws[1:]
    weights = -torch.log1p(-rest[:AUGMIX_CHAINS])
    own = torch.cat([1 - share[None], share * weights / weights.sum(dim=0)]).to(images.device, torch.float32)
    depths = 1 + (rest[AUGMIX_CHAINS : 2 * AUGMIX_CHAINS] * AUGMIX_DEPTH).long().flatten()
    steps = rest[2 * AUGMIX_CHAINS :].unflatten(0, (AUGMIX_DEPTH, 3, AUGMIX_CHAINS)).flatten(2)
    chains = images.repeat(AUGMIX_CHAINS, 1, 1, 1)
    for k, (pick, level, sign) in enumerate(steps):
        operations = space.pick(pick).where(k < depths, int(Operation.IDENTITY))
        levels = (level * AUGMIX_LEVELS).long()
        chains = transform(chains, operations, space.magnitude(operations, levels, sign), bilinear=True)
    mixed = images * own[0, :, None, None, None]
    for chain, weight in zip(chains.chunk(AUGMIX_CHAINS), own[1:], strict=True):
        mixed.addcmul_(chain.float(), weight[:, None, None, None])
    # Rounded, where torchvision cuts off: an image mixed with itself is the image.
    return to_levels(mixed.round_())


_POLICIES: dict[Policy, tuple[int, Callable[[Tensor, Tensor], Tensor]]] = {
    "flip_crop": (3, flip_crop),
    "alternating_flip_crop": (3, flip_crop),
    "classic": (6, classic),
    "trivialaugment": (3, _trivialaugment),
    "randaugment": (2 * RANDAUGMENT_OPERATIONS, _randaugment),
    "autoaugment": (5, _autoaugment),
    "augmix": (1 + AUGMIX_CHAINS * (2 + 3 * AUGMIX_DEPTH), _augmix),
}
