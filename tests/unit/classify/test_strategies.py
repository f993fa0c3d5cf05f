"""What an arm and a classifier's settings change in a training, and that a killed one goes on as if it had not been."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from ganaug.arms import Online, Strategy
from ganaug.classify import training
from ganaug.classify.networks import head, make
from ganaug.classify.training import Fit, Labelled, Recipe, TrainingSet, fit
from ganaug.config import Budget, Classifier
from ganaug.errors import UserError
from ganaug.seeds import torch_generator
from tests.unit.classify.conftest import COMPUTE, CPU
from tests.unit.kills import Killed, until

LENET = Classifier(network="lenet5", lr=1e-3, batch_size=8)
FAST = Classifier(network="fastcnn", lr=1e-3, batch_size=8)
AS_THEY_ARE, MIXED = Online(), Strategy()
BUDGET = Budget(steps=20, epochs=None, eval_every=5, select="best")


@pytest.fixture
def mixed(train: TrainingSet) -> TrainingSet:
    """Of 24 images every third is a GAN's."""
    return replace(train, generated=torch.arange(24) % 3 == 0)


def run(
    train: TrainingSet,
    validation: Labelled | None,
    classifier: Classifier = LENET,
    *,
    budget: Budget = BUDGET,
    online: Online = AS_THEY_ARE,
    strategy: Strategy = MIXED,
    resume: Path | None = None,
    kill_at: int | None = None,
) -> tuple[Fit, nn.Module]:
    network = make(classifier, size=16, channels=1, classes=2, generator=torch_generator(0))
    result = fit(
        network,
        train,
        validation,
        recipe=Recipe(classifier, budget, online, strategy),
        order_seed=5,
        seed=7,
        compute=COMPUTE,
        device=CPU,
        resume=resume,
        progress=until(kill_at),
    )
    return result, network


def same(one: Fit, other: Fit) -> bool:
    return all(torch.equal(one.weights[name], other.weights[name]) for name in one.weights)


@pytest.mark.parametrize(
    ("classifier", "online", "strategy"),
    [
        (LENET, Online(), Strategy()),
        (replace(LENET, optimiser="sgd", weight_decay=1e-3, schedule="cosine", warmup=0.2), Online(), Strategy()),
        (replace(FAST, ema=0.9, label_smoothing=0.1), Online(policy="flip_crop"), Strategy(auxiliary_norm=True)),
        (LENET, Online(policy="trivialaugment", mixup=1.0, cutmix=1.0), Strategy()),
        (LENET, Online(), Strategy(adversarial=0.5, weight=0.3)),
        (LENET, Online(), Strategy(pretrain=0.5)),
        (LENET, Online(policy="alternating_flip_crop"), Strategy()),
        (replace(LENET, network="mobilenet_v3_small"), Online(policy="classic"), Strategy()),
    ],
    ids=["plain", "sgd", "ema-auxnorm", "mixing", "adversarial", "pretrain", "alternating", "dropout"],
)
def test_a_killed_training_goes_on_bit_for_bit(
    mixed: TrainingSet,
    validation: Labelled,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    classifier: Classifier,
    online: Online,
    strategy: Strategy,
) -> None:
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
    whole, _ = run(mixed, validation, classifier, online=online, strategy=strategy)
    resume = tmp_path / "resume.safetensors"
    for kill_at in (7, 13):
        with pytest.raises(Killed):
            run(mixed, validation, classifier, online=online, strategy=strategy, resume=resume, kill_at=kill_at)
    gone_on, _ = run(mixed, validation, classifier, online=online, strategy=strategy, resume=resume)
    assert same(whole, gone_on)
    assert whole.selected_step == gone_on.selected_step
    kept = [{key: value for key, value in row.items() if key != "seconds"} for row in whole.history]
    assert kept == [{key: value for key, value in row.items() if key != "seconds"} for row in gone_on.history]


def test_a_training_leaves_the_global_generator_alone(mixed: TrainingSet, validation: Labelled) -> None:
    before = torch.get_rng_state()
    run(mixed, validation, replace(LENET, network="mobilenet_v3_small"), online=Online(policy="augmix", mixup=1.0))
    assert torch.equal(before, torch.get_rng_state())


def test_weight_1_changes_nothing_and_a_small_weight_does(mixed: TrainingSet, validation: Labelled) -> None:
    plain, ones, less = (
        run(mixed, validation, strategy=strategy)[0] for strategy in (MIXED, Strategy(weight=1.0), Strategy(weight=0.1))
    )
    assert same(plain, ones)
    assert not same(plain, less)


def test_images_of_weight_almost_0_teach_nothing(mixed: TrainingSet, validation: Labelled) -> None:
    """GAN images with wrong labels: with full weight they are learnt, with hardly any they are not."""
    wrong = replace(mixed, labels=torch.where(mixed.generated, 1 - mixed.labels, mixed.labels))
    budget = replace(BUDGET, steps=150, eval_every=150)
    fits = [run(wrong, wrong, strategy=Strategy(weight=weight), budget=budget)[1] for weight in (1.0, 1e-4)]
    guessed = [
        training.probabilities(network, wrong.images, compute=COMPUTE, device=CPU).argmax(axis=1) for network in fits
    ]
    own = [(guess == wrong.labels.numpy())[wrong.generated.numpy()].mean() for guess in guessed]
    assert own[0] > 0.9
    assert own[1] < 0.5


def test_the_combined_loss_moves_the_body_and_is_not_kept(mixed: TrainingSet, validation: Labelled) -> None:
    plain, combined = (
        run(mixed, validation, strategy=strategy)[0] for strategy in (Strategy(), Strategy(adversarial=1.0))
    )
    assert plain.weights.keys() == combined.weights.keys()
    assert not torch.equal(plain.weights["body.0.weight"], combined.weights["body.0.weight"])


def test_an_auxiliary_norm_learns_from_real_images_alone_what_is_kept(mixed: TrainingSet, validation: Labelled) -> None:
    budget = replace(BUDGET, steps=1, eval_every=1, select="last")
    result, _ = run(mixed, validation, FAST, budget=budget, strategy=Strategy(auxiliary_norm=True))
    plain, _ = run(mixed, validation, FAST, budget=budget)
    assert result.weights.keys() == plain.weights.keys()
    means = [name for name in result.weights if name.endswith("running_mean")]
    assert means
    assert not any(torch.equal(result.weights[name], plain.weights[name]) for name in means)


def test_a_frozen_body_stands_still_until_its_share_of_the_steps(train: TrainingSet, validation: Labelled) -> None:
    begun = make(FAST, size=16, channels=1, classes=2, generator=torch_generator(0)).state_dict()
    frozen, half = (
        run(
            train,
            validation,
            replace(FAST, weights="imagenet", frozen=share),
            budget=replace(BUDGET, select="last"),
        )[0]
        for share in (1.0, 0.5)
    )
    changed = {name for name, weight in frozen.weights.items() if not torch.equal(weight, begun[name])}
    network = make(FAST, size=16, channels=1, classes=2, generator=None)
    [last] = [name for name, layer in network.named_modules() if layer is head(network)]
    assert {name.rpartition(".")[0] for name in changed} == {last}
    assert {name for name, weight in half.weights.items() if not torch.equal(weight, begun[name])} > changed


def test_patience_ends_a_training_that_gets_no_better(train: TrainingSet, validation: Labelled) -> None:
    # With a rate of almost 0 no evaluation beats the first: two more are waited for.
    result, _ = run(train, validation, replace(LENET, lr=1e-12, patience=2), budget=replace(BUDGET, steps=100))
    assert [row["step"] for row in result.history] == [5, 10, 15]
    assert result.selected_step == 5


@pytest.mark.parametrize(
    ("frozen", "strategy", "end"),
    [(0.0, Strategy(pretrain=0.5), 55), (0.5, Strategy(), 55), (1.0, Strategy(), 15)],
    ids=["pretrain", "half-frozen", "frozen"],
)
def test_patience_waits_for_the_last_stage(
    mixed: TrainingSet, validation: Labelled, frozen: float, strategy: Strategy, end: int
) -> None:
    # With a rate of almost 0 no evaluation beats the first, at step 5; the last of two stages begins at step 50.
    classifier = replace(LENET, lr=1e-12, patience=2, weights="imagenet", frozen=frozen)
    result, _ = run(mixed, validation, classifier, strategy=strategy, budget=replace(BUDGET, steps=100))
    assert result.history[-1]["step"] == end


def test_an_average_of_decay_almost_1_stays_near_the_start(train: TrainingSet, validation: Labelled) -> None:
    begun = make(LENET, size=16, channels=1, classes=2, generator=torch_generator(0)).state_dict()
    budget = replace(BUDGET, steps=1, eval_every=1, select="last")
    plain, averaged = (run(train, validation, replace(LENET, ema=ema), budget=budget)[0] for ema in (None, 0.999))
    # The average warms up: of its first step it takes 1 - 1/10.
    for name, weight in begun.items():
        expected = weight + 0.9 * (plain.weights[name] - weight)
        assert torch.allclose(averaged.weights[name], expected, atol=1e-7)


def test_label_smoothing_changes_what_is_learnt(train: TrainingSet, validation: Labelled) -> None:
    assert not same(run(train, validation)[0], run(train, validation, replace(LENET, label_smoothing=0.2))[0])


def test_online_augmentation_never_touches_what_is_evaluated(
    train: TrainingSet, validation: Labelled, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    changed = training.augment

    def watched(images: torch.Tensor, *args: Any, **settings: Any) -> torch.Tensor:
        seen.append(len(images))
        return changed(images, *args, **settings)

    monkeypatch.setattr(training, "augment", watched)
    run(train, validation, online=Online(policy="trivialaugment"))
    # Twenty batches of eight, and none of the evaluations' 24 and 20 images.
    assert seen == [8] * 20


def test_images_are_mirrored_every_other_time(
    train: TrainingSet, validation: Labelled, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[torch.Tensor] = []
    changed = training.augment

    def watched(images: torch.Tensor, *args: Any, mirrored: torch.Tensor, **settings: Any) -> torch.Tensor:
        seen.append(mirrored)
        return changed(images, *args, mirrored=mirrored, **settings)

    monkeypatch.setattr(training, "augment", watched)
    # All 24 images in each of four steps: as many are mirrored now as were not before.
    run(train, validation, replace(LENET, batch_size=24), online=Online(policy="alternating_flip_crop"))
    counts = [int(mirrored.sum()) for mirrored in seen]
    assert counts == [counts[0], 24 - counts[0]] * 10
    assert 0 < counts[0] < 24


@pytest.mark.slow
def test_a_compiled_network_learns_the_same(train: TrainingSet, validation: Labelled) -> None:
    """To within rounding, which compilation changes; without a C++ compiler torch cannot compile for the CPU."""
    if shutil.which("g++") is None:
        pytest.skip("no C++ compiler here")
    budget = replace(BUDGET, steps=3, eval_every=3)
    plain, compiled = (run(train, validation, replace(LENET, compile=c), budget=budget)[0] for c in (False, True))
    for name, weight in plain.weights.items():
        assert torch.allclose(weight, compiled.weights[name], atol=1e-5), name


def test_a_network_without_normalisation_has_none_to_split(mixed: TrainingSet, validation: Labelled) -> None:
    with pytest.raises(UserError, match="lenet5 has no batch normalisation"):
        run(mixed, validation, strategy=Strategy(auxiliary_norm=True))
