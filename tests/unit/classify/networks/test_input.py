"""Normalisation and resizing in values worked out by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ganaug.batches import Batches
from ganaug.classify.networks import input as head
from ganaug.classify.networks.input import Input, calibrate, moments
from ganaug.seeds import numpy_generator
from tests.unit.classify.networks.made import made

CPU = torch.device("cpu")


def batches(folder: Path, images: np.ndarray) -> Batches:
    np.save(folder / "images.npy", images.astype(np.uint8))
    return Batches([(str(folder / "images.npy"), k) for k in range(len(images))], CPU)


def test_images_are_normalised_by_channel() -> None:
    entry = Input(channels=3, pixels=None)
    images = torch.tensor([[-1.0, 1.0], [0.0, 0.5], [0.25, 0.25]]).view(1, 3, 1, 2)
    assert torch.equal(entry(images), images)
    entry.mean.copy_(torch.tensor([0.5, 0.0, 0.25]))
    entry.std.copy_(torch.tensor([0.5, 0.25, 1.0]))
    assert entry(images).tolist() == [[[[-3.0, 1.0]], [[0.0, 2.0]], [[0.0, 0.0]]]]


def test_a_grey_channel_becomes_three() -> None:
    entry = Input(channels=3, pixels=None)
    entry.mean.copy_(torch.tensor([0.0, 1.0, -1.0]))
    assert entry(torch.full((1, 1, 1, 1), 0.5)).flatten().tolist() == [0.5, -0.5, 1.5]


def test_larger_is_bilinear() -> None:
    # New centres lie at 0.25, 0.75, 1.25 and 1.75 of two pixels with centres 0.5 and 1.5.
    images = torch.tensor([[0.0, 1.0], [0.0, 1.0]]).view(1, 1, 2, 2)
    resized = Input(channels=1, pixels=4)(images)
    assert resized.shape == (1, 1, 4, 4)
    assert resized[0, 0].tolist() == [[0.0, 0.25, 0.75, 1.0]] * 4


def test_smaller_is_antialiased() -> None:
    # A triangle of half width 2 around 1 weighs pixels 0 to 2 as 3, 3 and 1; around 3, pixels 1 to 3 as 1, 3 and 3.
    images = torch.tensor([0.0, 0.0, 1.0, 1.0]).expand(1, 1, 4, 4)
    resized = Input(channels=1, pixels=2)(images)
    assert torch.allclose(resized, torch.tensor([1 / 7, 6 / 7]).expand(1, 1, 2, 2))


def test_the_same_size_is_left_as_it_is() -> None:
    images = torch.rand(2, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(Input(channels=3, pixels=5)(images), images)


def test_calibration_takes_mean_and_deviation_of_the_images(tmp_path: Path) -> None:
    # Channels: half black half white; all white; half black half 51, which is -0.6.
    images = np.zeros((2, 16, 16, 3))
    images[1, ..., 0], images[..., 1], images[1, ..., 2] = 255, 255, 51
    network = made("lenet5", size=16, channels=3)
    calibrate(network, batches(tmp_path, images))
    state = network.state_dict()
    assert torch.allclose(state["input.mean"], torch.tensor([0.0, 1.0, -0.8]))
    assert torch.allclose(state["input.std"], torch.tensor([1.0, 1.0, 0.2]))


def test_calibration_of_grey_images_sets_all_three_channels(tmp_path: Path) -> None:
    images = np.zeros((4, 16, 16, 1))
    images[0] = 255
    network = made("mobilenet_v3_small", size=16, channels=1)
    calibrate(network, batches(tmp_path, images))
    # A quarter is 1 and the rest -1: mean -0.5, variance 1 - 0.25.
    state = network.state_dict()
    assert torch.allclose(state["input.mean"], torch.full((3,), -0.5))
    assert torch.allclose(state["input.std"], torch.full((3,), 0.75**0.5))


def test_calibration_changes_nothing_else_and_stays_with_the_weights(tmp_path: Path) -> None:
    images = batches(tmp_path, numpy_generator(0).integers(0, 256, (6, 16, 16, 1)))
    network, before = made("simplecnn", size=16), made("simplecnn", size=16).state_dict()
    calibrate(network, images)
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"input.mean", "input.std"}
    loaded = made("simplecnn", size=16, seed=1)
    loaded.load_state_dict(network.state_dict())
    shown = images(torch.arange(6))
    assert torch.equal(loaded(shown), network(shown))


def test_batches_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = batches(tmp_path, numpy_generator(0).integers(0, 256, (7, 16, 16, 3)))
    whole, parts = made("fastcnn", size=16, channels=3), made("fastcnn", size=16, channels=3)
    calibrate(whole, images)
    monkeypatch.setattr(head, "PIXELS_AT_ONCE", 3 * 16 * 16)
    calibrate(parts, images)
    for name, value in whole.state_dict().items():
        assert torch.allclose(value, parts.state_dict()[name], atol=1e-5), name


def test_moments_are_those_of_numpy() -> None:
    rows = numpy_generator(0).normal(size=(50, 3))
    mean, covariance = moments(torch.from_numpy(rows).split(20))
    assert np.allclose(mean, rows.mean(axis=0))
    assert np.allclose(covariance, np.cov(rows.T, bias=True))
