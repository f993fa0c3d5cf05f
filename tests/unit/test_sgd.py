import pytest
import torch

from ganaug.seeds import torch_generator
from ganaug.sgd import Sgd


def test_two_steps_by_hand() -> None:
    weight = torch.tensor([1.0])
    sgd = Sgd([weight], lr=0.1)
    # Nesterov: the momentum is 1, then 0.9 x 1 + 2 = 2.9; a step is gradient + 0.9 x momentum: 1.9, then 4.61.
    for gradient, expected in ((1.0, 1 - 0.19), (2.0, 1 - 0.19 - 0.461)):
        weight.grad = torch.tensor([gradient])
        sgd.step()
        assert float(weight) == pytest.approx(expected)


def test_it_is_torchs_to_the_bit_with_decay_and_changing_rates() -> None:
    ours = torch.randn(7, 5, generator=torch_generator(0))
    theirs = ours.clone()
    sgd = Sgd([ours], lr=0.1, weight_decay=0.01)
    reference = torch.optim.SGD([theirs], lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01, fused=True)
    for step in range(5):
        gradient = torch.randn(7, 5, generator=torch_generator(step + 1))
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        sgd.lr = reference.param_groups[0]["lr"] = 0.1 / (step + 1)
        sgd.step()
        reference.step()
        assert torch.equal(ours, theirs)


def test_without_gradients_nothing_moves() -> None:
    weight = torch.ones(2)
    Sgd([weight], lr=0.1, weight_decay=0.5).step()
    assert torch.equal(weight, torch.ones(2))


def test_a_restored_state_goes_on_as_before() -> None:
    weights = [torch.ones(3), torch.ones(3)]
    first, second = (Sgd([weight], lr=0.1) for weight in weights)
    for gradient in (1.0, 2.0):
        weights[0].grad = torch.full((3,), gradient)
        first.step()
    second.restore(first.state())
    with torch.no_grad():
        weights[1].copy_(weights[0])
    for weight, sgd in zip(weights, (first, second), strict=True):
        weight.grad = torch.full((3,), 3.0)
        sgd.step()
    assert torch.equal(*weights)
