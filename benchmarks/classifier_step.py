"""Classifier training: ours against a loop as torchvision's reference has it, side by side in one run.

The network, the arm flip-crop and the batch size are the same. The reference trains in fp32 with torch's SGD, and a
DataLoader whose workers flip and crop image by image with torchvision's transforms. Images are those of the CIFAR-10
copy where GANAUG_MIRROR has it, else generated ones.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from _images import cifar10
from _rates import rates
from _results import ROOT, publish
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

import yaml  # isort: skip

SIZE, CHANNELS, CLASSES, IMAGES, BATCH = 32, 3, 10, 8192, 128
# Network: optimiser steps of a turn.
STEPS = {"lenet5": 64, "resnet18": 4}
CORES = len(os.sched_getaffinity(0))
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def settings(network: str) -> Any:
    """The preset, trained by SGD as the reference does."""
    from ganaug.config import Classifier, build

    preset = yaml.safe_load((ROOT / f"config/classifiers/{network}.yaml").read_text(encoding="utf-8"))
    values = {**preset, "optimiser": "sgd", "lr": 0.01, "batch_size": BATCH, "schedule": "constant", "warmup": 0.0}
    return build(Classifier, values, "classifiers")


def network_of(name: str) -> nn.Module:
    """The network with its first weights."""
    from ganaug.classify.networks import make
    from ganaug.seeds import torch_generator

    return make(settings(name), size=SIZE, channels=CHANNELS, classes=CLASSES, generator=torch_generator(0))


class Pictures(Dataset[tuple[Tensor, int]]):
    """Images through the reference's transforms, one at a time."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        from PIL import Image
        from torchvision import transforms

        self.images, self.labels = [Image.fromarray(image) for image in images], labels
        self.changed = transforms.Compose(
            [
                transforms.RandomCrop(SIZE, padding=SIZE // 8),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize((0.5,) * CHANNELS, (0.5,) * CHANNELS),
            ]
        )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, k: int) -> tuple[Tensor, int]:
        return self.changed(self.images[k]), int(self.labels[k])


def reference(name: str, images: np.ndarray, labels: np.ndarray) -> Callable[[int], None]:
    """A function that trains for so many steps."""
    one = settings(name)
    network = network_of(name).to(DEVICE, memory_format=torch.contiguous_format).train()
    criterion = nn.CrossEntropyLoss()
    optimiser = torch.optim.SGD(
        network.parameters(), lr=one.lr, momentum=0.9, nesterov=True, weight_decay=one.weight_decay
    )
    loader = DataLoader(
        Pictures(images, labels), batch_size=one.batch_size, shuffle=True, drop_last=True, num_workers=CORES,
        persistent_workers=True, pin_memory=DEVICE.type == "cuda",
    )  # fmt: skip

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            yield from loader

    stream = batches()
    next(stream)

    def run(steps: int) -> None:
        for _ in range(steps):
            image, target = next(stream)
            image, target = image.to(DEVICE, non_blocking=True), target.to(DEVICE, non_blocking=True)
            loss = criterion(network(image), target)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            loss.item()

    return run


def ours(name: str, path: str, labels: np.ndarray, *, precision: str) -> Callable[[int], None]:
    """The same with the trainer's own step."""
    from ganaug.arms import Online, Strategy
    from ganaug.batches import Batches
    from ganaug.classify.training import Recipe, Step, TrainingSet, batches_of, begun
    from ganaug.compute import prepare
    from ganaug.config import Budget, Compute

    one = settings(name)
    compute = Compute(device="auto", precision=precision, threads=CORES)  # type: ignore[arg-type]
    device = prepare(compute)
    recipe = Recipe(
        classifier=one,
        budget=Budget(steps=10**6, epochs=None, eval_every=1, select="last"),
        online=Online(policy="flip_crop"),
        strategy=Strategy(),
    )
    train = TrainingSet(
        images=Batches([(path, k) for k in range(len(labels))], device),
        labels=torch.from_numpy(labels),
        generated=torch.zeros(len(labels), dtype=torch.bool),
        turns=torch.zeros(len(labels), dtype=torch.int64),
    )
    state = begun(network_of(name).to(device), recipe, images=len(labels), seed=0, device=device)
    step = Step(state, train, recipe, total=10**6, seed=0, compute=compute, device=device)
    stream = batches_of(train, recipe, total=10**6, seed=0)

    def run(steps: int) -> None:
        for _ in range(steps):
            step(next(stream))
            state.step += 1
        if DEVICE.type == "cuda":
            torch.cuda.synchronize()

    return run


def main() -> None:
    torch.set_num_threads(CORES)
    torch.manual_seed(0)
    images, labels = cifar10(IMAGES, size=SIZE)
    raw: dict[str, Any] = {"cores": CORES}
    ratios: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/images.npy"
        np.save(path, images)
        for name, steps in STEPS.items():
            found = rates(
                {
                    "reference": reference(name, images, labels),
                    "ours, fp32": ours(name, path, labels, precision="fp32"),
                    "ours, bf16": ours(name, path, labels, precision="bf16"),
                },
                steps,
                batch=BATCH,
            )
            for method, rate in found.items():
                raw[f"{DEVICE.type}/{name}, {method}, images/s"] = rate
            for method in ("ours, fp32", "ours, bf16"):
                ratios[f"{DEVICE.type}/{name}, {method} over reference"] = found[method] / found["reference"]
    publish("classifier_step", raw=raw, ratios=ratios)


if __name__ == "__main__":
    main()
