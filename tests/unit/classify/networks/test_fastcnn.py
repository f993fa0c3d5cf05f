from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ganaug.batches import Batches
from ganaug.classify.networks.fastcnn import EPSILON, Shifted, Whitening
from ganaug.classify.networks.input import calibrate
from ganaug.seeds import numpy_generator, torch_generator
from tests.unit.classify.networks.made import made, weights


def smooth(count: int, channels: int) -> np.ndarray:
    """Images whose neighbours are alike, as those of photographs: noise, averaged over 2x2 pixels."""
    noise = numpy_generator(0).integers(0, 256, (count, 17, 17, channels)).astype(float)
    return ((noise[:, 1:, 1:] + noise[:, :-1, 1:] + noise[:, 1:, :-1] + noise[:, :-1, :-1]) / 4).astype(np.uint8)


def patches(images: np.ndarray) -> np.ndarray:
    """Every 2x2 patch of N x H x W x C images as a row of 4 C values."""
    size = images.shape[1]
    return np.concatenate(
        [images[:, i : i + 2, j : j + 2].reshape(len(images), -1) for i in range(size - 1) for j in range(size - 1)]
    )


def outputs(images: np.ndarray, folder: Path, channels: int) -> tuple[nn.Module, np.ndarray]:
    """A calibrated network, and what its whitening makes of the images: a row a place, a column a filter."""
    np.save(folder / "images.npy", images)
    rows = Batches([(str(folder / "images.npy"), k) for k in range(len(images))], torch.device("cpu"))
    network = made("fastcnn", size=16, channels=channels)
    calibrate(network, rows)
    first = network.get_submodule("body.0")
    with torch.no_grad():
        out = first(network.get_submodule("input")(rows(torch.arange(len(images)))))
    return network, out.movedim(1, -1).flatten(0, 2).numpy()


@pytest.mark.parametrize("channels", [1, 3])
def test_whitened_patches_have_identity_covariance(channels: int, tmp_path: Path) -> None:
    images = smooth(40, channels)
    _, out = outputs(images, tmp_path, channels)
    half = 4 * channels
    assert out.shape[1] == 2 * half
    assert np.allclose(out[:, half:], -out[:, :half])
    # Each variance v is divided by v + epsilon.
    scaled = (images - images.mean(axis=(0, 1, 2))) / images.std(axis=(0, 1, 2))
    variances = np.linalg.eigvalsh(np.cov(patches(scaled).T, bias=True))[::-1]
    covariance = np.cov(out[:, :half].T, bias=True)
    assert np.allclose(covariance, np.diag(variances / (variances + EPSILON)), atol=1e-4)
    assert np.allclose(covariance, np.eye(half), atol=0.02)


def test_images_without_any_variation_are_not_blown_up(tmp_path: Path) -> None:
    _, out = outputs(np.full((4, 16, 16, 1), 77, dtype=np.uint8), tmp_path, 1)
    assert np.abs(out).max() < 1e-3


def test_before_it_is_calibrated_a_filter_passes_a_pixel() -> None:
    out = Whitening(1)(torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 1, 2, 2))
    assert out.flatten().tolist() == [1, 2, 3, 4, -1, -2, -3, -4]


def test_its_weights_are_those_of_the_paper_but_the_whitenings() -> None:
    # 24 filters of whitening go in; convolutions without bias, shifts, and 256 to 10 without bias. The paper, which
    # counts the whitening's 24 x 12 + 24 too, says 1.97 million.
    blocks = 9 * (24 * 64 + 64 * 64 + 64 * 256 + 3 * 256 * 256) + 2 * (64 + 256 + 256)
    assert weights(made("fastcnn", channels=3)) == blocks + 2560 == 1_971_328
    # One channel has 8 filters.
    assert weights(made("fastcnn", channels=1)) == blocks + 2560 - 9 * 16 * 64


def test_the_whitening_is_saved_but_never_trained() -> None:
    network = made("fastcnn")
    assert "body.0.weight" in network.state_dict()
    assert "body.0.weight" not in dict(network.named_parameters())


def test_a_convolution_first_passes_its_inputs_on() -> None:
    convolutions = [layer for layer in made("fastcnn", channels=3).modules() if isinstance(layer, nn.Conv2d)]
    assert len(convolutions) == 6
    images = torch.rand(2, 24, 5, 5, generator=torch_generator(0))
    assert torch.equal(convolutions[0](images)[:, :24], images)
    images = torch.rand(2, 256, 3, 3, generator=torch_generator(0))
    assert torch.equal(convolutions[5](images), images)


def test_normalisation_learns_a_shift_only() -> None:
    layer = Shifted(2)
    assert [name for name, _ in layer.named_parameters()] == ["bias"]
    # Values 1 and 3 of channel 0, 0 and 0 of channel 1: deviations 1 and 0.
    out = layer(torch.tensor([[1.0, 0.0], [3.0, 0.0]]).view(2, 2, 1, 1))
    assert torch.allclose(out.view(2, 2), torch.tensor([[-1.0, 0.0], [1.0, 0.0]]), atol=1e-4)


def test_logits_are_a_ninth_of_what_the_dense_layer_makes_of_maxima() -> None:
    network = made("fastcnn", size=16).eval()
    images = torch.rand(2, 1, 16, 16, generator=torch_generator(0))
    body = network.get_submodule("body")
    last = [layer for layer in body.modules() if isinstance(layer, nn.Linear)][-1]
    # Everything before the pooling, which is the fourth layer from the end.
    maps = nn.Sequential(*list(body.children())[:-4])(network.get_submodule("input")(images))
    assert torch.allclose(network(images), maps.amax(dim=(2, 3)) @ last.weight.T / 9, atol=1e-6)
