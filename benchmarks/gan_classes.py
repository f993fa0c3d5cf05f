"""Ten small GANs, one a class: trained one after another, or as one batched model (torch.func), side by side.

A step is the forward and backward passes of both networks, without the optimisers. The batched model gives the same
gradients: the largest difference in double precision is printed beside the times (in single precision a feature that
rounds to the other side of a ReLU shows).
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

import torch
import yaml
from _results import ROOT, publish
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn.functional import softplus

CLASSES, ROUNDS = 10, 7
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
# Size, channels, feature maps, batch, latents: the default experiment's, and those of an experiment at 32 pixels.
SHAPES = ((16, 1, 16, 20, 64), (32, 3, 32, 32, 100))

Weights = dict[str, Tensor]


def networks(size: int, channels: int, maps: int, nz: int) -> tuple[list[nn.Module], list[nn.Module]]:
    """Generators and discriminators of every class, without running statistics, which have no part in training."""
    from ganaug.config import Gan, build
    from ganaug.gan.networks.family import Shape
    from ganaug.gan.networks.family import build as build_networks
    from ganaug.seeds import torch_generator

    preset = yaml.safe_load((ROOT / "config/gans/dcgan-32.yaml").read_text(encoding="utf-8"))
    gan = build(Gan, {**preset, "architecture": {**preset["architecture"], "ngf": maps, "ndf": maps}, "nz": nz}, "gans")
    made = [build_networks(gan, Shape(nz, size, channels, 0), rng=torch_generator(k)) for k in range(CLASSES)]
    pairs = [(_plain(one.generator), _plain(one.discriminator)) for one in made if one.discriminator]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _plain(network: nn.Module) -> nn.Module:
    network = copy.deepcopy(network).to(DEVICE)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.track_running_stats = False
            module.running_mean = module.running_var = module.num_batches_tracked = None
        if isinstance(module, nn.ReLU | nn.LeakyReLU):
            module.inplace = False
    return network


def alone(generators: list[nn.Module], judges: list[nn.Module], real: Tensor, noise: Tensor) -> Callable[[], None]:
    """A step of one class after another."""

    def step() -> None:
        for made, judge, images, latents in zip(generators, judges, real, noise, strict=True):
            made.zero_grad()
            judge.zero_grad()
            fake = made(latents)
            (softplus(-judge(images)).mean() + softplus(judge(fake.detach())).mean()).backward()
            judge.requires_grad_(False)
            softplus(-judge(fake)).mean().backward()
            judge.requires_grad_(True)

    return step


def together(
    generators: list[nn.Module], judges: list[nn.Module], real: Tensor, noise: Tensor
) -> tuple[Callable[[], None], Weights]:
    """A step of all classes at once, and the stacked weights of the generators with their gradients."""
    weights_g, weights_d = _stacked(generators), _stacked(judges)
    make = vmap(lambda weights, latents: functional_call(generators[0], weights, (latents,)))
    judge = vmap(lambda weights, images: functional_call(judges[0], weights, (images,)))

    def step() -> None:
        for weight in [*weights_g.values(), *weights_d.values()]:
            weight.grad = None
        fake = make(weights_g, noise)
        loss = softplus(-judge(weights_d, real)).mean(1) + softplus(judge(weights_d, fake.detach())).mean(1)
        loss.sum().backward()
        fixed = {name: weight.detach() for name, weight in weights_d.items()}
        softplus(-judge(fixed, fake)).mean(1).sum().backward()

    return step, weights_g


def _stacked(networks: list[nn.Module]) -> Weights:
    return {name: weight.detach().requires_grad_() for name, weight in stack_module_state(networks)[0].items()}


def main() -> None:
    torch.set_num_threads(1)
    raw: dict[str, Any] = {"classes": CLASSES}
    ratios: dict[str, float] = {}
    for size, channels, maps, batch, nz in SHAPES:
        generators, judges = networks(size, channels, maps, nz)
        rng = torch.Generator().manual_seed(0)
        real = (torch.rand(CLASSES, batch, channels, size, size, generator=rng) * 2 - 1).to(DEVICE)
        noise = torch.randn(CLASSES, batch, nz, generator=rng).to(DEVICE)
        at_once, _ = together(generators, judges, real, noise)
        steps = {"alone": alone(generators, judges, real, noise), "together": at_once}
        best = dict.fromkeys(steps, float("inf"))
        for _ in range(ROUNDS):
            for name, step in steps.items():
                start = time.monotonic()
                step()
                if DEVICE.type == "cuda":
                    torch.cuda.synchronize()
                best[name] = min(best[name], time.monotonic() - start)
        shape = f"{DEVICE.type}/{size} pixels, {maps} feature maps, batch {batch}"
        raw |= {f"{shape}, {name}, ms": seconds * 1000 for name, seconds in best.items()}
        raw[f"{shape}, largest relative difference of a gradient"] = _difference(generators, judges, real, noise)
        ratios[f"{shape}: together over alone"] = best["alone"] / best["together"]
    publish("gan_classes", raw=raw, ratios=ratios)


def _difference(generators: list[nn.Module], judges: list[nn.Module], real: Tensor, noise: Tensor) -> float:
    """Between both ways, of a generator's weight, in double precision."""
    doubles = [[network.double() for network in networks] for networks in (generators, judges)]
    step, stacked = together(*doubles, real.double(), noise.double())
    alone(*doubles, real.double(), noise.double())()
    step()
    worst = 0.0
    for k, network in enumerate(doubles[0]):
        for name, weight in network.named_parameters():
            own, batched = weight.grad, stacked[name].grad
            assert own is not None
            assert batched is not None
            worst = max(worst, float((own - batched[k]).abs().max() / own.abs().max()))
    return worst


if __name__ == "__main__":
    main()
