import pytest
import torch
from torch import nn

from ganaug.classify.dropout import Dropout, draw_dropout, own_dropout
from ganaug.seeds import torch_generator


def test_what_is_kept_is_scaled_so_that_the_mean_stays() -> None:
    network = nn.Sequential(nn.Dropout(0.25))
    own_dropout(network)
    draw_dropout(network, torch_generator(0))
    out = network.train()(torch.ones(100_000))
    assert out.unique().tolist() == [0.0, pytest.approx(1 / 0.75)]
    # Five standard deviations of the mean of that many draws: 5 x sqrt(1/3 / 100,000).
    assert abs(float(out.mean()) - 1) < 0.0092


def test_the_same_seed_drops_the_same_and_the_global_generator_is_left_alone() -> None:
    layer = Dropout(0.5)
    before = torch.get_rng_state()
    drawn = []
    for _ in range(2):
        layer.rng = torch_generator(3)
        drawn.append(layer(torch.ones(64)))
    assert torch.equal(*drawn)
    assert torch.equal(before, torch.get_rng_state())


def test_evaluation_drops_nothing() -> None:
    layer = Dropout(0.5).eval()
    assert torch.equal(layer(torch.ones(64)), torch.ones(64))
