import pytest
import torch
from torch import nn

from ganaug.classify.norms import SplitNorm, plain_weights, split_norms, tell_others
from ganaug.errors import UserError


def network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, 2, 1), nn.Sequential(nn.BatchNorm2d(2), nn.ReLU()))


def test_each_kind_is_normalised_by_its_own_statistics() -> None:
    whole = nn.Sequential(nn.BatchNorm2d(1))
    split_norms(whole, name="x")
    values = torch.tensor([0.0, 2.0, 10.0, 14.0]).reshape(4, 1, 1, 1)
    tell_others(whole, torch.tensor([False, False, True, True]))
    # Means 1 and 12, deviations 1 and 2: all are one deviation away.
    assert torch.allclose(whole(values).flatten(), torch.tensor([-1.0, 1.0, -1.0, 1.0]), atol=1e-4)
    norm = whole[0]
    assert isinstance(norm, SplitNorm)
    # A tenth of the batch's means.
    assert float(norm.own.running_mean) == pytest.approx(0.1)
    assert float(norm.auxiliary.running_mean) == pytest.approx(1.2)


def test_evaluation_takes_the_statistics_of_real_images() -> None:
    whole = nn.Sequential(nn.BatchNorm2d(1))
    split_norms(whole, name="x")
    tell_others(whole, torch.tensor([True, True]))
    whole(torch.tensor([0.0, 8.0]).reshape(2, 1, 1, 1))
    tell_others(whole, None)
    whole.eval()
    # No real image was seen: mean 0 and variance 1, as at first.
    assert torch.allclose(whole(torch.ones(1, 1, 1, 1)), torch.ones(()), atol=1e-4)


def test_a_single_image_of_a_kind_on_maps_of_one_pixel_is_normalised_by_those_before_it() -> None:
    whole = nn.Sequential(nn.BatchNorm2d(1))
    split_norms(whole, name="x")
    tell_others(whole, torch.tensor([False, False, True]))
    out = whole(torch.tensor([0.0, 2.0, 5.0]).reshape(3, 1, 1, 1)).flatten()
    assert torch.allclose(out, torch.tensor([-1.0, 1.0, 5.0]), atol=1e-4)


def test_plain_weights_are_those_of_a_network_that_was_never_split() -> None:
    split, plain = network(), network()
    split_norms(split, name="x")
    plain.load_state_dict(plain_weights(split.state_dict()))
    tell_others(split, None)
    split.eval(), plain.eval()
    images = torch.rand(3, 1, 4, 4)
    assert torch.equal(split(images), plain(images))


def test_a_network_without_normalisation_is_refused() -> None:
    with pytest.raises(UserError, match="lenet5 has no batch normalisation"):
        split_norms(nn.Sequential(nn.Linear(2, 2)), name="lenet5")
