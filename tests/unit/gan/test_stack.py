"""Networks that are called as one compute what each of them computes alone."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from ganaug.gan.networks.layers import Dropout, spectral
from ganaug.gan.stack import Stack, can_stack, unstacked
from ganaug.seeds import torch_generator


def networks(count: int) -> list[nn.Module]:
    def one(seed: int) -> nn.Module:
        made = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.LeakyReLU(0.2, inplace=True), nn.Flatten())
        rng = torch_generator(seed)
        for weight in made.parameters():
            nn.init.normal_(weight, generator=rng)
        return made.double()

    return [one(seed) for seed in range(count)]


def test_outputs_gradients_and_statistics_are_those_of_each_alone() -> None:
    alone = networks(3)
    stack = Stack(copy.deepcopy(alone))
    inputs = torch.randn(3 * 4, 2, 5, 5, generator=torch_generator(9), dtype=torch.float64)
    outputs = [network(part) for network, part in zip(alone, inputs.split(4), strict=True)]
    together = stack(inputs)
    assert torch.allclose(together, torch.cat(outputs))
    together.square().sum().backward()
    for k, (network, output) in enumerate(zip(alone, outputs, strict=True)):
        output.square().sum().backward()
        for name, weight in network.named_parameters():
            gradient = stack.get_parameter(name.replace(".", "/")).grad
            assert weight.grad is not None
            assert gradient is not None
            assert torch.allclose(gradient[k], weight.grad), name
        kept = unstacked(stack.state_dict(), 3)[k]
        own = network.state_dict()
        assert kept.keys() == own.keys()
        assert all(torch.allclose(kept[name], value) for name, value in own.items())


def test_it_is_evaluated_by_its_running_statistics() -> None:
    alone = networks(2)
    stack = Stack(copy.deepcopy(alone)).eval()
    inputs = torch.randn(2 * 4, 2, 5, 5, generator=torch_generator(9), dtype=torch.float64)
    expected = torch.cat([network.eval()(part) for network, part in zip(alone, inputs.split(4), strict=True)])
    assert torch.allclose(stack(inputs), expected)


def test_convolutions_are_in_bf16_where_autocast_is() -> None:
    def one(weight: float) -> nn.Module:
        made = nn.Conv2d(1, 1, 1, bias=False)
        nn.init.constant_(made.weight, weight)
        return made

    # Between 1 and 2 bf16 has steps of 2^-7.
    stack = Stack([one(1 + 2**-10), one(2 + 2**-9)])
    pixel = torch.ones(2, 1, 1, 1)
    assert stack(pixel).flatten().tolist() == [1 + 2**-10, 2 + 2**-9]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        made = stack(pixel)
    assert made.dtype == torch.bfloat16
    assert made.flatten().tolist() == [1, 2]
    made.float().sum().backward()
    gradient = next(stack.parameters()).grad
    assert gradient is not None
    assert gradient.flatten().tolist() == [1, 1]


def test_buffers_that_are_not_kept_with_the_weights_stay_out_of_them() -> None:
    def one() -> nn.Module:
        made = nn.Linear(2, 2)
        made.register_buffer("kernel", torch.ones(3), persistent=False)
        return made

    [first, _] = unstacked(Stack([one(), one()]).state_dict(), 2)
    assert list(first) == ["weight", "bias"]


@pytest.mark.parametrize(
    ("layer", "can"),
    [
        (nn.Conv2d(1, 1, 3), True),
        (nn.BatchNorm2d(2), True),
        (Dropout(0.5), False),
        (spectral(nn.Conv2d(1, 1, 3), rng=torch_generator(0)), False),
    ],
)
def test_layers_that_draw_or_normalise_their_weights_cannot_be_stacked(layer: nn.Module, can: bool) -> None:
    assert can_stack(nn.Sequential(nn.ReLU(), layer)) is can
