"""What is written of samples is what the discriminator of their class says of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from ganaug.config import Gan
from ganaug.gan.generators import save_generators
from ganaug.gan.judging import judge_samples
from ganaug.gan.networks.family import Shape, build
from ganaug.images import ImageFiles, IndexRow, save_image_set
from ganaug.seeds import torch_generator
from tests.unit.gan.conftest import COMPUTE


def samples(folder: Path, labels: Sequence[str]) -> tuple[ImageFiles, NDArray[np.uint8]]:
    """Random grey images of 16 pixels; sample k of a class is the same however many there are."""
    files = ImageFiles(str(folder / "images.npy"), str(folder / "index.csv"))
    seen = {
        label: iter(np.random.default_rng(ord(label[0])).integers(0, 256, (200, 16, 16, 1), np.uint8))
        for label in labels
    }
    pixels = np.stack([next(seen[label]) for label in labels]) if labels else np.empty((0, 16, 16, 1), np.uint8)
    rows = [IndexRow(label, f"g{k}", "gan", f"s{k}") for k, label in enumerate(labels)]
    save_image_set(files.images, files.index, pixels, rows)
    return files, pixels


def discriminator(gan: Gan, *, seed: int, classes: int = 0) -> nn.Module:
    """One whose weights and statistics are not those of the beginning, so that images differ by much."""
    shape = Shape(nz=gan.nz, size=16, channels=1, classes=classes)
    network = build(gan, shape, rng=torch_generator(seed)).discriminator
    assert network is not None
    for parameter in network.parameters():
        parameter.data.mul_(3)
    for name, buffer in network.named_buffers():
        if name.endswith(("mean", "var")):
            buffer.copy_(torch.rand(buffer.shape, generator=torch_generator(seed + 100)) + 0.5)
    return network.eval()


def weights(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def judged(folder: Path, gan: Gan, files: ImageFiles, paths: Sequence[str]) -> NDArray[np.float32]:
    scores = str(folder / "scores.npy")
    judge_samples(gan=gan, samples=files, discriminators=paths, compute=COMPUTE, scores=scores)
    found: NDArray[np.float32] = np.load(scores)
    assert found.dtype == np.float32
    return found


def alone(network: nn.Module, image: NDArray[np.uint8], label: int | None = None) -> float:
    """The logit of one image, by itself."""
    values = torch.from_numpy(image.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
    with torch.no_grad():
        return float(network(values) if label is None else network(values, torch.tensor([label])))


def test_each_class_is_judged_by_its_own_discriminator(settings: Callable[..., Gan], tmp_path: Path) -> None:
    gan = settings(jobs=2)
    networks = {label: discriminator(gan, seed=k) for k, label in enumerate(["ant", "bee", "cat"])}
    # Classes are dealt out to two jobs, and samples of classes stand anyhow.
    paths = [str(tmp_path / "D0.safetensors"), str(tmp_path / "D1.safetensors")]
    save_generators(paths[0], [weights(networks["ant"]), weights(networks["cat"])], ["ant", "cat"])
    save_generators(paths[1], [weights(networks["bee"])], ["bee"])
    labels = ["cat", "ant", "bee", "bee", "cat", "ant", "ant"]
    files, pixels = samples(tmp_path, labels)
    wanted = [alone(networks[label], image) for label, image in zip(labels, pixels, strict=True)]
    assert judged(tmp_path, gan, files, paths) == pytest.approx(wanted, rel=1e-4, abs=1e-5)
    assert np.diff(sorted(wanted)).min() > 1e-3


def test_a_conditional_discriminator_is_told_the_class(settings: Callable[..., Gan], tmp_path: Path) -> None:
    gan = settings(mode="conditional")
    network = discriminator(gan, seed=3, classes=2)
    path = str(tmp_path / "D.safetensors")
    save_generators(path, [weights(network)], ["ant", "bee"])
    labels = ["bee", "ant", "bee"]
    files, pixels = samples(tmp_path, labels)
    wanted = [alone(network, image, int(label == "bee")) for label, image in zip(labels, pixels, strict=True)]
    other = [alone(network, image, int(label == "ant")) for label, image in zip(labels, pixels, strict=True)]
    assert judged(tmp_path, gan, files, [path]) == pytest.approx(wanted, rel=1e-4, abs=1e-5)
    assert not np.allclose(wanted, other, rtol=1e-3)


def test_a_logit_does_not_depend_on_how_many_samples_there_are(settings: Callable[..., Gan], tmp_path: Path) -> None:
    gan = settings()
    path = str(tmp_path / "D.safetensors")
    save_generators(path, [weights(discriminator(gan, seed=k)) for k in range(2)], ["ant", "bee"])
    many, _ = samples(tmp_path, ["ant"] * 130 + ["bee"] * 70)
    whole = judged(tmp_path, gan, many, [path])
    for count in (1, 64, 65):
        few, _ = samples(tmp_path, ["ant"] * count + ["bee"] * 3)
        logits = judged(tmp_path, gan, few, [path])
        assert (logits == np.concatenate([whole[:count], whole[130:133]])).all()


def test_classes_without_samples_need_no_judgement(settings: Callable[..., Gan], tmp_path: Path) -> None:
    gan = settings()
    path = str(tmp_path / "D.safetensors")
    networks = [discriminator(gan, seed=k) for k in range(2)]
    save_generators(path, [weights(network) for network in networks], ["ant", "bee"])
    files, pixels = samples(tmp_path, ["bee"])
    assert judged(tmp_path, gan, files, [path]) == pytest.approx([alone(networks[1], pixels[0])], rel=1e-4, abs=1e-5)


def test_a_gan_that_failed_judges_nothing(settings: Callable[..., Gan], tmp_path: Path) -> None:
    gan = settings(jobs=2)
    paths = [str(tmp_path / "D0.safetensors"), str(tmp_path / "D1.safetensors")]
    save_generators(paths[0], [weights(discriminator(gan, seed=0))], ["ant"])
    save_generators(paths[1], [], [])
    # Its samples of a snapshot before are there.
    files, _ = samples(tmp_path, ["ant", "bee"])
    assert judged(tmp_path, gan, files, paths).shape == (0,)
    none, _ = samples(tmp_path, [])
    assert judged(tmp_path, gan, none, paths).shape == (0,)
