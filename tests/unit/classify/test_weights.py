"""Weights of ImageNet, here those of networks that torchvision made at random: none are downloaded."""

import hashlib
import importlib
import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision import models

from ganaug.classify.weights import WEIGHTS, convert, load_pretrained, published
from ganaug.errors import UserError
from ganaug.io import load_tensors
from ganaug.seeds import torch_generator
from tests.unit.classify.networks.made import NETWORKS, made


def saved(folder: Path, state: object) -> Path:
    """A file as torchvision names its own."""
    path = folder / "made.pth"
    torch.save(state, path)
    return path.rename(folder / f"made-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}.pth")


def theirs(name: str, *, classes: int = 1000) -> nn.Module:
    """Torchvision's network as its published weights come: both Inceptions with auxiliary heads, on [-1, 1]."""
    inception = name in ("googlenet", "inception_v3")
    options = {"aux_logits": True, "transform_input": True, "init_weights": False} if inception else {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network: nn.Module = getattr(models, name)(weights=None, num_classes=classes, **options)
        for layer in network.modules():
            if isinstance(layer, nn.BatchNorm2d):
                nn.init.uniform_(layer.running_mean, -0.5, 0.5)
                nn.init.uniform_(layer.running_var, 0.5, 1.5)
    return network.eval()


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "mobilenet_v2", "mobilenet_v3_small"])
def test_converted_weights_give_torchvisions_logits(name: str, tmp_path: Path) -> None:
    source = theirs(name)
    convert(saved(tmp_path, source.state_dict()), tmp_path / "out.safetensors")
    network = made(name, size=128, channels=3, classes=1000)
    load_pretrained(network, load_tensors(tmp_path / "out.safetensors")[0], name="w")
    images = torch.rand(2, 3, 128, 128, generator=torch_generator(0))
    # What torchvision's own transforms do to images in [0, 1].
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.inference_mode():
        expected = source((images - mean[:, None, None]) / std[:, None, None])
        logits = network.eval()(images * 2 - 1)
    assert expected.std() > 0
    assert torch.allclose(logits, expected, rtol=1e-3, atol=1e-3 * expected.abs().max().item())


def test_a_last_layer_of_other_classes_stays_as_drawn() -> None:
    state = theirs("resnet18").state_dict()
    network, drawn = made("resnet18", size=128, classes=5), made("resnet18", size=128, classes=5)
    load_pretrained(network, state, name="w")
    for name, value in network.get_submodule("body").state_dict().items():
        before = drawn.get_submodule("body").state_dict()[name]
        assert torch.equal(value, before if name.startswith("fc.") else state[name]), name


def test_a_last_layer_of_as_many_classes_is_loaded() -> None:
    state = theirs("mobilenet_v2", classes=5).state_dict()
    network = made("mobilenet_v2", size=128, classes=5)
    load_pretrained(network, state, name="w")
    assert torch.equal(network.state_dict()["body.classifier.1.weight"], state["classifier.1.weight"])


def test_auxiliary_heads_are_dropped() -> None:
    state = theirs("inception_v3").state_dict()
    assert any(name.startswith("AuxLogits.") for name in state)
    network = made("inception_v3", size=299, classes=5)
    load_pretrained(network, state, name="w")
    assert torch.equal(
        network.state_dict()["body.Mixed_7c.branch1x1.conv.weight"], state["Mixed_7c.branch1x1.conv.weight"]
    )


def test_files_without_counts_of_batches_are_whole() -> None:
    state = theirs("resnet18").state_dict()
    old = {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    assert len(old) < len(state)
    network = made("resnet18", size=128, classes=5)
    load_pretrained(network, old, name="w")
    assert torch.equal(network.state_dict()["body.bn1.running_mean"], state["bn1.running_mean"])


def test_weights_of_another_network_or_stem_are_refused_in_one_line() -> None:
    state = theirs("resnet18").state_dict()
    cases = [
        # The stem for small images has 3x3 for 7x7.
        (made("resnet18", size=32), state, r"^w: 1 of the weights have other shapes, the first is conv1\.weight; "),
        (
            made("resnet18", size=128),
            {**state, "extra": torch.zeros(1)},
            r"are none of the network's, .* is extra; ",
        ),
        (
            made("resnet18", size=128),
            {n: v for n, v in state.items() if n != "bn1.bias"},
            r"1 of the weights are missing, .*bn1\.bias; ",
        ),
        (made("vgg16", size=32), state, r"are missing, the first is features\.0\.weight; "),
    ]
    for network, given, said in cases:
        before = {name: value.clone() for name, value in network.state_dict().items()}
        with pytest.raises(UserError, match=said) as caught:
            load_pretrained(network, given, name="w")
        assert "\n" not in str(caught.value)
        assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_file_whose_digest_is_not_that_of_its_name_is_never_unpickled(tmp_path: Path) -> None:
    path = saved(tmp_path, {"weight": torch.zeros(2)})
    with path.open("ab") as handle:
        handle.write(b"x")
    with pytest.raises(
        UserError, match=r"its SHA-256 begins with [0-9a-f]{8}, not with [0-9a-f]{8}; download it again$"
    ):
        convert(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_files_that_are_no_weights_are_refused(tmp_path: Path) -> None:
    nameless = tmp_path / "resnet18.pth"
    nameless.write_bytes(b"")
    for path, said in (
        (tmp_path / "absent-00000000.pth", "no such file; "),
        (nameless, "its name does not end in "),
        (saved(tmp_path, [1, 2]), "holds something other than a network's weights; "),
        (saved(tmp_path, {"state": {"weight": torch.zeros(2)}}), "holds something other than a network's weights; "),
    ):
        with pytest.raises(UserError, match=f"^{re.escape(str(path))}: {said}"):
            convert(path, tmp_path / "out")
    rubbish = tmp_path / f"made-{hashlib.sha256(b'rubbish').hexdigest()[:8]}.pth"
    rubbish.write_bytes(b"rubbish")
    with pytest.raises(UserError, match="holds something other than a network's weights"):
        convert(rubbish, tmp_path / "out")


def test_the_table_names_torchvisions_files() -> None:
    table = published()
    assert set(table) == set(WEIGHTS) == set(NETWORKS) - {"fastcnn", "lenet5", "simplecnn"}
    assert table["googlenet"].file == "googlenet-1378be20.pth"
    for name, weights in table.items():
        assert re.search(r"-[0-9a-f]{8}\.pth$", weights.file)
        assert weights.url.startswith("https://")
        assert weights.url.endswith(f"/{weights.file}")
        assert hasattr(importlib.import_module("torchvision.models"), name)


def test_a_cells_weights_are_loaded_with_its_normalisation_and_a_head_of_other_classes_stays() -> None:
    before, network = made("lenet5", size=32), made("lenet5", size=32, classes=5)
    with torch.no_grad():
        before.get_submodule("input").get_buffer("mean").fill_(0.25)
    drawn = network.state_dict()["body.11.weight"].clone()
    load_pretrained(network, before.state_dict(), name="cell")
    after = network.state_dict()
    assert torch.equal(after["body.0.weight"], before.state_dict()["body.0.weight"])
    assert after["input.mean"].tolist() == [0.25] * len(after["input.mean"])
    assert torch.equal(after["body.11.weight"], drawn)
