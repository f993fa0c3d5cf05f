"""Features are what the last layer sees."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from ganaug.batches import Batches
from ganaug.classify.features import embed_real, embed_samples, features
from ganaug.classify.networks import head, make
from ganaug.config import Classifier
from ganaug.images import SplitRow, save_split
from ganaug.io import save_tensors
from ganaug.seeds import numpy_generator, torch_generator

from .conftest import COMPUTE


def test_features_are_the_inputs_of_the_last_dense_layer(tmp_path: Path) -> None:
    np.save(tmp_path / "i.npy", np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2, 1))
    images = Batches([(str(tmp_path / "i.npy"), k) for k in range(3)], torch.device("cpu"))
    first, last = nn.Linear(4, 2, bias=False), nn.Linear(2, 5)
    with torch.no_grad():
        first.weight.copy_(torch.tensor([[127.5, 0, 0, 0], [0, 0, 0, 127.5]]))
    network = nn.Sequential(nn.Flatten(), first, nn.ReLU(), last).eval()
    # Pixels v are v / 127.5 - 1 to a network, so times 127.5 they are v - 127.5: below 0, and cut off by the ReLU.
    assert features(network, images).tolist() == [[0, 0], [0, 0], [0, 0]]
    network[2] = nn.Identity()
    assert np.allclose(
        features(network, images), [[0 - 127.5, 3 - 127.5], [4 - 127.5, 7 - 127.5], [8 - 127.5, 11 - 127.5]]
    )


def test_arrays_follow_the_rows_of_the_split_and_of_the_samples(tmp_path: Path) -> None:
    lenet = Classifier(network="lenet5", lr=1e-3, batch_size=8)
    network = make(lenet, size=16, channels=1, classes=3, generator=torch_generator(0)).eval()
    save_tensors(tmp_path / "model.safetensors", network.state_dict(), {})
    for name, seed in (("dev", 1), ("made", 2)):
        np.save(tmp_path / f"{name}.npy", numpy_generator(seed).integers(0, 256, (6, 16, 16, 1), dtype=np.uint8))
    roles = [(4, "train"), (2, "validation"), (0, "train"), (5, "validation")]
    rows = [SplitRow(row, role, label, "g", "s") for (row, role), label in zip(roles, "abca", strict=True)]
    save_split(tmp_path / "r0.csv", rows)
    paths = {name: str(tmp_path / name) for name in ("train.npy", "held.npy", "held-p.npy", "f.npy", "p.npy")}
    given = {"split": str(tmp_path / "r0.csv"), "dev": str(tmp_path / "dev.npy")}
    given |= {"model": str(tmp_path / "model.safetensors")}
    embed_real(
        **given,
        classifier=lenet,
        compute=COMPUTE,
        train=paths["train.npy"],
        validation=paths["held.npy"],
        probabilities=paths["held-p.npy"],
    )
    embed_samples(
        **given,
        classifier=lenet,
        compute=COMPUTE,
        samples={"one": str(tmp_path / "made.npy")},
        out={"one": paths["f.npy"]},
        probabilities={"one": paths["p.npy"]},
    )
    found = {name: np.load(path) for name, path in paths.items()}

    def alone(file: str, row: int) -> np.ndarray:
        return features(network, Batches([(str(tmp_path / file), row)], torch.device("cpu")))[0]

    for name, file, places in (
        ("train.npy", "dev.npy", (4, 0)),
        ("held.npy", "dev.npy", (2, 5)),
        ("f.npy", "made.npy", range(6)),
    ):
        assert np.allclose(found[name], [alone(file, row) for row in places], atol=1e-5)
    # Probabilities are the softmax of what the last layer makes of the features.
    last = head(network)
    for name, of in (("held-p.npy", "held.npy"), ("p.npy", "f.npy")):
        raised = np.exp(found[of] @ last.weight.detach().numpy().T + last.bias.detach().numpy())
        assert np.allclose(found[name], raised / raised.sum(axis=1, keepdims=True), atol=1e-5)
