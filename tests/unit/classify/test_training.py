import re
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from ganaug.arms import Online, Strategy
from ganaug.classify.batching import by_turns, whole_batches
from ganaug.classify.networks import make
from ganaug.classify.training import (
    Fit,
    Labelled,
    Recipe,
    TrainingSet,
    evaluation_batch,
    fit,
    probabilities,
    total_steps,
)
from ganaug.config import Budget, Classifier
from ganaug.seeds import torch_generator
from tests.unit.classify.conftest import COMPUTE, CPU

LENET = Classifier(network="lenet5", lr=1e-3, batch_size=8)
BUDGET = Budget(steps=30, epochs=None, eval_every=10, select="best")


def run(
    train: TrainingSet, validation: Labelled | None, *, budget: Budget = BUDGET, lr: float = 1e-3, order: int = 5
) -> tuple[Fit, torch.nn.Module]:
    settings = replace(LENET, lr=lr)
    network = make(settings, size=16, channels=1, classes=2, generator=torch_generator(0))
    result = fit(
        network,
        train,
        validation,
        recipe=Recipe(settings, budget, Online(), Strategy()),
        order_seed=order,
        seed=7,
        compute=COMPUTE,
        device=CPU,
        resume=None,
        progress=lambda steps: None,
    )
    return result, network


def test_an_evaluation_every_so_many_steps_and_at_the_end(train: TrainingSet, validation: Labelled) -> None:
    result, _ = run(train, validation, budget=replace(BUDGET, steps=25))
    assert [row["step"] for row in result.history] == [10, 20, 25]
    # 24 images in batches of 8: three steps an epoch.
    assert [row["epoch"] for row in result.history] == [3.333, 6.667, 8.333]


def test_epochs_are_turned_into_steps(train: TrainingSet, validation: Labelled) -> None:
    result, _ = run(train, validation, budget=Budget(steps=None, epochs=4, eval_every=100, select="last"))
    assert [row["step"] for row in result.history] == [12]


@pytest.mark.parametrize(("images", "steps"), [(40, 63), (64, 100), (82, 129), (240, 375)])
def test_a_hundred_epochs_show_every_image_a_hundred_times(images: int, steps: int) -> None:
    # 100 x images / 64, to the end of the batch: an epoch of 40 images is not a whole batch of 64.
    budget = Budget(steps=None, epochs=100, eval_every=100, select="last")
    assert total_steps(budget, replace(LENET, batch_size=64), images) == steps


def test_best_is_the_highest_validation_accuracy_then_the_lowest_loss(train: TrainingSet, validation: Labelled) -> None:
    result, _ = run(train, validation, budget=replace(BUDGET, steps=120))
    best = max(result.history, key=lambda row: (row["validation_accuracy"], -row["validation_loss"], -row["step"]))
    assert result.selected_step == best["step"]
    restored = make(LENET, size=16, channels=1, classes=2, generator=None)
    restored.load_state_dict(result.weights)
    outputs = probabilities(restored, validation.images, compute=COMPUTE, device=CPU)
    assert (outputs.argmax(axis=1) == validation.labels.numpy()).mean() == best["validation_accuracy"]


def test_last_keeps_the_last(train: TrainingSet, validation: Labelled) -> None:
    result, network = run(train, validation, budget=replace(BUDGET, select="last"))
    assert result.selected_step == 30
    assert all(torch.equal(weight, result.weights[name]) for name, weight in network.state_dict().items())


def test_without_validation_every_evaluation_is_kept(train: TrainingSet) -> None:
    result, _ = run(train, None, budget=replace(BUDGET, select="last"))
    assert list(result.snapshots) == [10, 20, 30]
    assert result.history[0]["validation_accuracy"] == ""


def test_the_same_seed_gives_the_same_bytes_and_another_order_does_not(
    train: TrainingSet, validation: Labelled
) -> None:
    first, second, third = (run(train, validation, order=order)[0].weights for order in (5, 5, 6))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not all(torch.equal(first[name], third[name]) for name in first)


def test_it_learns_what_can_be_learnt(train: TrainingSet, validation: Labelled) -> None:
    result, _ = run(train, validation, budget=replace(BUDGET, steps=150))
    assert max(row["validation_accuracy"] for row in result.history) >= 0.9


@pytest.mark.parametrize(("lr", "loss"), [(1e30, r"nan|inf"), (30.0, r"[\d.]+e\+\d+")])
def test_divergence_stops_and_is_told(train: TrainingSet, validation: Labelled, lr: float, loss: str) -> None:
    # The first loss is that of the initial weights; every weight has then moved by lr.
    result, _ = run(train, validation, lr=lr)
    assert result.reason is not None
    assert re.fullmatch(rf"diverged at step 2: train_loss ({loss})", result.reason)
    assert [row["step"] for row in result.history] == [10]


def test_probabilities_sum_to_one_and_leave_the_network_in_training_mode(train: TrainingSet) -> None:
    network = make(LENET, size=16, channels=1, classes=2, generator=torch_generator(0))
    outputs = probabilities(network, train.images, compute=COMPUTE, device=CPU)
    assert outputs.shape == (24, 2)
    assert np.allclose(outputs.sum(axis=1), 1)
    assert network.training


@pytest.mark.parametrize("count", [3, 64, 66, 400])
def test_arms_of_every_size_see_the_same_number_of_images_a_step(count: int) -> None:
    # With a short batch at the end of each epoch 66 images would give batches of 64 and 2, and the control would fail.
    batches = list(islice(whole_batches(by_turns(torch.zeros(count, dtype=torch.int64)), size=64, seed=1), 66))
    assert [len(batch) for batch in batches] == [64] * 66
    seen = torch.cat(batches).bincount(minlength=count)
    # 66 x 64 draws in whole permutations: every image as often as any other, give or take the one that is unfinished.
    assert seen.max() - seen.min() <= 1
    assert seen.sum() == 66 * 64


def test_a_last_step_that_breaks_the_weights_is_a_divergence(train: TrainingSet, validation: Labelled) -> None:
    result, _ = run(train, validation, budget=replace(BUDGET, steps=1, select="last"), lr=1e30)
    assert result.reason == "diverged at step 1: the weights it left give no probabilities"


@pytest.mark.parametrize(
    ("size", "settings", "images"),
    [(32, LENET, 512), (32, replace(LENET, input=224), 41), (224, LENET, 41), (224, replace(LENET, input=32), 41)],
)
def test_images_that_are_enlarged_are_evaluated_in_smaller_batches(
    size: int, settings: Classifier, images: int
) -> None:
    # 2^21 pixels at a time, and at most 512 images.
    assert evaluation_batch(make(settings, size=size, channels=1, classes=2, generator=None), size) == images
