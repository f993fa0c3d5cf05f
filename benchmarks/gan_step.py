"""GAN training: ours against a loop written as the well-known PyTorch DCGAN example does it, side by side in one run.

The networks and the batch size are the same. The reference trains in fp32 with torch's Adam, binary cross-entropy on a
sigmoid, gradients of all weights in both steps, and a DataLoader. Images are those of the CIFAR-10 copy where
GANAUG_MIRROR has it, else generated ones; KID is of 2,000 samples against as many held-out images, on the features of a
classifier trained on others.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from _images import cifar10
from _rates import rates
from _results import ROOT, publish
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

import yaml  # isort: skip

BATCH, STEPS = 64, {32: 12, 64: 4}
COMPARED_STEPS = 400
PROFILED_STEPS, PROFILED_OPERATIONS = 4, 10
TRAINED_ON, HELD = 4000, 2000
CORES = len(os.sched_getaffinity(0))
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def gan_of(**changes: Any) -> Any:
    """The DCGAN preset as the paper has it: no moving average, no DiffAugment."""
    from ganaug.config import Gan, build

    preset = yaml.safe_load((ROOT / "config/gans/dcgan-32.yaml").read_text(encoding="utf-8"))
    values = {**preset, "batch_size": BATCH, "ema": None, "diffaugment": False, "epochs": None, "steps": 1, **changes}
    return build(Gan, values, "gans.dcgan")


class Pictures(Dataset[Tensor]):
    """Images as the example's transforms make them: one after another, floats in [-1, 1]."""

    def __init__(self, images: np.ndarray) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, k: int) -> Tensor:
        return torch.from_numpy(self.images[k]).permute(2, 0, 1).float().div(255).sub(0.5).div(0.5)


def reference(images: np.ndarray, size: int) -> tuple[Callable[[int], None], nn.Module]:
    """A function that trains for so many steps, and the generator."""
    from ganaug.gan.networks.family import Shape, build
    from ganaug.seeds import torch_generator

    gan = gan_of()
    networks = build(gan, Shape(nz=gan.nz, size=size, channels=3, classes=0), rng=torch_generator(0))
    assert networks.discriminator is not None
    made, judge = networks.generator.to(DEVICE), nn.Sequential(networks.discriminator, nn.Sigmoid()).to(DEVICE)
    criterion = nn.BCELoss()
    adam_d = torch.optim.Adam(judge.parameters(), lr=gan.lr_d, betas=gan.betas)
    adam_g = torch.optim.Adam(made.parameters(), lr=gan.lr_g, betas=gan.betas)
    loader = DataLoader(Pictures(images), batch_size=BATCH, shuffle=True, drop_last=True, num_workers=0)

    def run(steps: int) -> None:
        done = 0
        while True:
            for real in loader:
                real = real.to(DEVICE)
                judge.zero_grad()
                loss_real = criterion(judge(real), torch.ones(BATCH, device=DEVICE))
                loss_real.backward()
                fake = made(torch.randn(BATCH, gan.nz, device=DEVICE))
                loss_fake = criterion(judge(fake.detach()), torch.zeros(BATCH, device=DEVICE))
                loss_fake.backward()
                adam_d.step()
                made.zero_grad()
                loss_g = criterion(judge(fake), torch.ones(BATCH, device=DEVICE))
                loss_g.backward()
                adam_g.step()
                (loss_real + loss_fake).item(), loss_g.item()
                done += 1
                if done == steps:
                    return

    return run, made


def ours(path: str, size: int, count: int, *, precision: str) -> tuple[Callable[[int], None], nn.Module]:
    """The same with the trainer's own step."""
    from ganaug.batches import Batches
    from ganaug.compute import prepare
    from ganaug.config import Compute
    from ganaug.gan.networks.family import Shape, build
    from ganaug.gan.state import start
    from ganaug.gan.updates import Real, update
    from ganaug.seeds import torch_generator

    gan = gan_of()
    compute = Compute(device="auto", precision=precision, threads=CORES)  # type: ignore[arg-type]
    device = prepare(compute)
    networks = build(gan, Shape(nz=gan.nz, size=size, channels=3, classes=0), rng=torch_generator(0))
    batches = Batches([(path, k) for k in range(count)], device)
    state = start(networks, gan, seeds=[0], length=1, device=device)
    order = torch_generator(1)

    def run(steps: int) -> None:
        positions: Tensor = torch.empty(0, dtype=torch.int64)
        for _ in range(steps):
            if len(positions) < BATCH:
                positions = torch.randperm(count, generator=order)
            real = Real(batches(positions[:BATCH]), None)
            positions = positions[BATCH:]
            update(state, real, gan, augment=False, compute=compute)
            state.step += 1
        if DEVICE.type == "cuda":
            torch.cuda.synchronize()

    return run, state.generator


def peak(dtype: torch.dtype) -> float:
    """The rate of matrix products that this machine reaches, at the size that suits it best, GFLOP/s."""
    best = 0.0
    for side in (512, 1024, 2048, 4096):
        one = torch.randn(side, side, device=DEVICE, dtype=dtype)
        products = max(1, 2**31 // side**3)
        for _ in range(8):
            start = time.monotonic()
            for _ in range(products):
                product = one @ one
            product[0, 0].item()
            best = max(best, products * 2 * side**3 / (time.monotonic() - start) / 1e9)
    return best


def flops(run: Callable[[int], None]) -> float:
    """GFLOP of a step for each image of its batch, by torch's own counter of convolutions and matrix products."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        run(1)
    return float(counter.get_total_flops()) / BATCH / 1e9


def profile(run: Callable[[int], None]) -> dict[str, float]:
    """The operations that take most of a step, each with its share of the time of the processor or the GPU."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as watched

    on_gpu = DEVICE.type == "cuda"
    with watched(activities=[ProfilerActivity.CUDA if on_gpu else ProfilerActivity.CPU]) as seen:
        run(PROFILED_STEPS)
    times = {
        event.key: float(event.self_device_time_total if on_gpu else event.self_cpu_time_total)
        for event in seen.key_averages()
    }
    largest = sorted(times, key=lambda key: -times[key])[:PROFILED_OPERATIONS]
    return {key: times[key] / sum(times.values()) for key in largest}


def quality(size: int, images: np.ndarray, held: np.ndarray, generators: dict[str, nn.Module]) -> dict[str, float]:
    """KID of each generator on features of a LeNet-5 that tells images from the same turned upside down."""
    from ganaug.classify.networks import make
    from ganaug.config import Classifier
    from ganaug.quality.kid import kid
    from ganaug.seeds import torch_generator

    network = make(
        Classifier(network="lenet5", lr=0.001, batch_size=64),
        size=size,
        channels=3,
        classes=2,
        generator=torch_generator(0),
    )
    adam = torch.optim.Adam(network.parameters(), lr=0.001)
    rng = torch_generator(1)

    def floats(pictures: np.ndarray) -> Tensor:
        return torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div(127.5).sub(1)

    for _ in range(300):
        batch = floats(images[torch.randint(len(images), (64,), generator=rng).numpy()])
        turned = torch.rand(64, generator=rng) < 0.5
        batch = torch.where(turned[:, None, None, None], batch.flip(2), batch)
        adam.zero_grad()
        nn.functional.cross_entropy(network(batch), turned.long()).backward()
        adam.step()
    body = nn.Sequential(*list(network.children())[:-1]).eval()
    with torch.inference_mode():
        real = body(floats(held)).numpy()
        found = {}
        for name, generator in generators.items():
            generator.eval()
            noise = torch.randn(len(held), 100, generator=torch_generator(2)).to(DEVICE)
            fakes = torch.cat([generator(part).float().cpu() for part in noise.split(250)])
            found[name] = kid(real, body(fakes).numpy())
    return found


def main() -> None:
    device = DEVICE.type
    torch.set_num_threads(CORES)
    torch.manual_seed(0)
    limit = {"fp32": peak(torch.float32), "bf16": peak(torch.bfloat16)}
    raw: dict[str, Any] = {"cores": CORES}
    raw |= {f"{device}/peak of {name} matrix products, GFLOP/s": rate for name, rate in limit.items()}
    ratios: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for size, steps in STEPS.items():
            pictures, _ = cifar10(TRAINED_ON + HELD, size=size)
            images, held = pictures[:TRAINED_ON], pictures[TRAINED_ON:]
            path = f"{folder}/{size}.npy"
            np.save(path, images)
            made = {
                "reference": reference(images, size),
                "ours, fp32": ours(path, size, len(images), precision="fp32"),
                "ours, bf16": ours(path, size, len(images), precision="bf16"),
            }
            found = rates({name: run for name, (run, _) in made.items()}, steps, batch=BATCH)
            for name, rate in found.items():
                raw[f"{device}/{size} pixels, {name}, images/s"] = rate
            for name in ("ours, fp32", "ours, bf16"):
                ratios[f"{device}/{size} pixels, {name} over reference"] = found[name] / found["reference"]
            for precision, rate in limit.items():
                name = f"ours, {precision}"
                reached = flops(made[name][0]) * found[name] / rate
                raw[f"{device}/{size} pixels, {name}, share of the {precision} peak"] = reached
            for operation, share in profile(made["ours, bf16"][0]).items():
                raw[f"{device}/{size} pixels, ours, bf16, share of the time in {operation}"] = share
            if size == 32:
                fresh = {
                    "reference": reference(images, size),
                    "ours, bf16": ours(path, size, len(images), precision="bf16"),
                }
                for run, _ in fresh.values():
                    run(COMPARED_STEPS)
                distances = quality(size, images, held, {name: generator for name, (_, generator) in fresh.items()})
                for name, value in distances.items():
                    raw[f"{device}/{size} pixels, {name}, KID after {COMPARED_STEPS} steps"] = value
    publish("gan_step", raw=raw, ratios=ratios)


if __name__ == "__main__":
    main()
