"""Ten small GANs, one a class: trained one after another, or together as one batched model, side by side.

A step is a whole one of the trainer: DiffAugment, both networks, optimisers, moving average, health. Each GAN gets the
same images, latents and augmentations both ways; the largest difference of a loss in the first steps stands beside the
times.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
import yaml
from _results import ROOT, publish
from torch import Tensor

CLASSES, ROUNDS, COMPARED_STEPS = 10, 12, 3
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
# Size, channels, feature maps, batch, latents: the default experiment's, and those of an experiment at 32 pixels.
SHAPES = ((16, 1, 16, 20, 64), (32, 3, 32, 32, 100))

Step = Callable[[], Tensor]


def both(size: int, channels: int, maps: int, batch: int, nz: int) -> dict[str, Step]:
    """A step of all GANs either way, which returns the discriminators' losses."""
    from ganaug.config import Compute, Gan, build
    from ganaug.gan.networks.family import Shape
    from ganaug.gan.networks.family import build as build_networks
    from ganaug.gan.stack import gathered
    from ganaug.gan.state import start
    from ganaug.gan.updates import Real, update
    from ganaug.seeds import torch_generator

    preset = yaml.safe_load((ROOT / "config/gans/dcgan-32.yaml").read_text(encoding="utf-8"))
    architecture = {**preset["architecture"], "ngf": maps, "ndf": maps}
    changes = {"architecture": architecture, "nz": nz, "ema": 0.99, "diffaugment": True}
    gan = build(Gan, {**preset, **changes}, "gans")
    compute = Compute(device="auto", precision="fp32", threads=1)
    seeds = list(range(CLASSES))
    rng = torch_generator(0)
    images = (torch.rand(CLASSES * batch, channels, size, size, generator=rng) * 2 - 1).to(DEVICE)
    images = images.to(memory_format=torch.channels_last)

    def networks() -> list[Any]:
        return [build_networks(gan, Shape(nz, size, channels, 0), rng=torch_generator(seed)) for seed in seeds]

    states = [
        start(one, gan, seeds=[seed], length=1, device=DEVICE) for one, seed in zip(networks(), seeds, strict=True)
    ]
    state = start(gathered(networks()), gan, seeds=seeds, length=1, device=DEVICE)

    def alone() -> Tensor:
        logged = []
        for one, part in zip(states, images.split(batch), strict=True):
            logged.append(update(one, Real(part, None), gan, augment=True, compute=compute)[0])
            one.step += 1
        return torch.cat(logged)

    def together() -> Tensor:
        logged = update(state, Real(images, None), gan, augment=True, compute=compute)[0]
        state.step += 1
        return logged

    return {"alone": alone, "together": together}


def main() -> None:
    torch.set_num_threads(1)
    raw: dict[str, Any] = {"classes": CLASSES}
    ratios: dict[str, float] = {}
    for size, channels, maps, batch, nz in SHAPES:
        steps = both(size, channels, maps, batch, nz)
        shape = f"{DEVICE.type}/{size} pixels, {maps} feature maps, batch {batch}"
        difference = max(float((steps["alone"]() - steps["together"]()).abs().max()) for _ in range(COMPARED_STEPS))
        raw[f"{shape}, largest difference of a loss in {COMPARED_STEPS} steps"] = f"{difference:.1e}"
        best = dict.fromkeys(steps, float("inf"))
        for _ in range(ROUNDS):
            for name, step in steps.items():
                begun = time.monotonic()
                step()
                if DEVICE.type == "cuda":
                    torch.cuda.synchronize()
                best[name] = min(best[name], time.monotonic() - begun)
        raw |= {f"{shape}, {name}, ms": seconds * 1000 for name, seconds in best.items()}
        ratios[f"{shape}: together over alone"] = best["alone"] / best["together"]
    publish("gan_classes", raw=raw, ratios=ratios)


if __name__ == "__main__":
    main()
