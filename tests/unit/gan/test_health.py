import pytest
import torch
from torch import Tensor, nn

from ganaug.gan.health import accuracy, diversity, gradient_norms, recall


def flat(*values: float) -> Tensor:
    """Images of 16 x 16 pixels and two channels, each of one value."""
    return torch.tensor(values)[:, None, None, None].expand(-1, 2, 16, 16)


@pytest.mark.parametrize(
    ("real", "fake", "share"),
    [([1.0, 2.0], [0.0, 0.0], 1.0), ([0.0, 0.0], [1.0, 2.0], 0.0), ([1.0, 1.0], [1.0, 1.0], 0.5)],
)
def test_accuracy_is_the_share_of_pairs_told_apart(real: list[float], fake: list[float], share: float) -> None:
    assert accuracy(torch.tensor(real), torch.tensor(fake)).item() == share


def test_accuracy_has_no_threshold() -> None:
    # One pair right, one wrong, one equal, one right: 2.5 of 4, wherever zero is.
    real, fake = torch.tensor([3.0, 1.0, 2.0, 9.0]), torch.tensor([2.0, 2.0, 2.0, 8.0])
    assert accuracy(real, fake).item() == accuracy(real - 100, fake - 100).item() == 0.625


def test_the_gradient_norm_is_that_of_all_weights_together() -> None:
    network = nn.Linear(2, 1)
    network(torch.tensor([[2.0, 2.0]])).sum().backward()
    # Gradients 2, 2 of the weights and 1 of the bias.
    assert gradient_norms(network.parameters(), 1).item() == pytest.approx(3.0)


def test_weights_without_a_gradient_do_not_count() -> None:
    network = nn.Linear(2, 1)
    network.bias.requires_grad_(False)
    network(torch.tensor([[3.0, 4.0]])).sum().backward()
    assert gradient_norms(network.parameters(), 1).item() == pytest.approx(5.0)


def test_diversity_is_the_mean_distance_of_a_pixel() -> None:
    assert diversity(flat(0.3, 0.3, 0.3)) == 0
    # Distances 1, 2 and 1 a pixel.
    assert diversity(flat(-1.0, 0.0, 1.0)) == pytest.approx(4 / 3)


def test_detail_finer_than_an_eighth_is_no_diversity() -> None:
    stripes = torch.ones(1, 1, 16, 16)
    stripes[..., ::2] = -1
    assert diversity(torch.cat([stripes, -stripes])) == pytest.approx(0, abs=1e-6)


def test_recall_by_hand() -> None:
    # Values 0, 1, 2, 3 and 4: the third nearest of 0 is 3 away, of 1, 2 and 3 two, of 4 three. They cover -3 to 7.
    fakes = flat(0.0, 1.0, 2.0, 3.0, 4.0)
    assert recall(flat(0.0, 2.5, -2.5, 6.5), fakes) == 1.0
    assert recall(flat(0.0, -3.5, 7.5, 50.0), fakes) == 0.25


def test_recall_falls_where_modes_are_forgotten() -> None:
    real = flat(-1.0, -0.9, -0.8, -0.7, 0.7, 0.8, 0.9, 1.0)
    assert recall(real, real) == 1.0
    # Four fakes of one mode, 0.1 apart: the outer ones reach 0.3 far, the other mode is 1.4 away.
    assert recall(real, flat(-1.0, -0.9, -0.8, -0.7)) == 0.5
    assert recall(real, flat(*[0.0] * 8)) == 0.0
