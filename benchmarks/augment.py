"""Augmentation of a training batch: ours against torchvision's, side by side in one run.

Torchvision's transforms draw once for a call. Image by image, in a loop, they do what training asks for; on the whole
batch every image gets the same change: that is quicker and no substitute, and is shown to tell what the draws of each
image cost. One thread, as the config's default. torchvision's flip_crop and classic are its own transforms of the same
ranges (its rotation fills with black where ours continues the edge).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any, get_args

import torch
from _results import publish
from torch import Tensor
from torchvision.transforms import v2

SIZE, BATCH, ROUNDS = 32, 128, 7
CALLS = {"ours": 10, "whole": 10, "loop": 1}
THREADS = 1
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")

THEIRS: dict[str, Callable[[Tensor], Tensor]] = {
    "flip_crop": v2.Compose([v2.RandomCrop(SIZE, padding=SIZE // 8), v2.RandomHorizontalFlip()]),
    "classic": v2.Compose(
        [
            v2.RandomRotation(15, interpolation=v2.InterpolationMode.BILINEAR),
            v2.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2),
            v2.RandomApply([v2.GaussianBlur(5, sigma=(0.1, 1.0))], p=0.5),
        ]
    ),
    "trivialaugment": v2.TrivialAugmentWide(),
    "randaugment": v2.RandAugment(),
    "autoaugment": v2.AutoAugment(v2.AutoAugmentPolicy.CIFAR10),
    "augmix": v2.AugMix(),
}


def milliseconds(call: Callable[[], object], calls: int) -> float:
    """Of one call, the mean of ``calls``."""
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()
    start = time.monotonic()
    for _ in range(calls):
        call()
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()
    return 1000 * (time.monotonic() - start) / calls


def main() -> None:
    from ganaug.classify.augment.policies import Policy, augment
    from ganaug.seeds import torch_generator

    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    rng = torch_generator(0)
    coarse = torch.randint(0, 256, (BATCH, SIZE // 4, SIZE // 4, 3), generator=rng, dtype=torch.uint8)
    images = coarse.repeat_interleave(4, 1).repeat_interleave(4, 2).to(DEVICE).permute(0, 3, 1, 2)
    device = DEVICE.type
    raw: dict[str, Any] = {"threads": THREADS, "batch": BATCH}
    ratios: dict[str, float] = {}
    for policy in get_args(Policy):
        theirs = THEIRS[policy]
        methods: dict[str, Callable[[], object]] = {
            "ours": lambda policy=policy: augment(images, policy, rng=rng),
            "loop": lambda theirs=theirs: torch.stack([theirs(image) for image in images]),
            "whole": lambda theirs=theirs: theirs(images),
        }
        found: dict[str, list[float]] = {name: [] for name in methods}
        for _ in range(ROUNDS + 1):
            for name, call in methods.items():
                found[name].append(milliseconds(call, CALLS[name]))
        # The first round is a warm-up.
        took = {name: median(values[1:]) for name, values in found.items()}
        raw[f"{device}/{policy}, ours, ms"] = took["ours"]
        raw[f"{device}/{policy}, torchvision image by image, ms"] = took["loop"]
        raw[f"{device}/{policy}, torchvision with one draw for all, ms"] = took["whole"]
        ratios[f"{device}/{policy}, torchvision image by image over ours"] = took["loop"] / took["ours"]
        ratios[f"{device}/{policy}, torchvision with one draw for all over ours"] = took["whole"] / took["ours"]
    publish("augment", raw=raw, ratios=ratios)


if __name__ == "__main__":
    main()
