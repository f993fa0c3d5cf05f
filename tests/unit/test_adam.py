import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from ganaug.adam import Adam
from ganaug.seeds import torch_generator

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow/scripts"


def network() -> nn.Module:
    layers = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 36, 2))
    with torch.no_grad():
        for weight in layers.parameters():
            weight.normal_(generator=torch_generator(weight.numel()))
    return layers.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def train(layers: nn.Module, optimiser: Adam | torch.optim.Adam, steps: range) -> None:
    for step in steps:
        optimiser.zero_grad()
        layers(torch.randn(4, 3, 8, 8, generator=torch_generator(step))).square().mean().backward()
        optimiser.step()


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.999)])
def test_it_is_torch_s_fused_adam_to_the_bit(betas: tuple[float, float]) -> None:
    ours, theirs = network(), network()
    train(ours, Adam(ours.parameters(), lr=1e-3, betas=betas), range(20))
    train(theirs, torch.optim.Adam(theirs.parameters(), lr=1e-3, betas=betas, fused=True), range(20))
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))


def test_the_first_step_is_the_learning_rate_against_the_sign_of_the_gradient() -> None:
    # Algorithm 1: after one step both moments are corrected to g and g squared, so the update is lr * g / |g|.
    weight = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
    weight.grad = torch.tensor([0.5, -4.0, 1e-3])
    Adam([weight], lr=0.1).step()
    assert torch.allclose(weight, torch.tensor([0.9, -1.9, 2.9]), atol=1e-5)


def test_restored_it_goes_on_where_it_was() -> None:
    whole, first, second = network(), network(), network()
    train(whole, Adam(whole.parameters(), lr=1e-3), range(8))
    before, after = Adam(first.parameters(), lr=1e-3), Adam(second.parameters(), lr=1e-3)
    train(first, before, range(5))
    second.load_state_dict(first.state_dict())
    after.restore({name: tensor.clone() for name, tensor in before.state().items()})
    train(second, after, range(5, 8))
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), second.parameters(), strict=True))


def test_a_parameter_without_a_gradient_stays() -> None:
    used, unused = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    used.grad = torch.ones(2)
    Adam([used, unused], lr=0.1).step()
    assert unused.tolist() == [1, 1]
    assert used[0] < 1


def test_it_leaves_torch_s_compiler_alone() -> None:
    program = (
        "import sys, torch; from ganaug.adam import Adam; w = torch.ones(2, requires_grad=True);"
        "o = Adam([w], lr=0.1); o.zero_grad(); w.sum().backward(); o.step(); sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=SCRIPTS, check=False).returncode == 0


def test_weight_decay_is_torchs_adamw_to_the_bit() -> None:
    ours = torch.randn(7, 5, generator=torch_generator(0))
    theirs = ours.clone()
    adam = Adam([ours], lr=0.01, weight_decay=0.1)
    reference = torch.optim.AdamW([theirs], lr=0.01, weight_decay=0.1, fused=True)
    for step in range(3):
        gradient = torch.randn(7, 5, generator=torch_generator(step + 1))
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        adam.step()
        reference.step()
        assert torch.equal(ours, theirs)
