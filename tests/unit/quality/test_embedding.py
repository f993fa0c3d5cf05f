"""Features of networks whose answers can be computed by hand; the tests make them, since none can be downloaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from cleanfid.resize import build_resizer
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision import models
from torchvision.models.feature_extraction import create_feature_extractor

from ganaug.errors import UserError
from ganaug.images import Pixels
from ganaug.networks import INCEPTION, FeatureNetwork
from ganaug.quality.embedding import BATCH, embed, load_network, resized
from tests.fake_networks import Inception, Means

CPU = torch.device("cpu")
OWN = FeatureNetwork("torchscript", path="net.pt", size=8)


class Random(nn.Module):
    """A convolution with weights from a seed, whose sums round."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 5, 3)
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for weight in self.parameters():
                weight.copy_(torch.randn(weight.shape, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x).relu().mean(dim=(2, 3))  # type: ignore[no-any-return]


class Maps(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


class Pair(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, x


class Endless(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(2, 3)) / 0.0


class Large(nn.Module):
    """Takes images of 16 pixels alone."""

    def forward(self, x: Tensor) -> Tensor:
        return x.view(-1, 3 * 16 * 16)


def scripted(module: nn.Module, path: Path) -> Path:
    torch.jit.script(module).save(str(path))
    return path


def plain(*colours: tuple[int, ...], side: int = 8) -> Pixels:
    """Images of one colour each."""
    return np.stack([np.broadcast_to(np.uint8(colour), (side, side, len(colour))) for colour in colours])


def noise(*shape: int) -> Pixels:
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


def test_inception_sees_values_between_minus_one_and_one_and_grey_three_times(tmp_path: Path) -> None:
    path = scripted(Inception(), tmp_path / INCEPTION)
    network = load_network(FeatureNetwork("inception"), path, device=CPU)
    grey = embed(plain((0,), (128,), (192,)), network, name="net")
    assert (grey.shape, grey.dtype) == ((3, 2048), np.float32)
    # clean-fid's (x - 128) / 128.
    np.testing.assert_allclose(grey[:, :3], np.repeat([[-1.0], [0.0], [0.5]], 3, axis=1), atol=1e-6)
    assert not grey[:, 3:].any()
    colour = embed(plain((0, 128, 192)), network, name="net")
    np.testing.assert_allclose(colour[0, :4], [-1.0, 0.0, 0.5, -1.5], atol=1e-6)


def test_the_resizer_is_clean_fids(tmp_path: Path) -> None:
    images = noise(3, 20, 20, 3)
    clean = build_resizer("clean")
    expected = np.stack([clean(image) for image in images]).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(resized(images, 299), expected)
    grey = noise(2, 20, 20, 1)
    np.testing.assert_array_equal(resized(grey, 50), resized(grey.repeat(3, axis=-1), 50))
    # Between values as far apart as they can be, the bicubic filter overshoots, and is cut off.
    edge = np.zeros((1, 4, 4, 1), dtype=np.uint8)
    edge[:, :, 2:] = 255
    assert resized(edge, 64).min() == 0
    assert resized(edge, 64).max() == 255


def test_dinov2_sees_images_normalised_as_imagenets_and_other_files_values_up_to_one(tmp_path: Path) -> None:
    path = scripted(Means(), tmp_path / "net.pt")
    images = plain((255, 0, 51))
    dino = load_network(FeatureNetwork("dinov2", path=str(path)), path, device=CPU)
    expected = [(1 - 0.485) / 0.229, (0 - 0.456) / 0.224, (0.2 - 0.406) / 0.225, 224]
    np.testing.assert_allclose(embed(images, dino, name="net"), [expected], rtol=1e-5)
    own = load_network(OWN, path, device=CPU)
    np.testing.assert_allclose(embed(images, own, name="net"), [[1, 0, 0.2, 8]], rtol=1e-5)


def test_the_same_images_give_the_same_bytes_whatever_batch_they_are_in(tmp_path: Path) -> None:
    path = scripted(Random(), tmp_path / "net.pt")
    images = noise(2 * BATCH + 6, 12, 12, 1)
    first, second = (embed(images, load_network(OWN, path, device=CPU), name="net") for _ in range(2))
    assert first.tobytes() == second.tobytes()
    # The second batch of equal images is computed as the first.
    twice = np.concatenate([images[:BATCH], images[:BATCH], images[:BATCH]])
    made = embed(twice, load_network(OWN, path, device=CPU), name="net").reshape(3, BATCH, -1)
    assert made[0].tobytes() == made[1].tobytes() == made[2].tobytes()
    assert len(np.unique(first, axis=0)) == len(images)


def test_no_images_have_no_features(tmp_path: Path) -> None:
    network = load_network(OWN, scripted(Means(), tmp_path / "net.pt"), device=CPU)
    assert embed(noise(0, 8, 8, 3), network, name="net").shape == (0, 1)


@pytest.mark.parametrize("classes", [1000, 7])
def test_torchvisions_features_are_what_its_last_layer_sees(tmp_path: Path, classes: int) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        reference = models.mobilenet_v3_small(num_classes=classes).eval()
    path = tmp_path / "weights.safetensors"
    save_file(reference.state_dict(), path)
    one = FeatureNetwork("torchvision", path=str(path), name="mobilenet_v3_small")
    images = noise(3, 16, 16, 3)
    made = embed(images, load_network(one, path, device=CPU), name="net")
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    inputs = (torch.from_numpy(resized(images, 224)) / 255 - mean.view(3, 1, 1)) / std.view(3, 1, 1)
    with torch.inference_mode():
        expected = create_feature_extractor(reference, ["classifier.2"])(inputs)["classifier.2"]
    assert made.shape == (3, 1024)
    np.testing.assert_allclose(made, expected.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("module", "told"),
    [
        (Maps(), "gives (2, 3, 8, 8) for 2 images"),
        (Pair(), "gives tuple for 2 images"),
        (Endless(), "gives features that are not finite"),
        (Large(), "refuses images of 8 pixels"),
    ],
    ids=lambda one: one if isinstance(one, str) else type(one).__name__,
)
def test_a_network_that_gives_no_features_is_refused(tmp_path: Path, module: nn.Module, told: str) -> None:
    network = load_network(OWN, scripted(module, tmp_path / "net.pt"), device=CPU)
    with pytest.raises(UserError) as raised:
        embed(plain((9, 9, 9), (10, 10, 10)), network, name="net.pt")
    assert str(raised.value).startswith(f"net.pt: {told}")
    assert "\n" not in str(raised.value)


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    weights, junk, tensors = tmp_path / "weights.pt", tmp_path / INCEPTION, tmp_path / "w.safetensors"
    torch.save(nn.Linear(2, 2).state_dict(), weights)
    junk.write_text("<html>", encoding="utf-8")
    save_file({"weight": torch.ones(1)}, tensors)
    by_name = {
        name: FeatureNetwork("torchvision", path="w", name=name) for name in ("resnet18", "resnet", "squeezenet1_0")
    }
    for network, path, told in (
        (FeatureNetwork("dinov2", path="w"), weights, "holds weights without their network; .* torch.jit.trace"),
        (OWN, junk, "no TorchScript file"),
        (FeatureNetwork("inception"), junk, "no TorchScript file"),
        (by_name["resnet18"], tensors, "not the weights of torchvision's resnet18"),
        (by_name["resnet18"], junk, "not a whole safetensors file"),
        (by_name["resnet"], tensors, "torchvision has no classifier 'resnet'"),
        (by_name["squeezenet1_0"], tensors, "the last layer of squeezenet1_0 is not linear"),
    ):
        with pytest.raises(UserError, match=told) as raised:
            load_network(network, path, device=CPU)
        assert "\n" not in str(raised.value)
