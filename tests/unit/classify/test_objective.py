import math

import pytest
import torch

from ganaug.classify.objective import adversarial, new_judge, supervised
from ganaug.seeds import torch_generator

# Softmax of (log 3, 0) is (3/4, 1/4).
LOGITS = torch.tensor([[math.log(3), 0.0], [math.log(3), 0.0]])
LABELS = torch.tensor([0, 1])


def test_the_loss_is_the_mean_cross_entropy() -> None:
    loss = supervised(LOGITS, LABELS, weights=None, smoothing=0.0)
    assert float(loss) == pytest.approx((math.log(4 / 3) + math.log(4)) / 2)


def test_weights_make_a_weighted_mean() -> None:
    loss = supervised(LOGITS, LABELS, weights=torch.tensor([1.0, 0.5]), smoothing=0.0)
    assert float(loss) == pytest.approx((math.log(4 / 3) + 0.5 * math.log(4)) / 1.5)


@pytest.mark.parametrize("weights", [None, torch.ones(2)])
def test_smoothing_spreads_a_share_over_all_classes(weights: torch.Tensor | None) -> None:
    # 0.2 over two classes: targets 0.9 and 0.1.
    loss = supervised(LOGITS, LABELS, weights=weights, smoothing=0.2)
    first, second = math.log(4 / 3), math.log(4)
    assert float(loss) == pytest.approx((0.9 * first + 0.1 * second + 0.1 * first + 0.9 * second) / 2)


def test_soft_targets_are_weighted_by_their_shares() -> None:
    soft = torch.tensor([[0.25, 0.75], [1.0, 0.0]])
    loss = supervised(LOGITS, soft, weights=None, smoothing=0.0)
    assert float(loss) == pytest.approx((0.25 * math.log(4 / 3) + 0.75 * math.log(4) + math.log(4 / 3)) / 2)


def test_the_judge_is_scored_by_binary_cross_entropy() -> None:
    judge = new_judge(1, rng=torch_generator(0), device=torch.device("cpu"))
    with torch.no_grad():
        judge.weight.fill_(1.0)
        judge.bias.zero_()
    # Logits log 3 are real with probability 3/4: a real image costs log 4/3, a generated one log 4.
    loss = adversarial(judge, torch.full((2, 1), math.log(3)), torch.tensor([True, False]))
    assert float(loss.detach()) == pytest.approx((math.log(4 / 3) + math.log(4)) / 2)


def test_the_judge_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    first = new_judge(8, rng=torch_generator(1), device=torch.device("cpu"))
    assert torch.equal(before, torch.get_rng_state())
    assert 0 < float(first.weight.detach().abs().max()) <= 8**-0.5
