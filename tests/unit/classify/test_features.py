"""Features are what the last layer sees."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from ganaug.batches import Batches
from ganaug.classify.features import features


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
