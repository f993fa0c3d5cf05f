import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from torch import Tensor, nn

from ganaug.batches import Batches
from ganaug.config import Gan
from ganaug.gan import penalties, training, updates
from ganaug.gan.networks.family import Networks
from ganaug.gan.networks.layers import Draws, Styled
from ganaug.gan.state import LOGGED, State, start
from ganaug.gan.training import Trained
from ganaug.gan.updates import Real, update
from ganaug.io import load_tensors, save_tensors
from ganaug.seeds import torch_generator
from tests.unit.gan.conftest import COMPUTE, CPU, run
from tests.unit.kills import Killed


def test_snapshots_of_the_identity_can_share_a_file(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path
) -> None:
    trained = run(images, settings("identity", epochs=2, snapshots=[1]), tmp_path / "c")
    weights = {f"{snap}/images": tensors["images"] for snap, tensors in trained.snapshots.items()}
    save_tensors(tmp_path / "both.safetensors", weights, {})
    kept, _ = load_tensors(tmp_path / "both.safetensors")
    assert sorted(kept) == ["e1/images", "last/images"]
    assert torch.equal(kept["e1/images"], images.pixels(torch.arange(12)))


def same(one: Trained, other: Trained) -> bool:
    def timeless(trained: Trained) -> list[dict[str, object]]:
        return [{key: value for key, value in row.items() if key != "images_per_second"} for row in trained.history]

    return timeless(one) == timeless(other) and all(
        torch.equal(tensor, other.snapshots[snap][name])
        for snap, weights in one.snapshots.items()
        for name, tensor in weights.items()
    )


def test_history_and_snapshots_are_what_was_asked_for(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path
) -> None:
    trained = run(images, settings(snapshots=[2]), tmp_path / "c")
    # 12 images in batches of 5 are 3 steps an epoch.
    assert [(row["epoch"], row["step"]) for row in trained.history] == [(1, 3), (2, 6), (3, 9), (4, 12)]
    assert list(trained.snapshots) == ["e2", "last"]
    assert trained.reason is None


def test_the_snapshot_of_an_epoch_is_the_end_of_a_shorter_training(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path
) -> None:
    long, short = run(images, settings(snapshots=[2]), tmp_path / "a"), run(images, settings(epochs=2), tmp_path / "b")
    assert all(torch.equal(tensor, short.snapshots["last"][name]) for name, tensor in long.snapshots["e2"].items())


def test_steps_are_counted_where_they_are_set(images: Batches, settings: Callable[..., Gan], tmp_path: Path) -> None:
    trained = run(images, settings(epochs=None, steps=7), tmp_path / "c")
    assert [row["step"] for row in trained.history] == [3, 6, 7]


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path
) -> None:
    first = run(images, settings(), tmp_path / "a")
    assert same(first, run(images, settings(), tmp_path / "b"))
    assert not same(first, run(images, settings(), tmp_path / "c", seed=2))


@pytest.mark.parametrize("kills", [[1], [6], [4, 9, 11]])
def test_killed_and_resumed_equals_uninterrupted(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: list[int]
) -> None:
    whole = run(images, settings(snapshots=[2]), tmp_path / "whole")
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -1.0)
    for step in kills:
        with pytest.raises(Killed):
            run(images, settings(snapshots=[2]), tmp_path / "resume", kill_at=step)
    resumed = run(images, settings(snapshots=[2]), tmp_path / "resume")
    assert same(whole, resumed)


def test_a_step_changes_both_networks_and_the_average_follows(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path
) -> None:
    averaged = run(images, settings(epochs=1, ema=0.5), tmp_path / "a").snapshots["last"]
    plain = run(images, settings(epochs=1, ema=None), tmp_path / "b").snapshots["last"]
    assert all(torch.equal(averaged[name], plain[name]) for name in plain if "running" in name)
    assert not any(torch.equal(averaged[name], plain[name]) for name in plain if name.endswith("1.weight"))


def test_divergence_stops_and_names_the_step(images: Batches, settings: Callable[..., Gan], tmp_path: Path) -> None:
    trained = run(images, settings(lr_g=1e30, lr_d=1e30, snapshots=[2]), tmp_path / "c")
    assert trained.reason is not None
    # The generator's first loss is of a discriminator that has made its first step, of size 1e30.
    assert trained.reason.startswith("diverged at step 1: d_loss 1.")
    assert trained.snapshots == {}


def test_the_row_of_a_divergence_has_blanks_for_what_is_not_finite(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged = torch.tensor([math.inf, math.nan, -math.inf, 0.5, 0.25, 3.0, math.inf])[:, None]
    monkeypatch.setattr(training, "update", lambda *args, **settings: logged)
    trained = run(images, settings(), tmp_path / "c")
    assert trained.reason == "diverged at step 1: d_loss inf, g_loss nan"
    [row] = trained.history
    assert [row[name] for name in LOGGED] == ["", "", "", 0.5, 0.25, 3.0, ""]


def test_diffaugment_auto_is_on_below_a_thousand_images(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path
) -> None:
    auto, on, off = (run(images, settings(diffaugment=value), tmp_path / str(value)) for value in ("auto", True, False))
    assert same(auto, on)
    assert not same(auto, off)


def test_the_discriminator_learns_to_tell_and_the_generator_to_follow(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path
) -> None:
    history = run(images, settings(epochs=40, diffaugment=False), tmp_path / "c").history
    assert history[-1]["d_real"] > history[-1]["d_fake"]
    assert 0 < history[-1]["d_fake"] < 1


def test_the_batches_of_an_epoch_differ_by_one_image_at_most_and_hold_each_once() -> None:
    batches = training._batches([1], epoch=0, count=65, number=2)
    assert [len(batch) for batch in batches] == [33, 32]
    assert sorted(torch.cat(batches).tolist()) == list(range(65))


def test_weights_that_are_not_finite_are_a_divergence_whatever_the_losses(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "update", lambda *args, **settings: torch.zeros(7, 1))
    trained = run(images, settings(architecture={"init_std": float("inf")}), tmp_path / "c")
    assert trained.reason == "diverged at step 3: the generator's weights are not finite"
    assert trained.snapshots == {}


def tiny(gan: Gan) -> State:
    """Networks of 4 x 4 images without batch normalisation, each image judged by itself, before their first step."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        generator = nn.Sequential(nn.Linear(gan.nz, 8), nn.Tanh(), nn.Linear(8, 16), nn.Unflatten(1, (1, 4, 4)))
        discriminator = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 1), nn.Flatten(0))
    return start(Networks(generator, discriminator), gan, seeds=[0], length=1, device=CPU)


def weights(network: nn.Module) -> list[Tensor]:
    return [weight.detach().clone() for weight in network.parameters()]


def gradients(network: nn.Module) -> Tensor:
    return torch.cat([weight.grad.flatten() for weight in network.parameters() if weight.grad is not None])


def test_the_average_of_networks_without_statistics_follows_their_weights(settings: Callable[..., Gan]) -> None:
    gan = settings(ema=0.9, diffaugment=False)
    state = tiny(gan)
    before = weights(state.generator)
    update(state, Real(torch.rand(5, 1, 4, 4, generator=torch_generator(1)), None), gan, augment=False, compute=COMPUTE)
    # In its first step the average keeps a tenth.
    assert state.ema is not None
    for old, new, averaged in zip(before, weights(state.generator), weights(state.ema), strict=True):
        assert not torch.equal(old, new)
        assert torch.allclose(averaged, 0.1 * old + 0.9 * new, atol=1e-7)


def test_the_generator_learns_at_every_nth_step_only(settings: Callable[..., Gan]) -> None:
    gan = settings(n_critic=3, ema=None, diffaugment=False)
    state = tiny(gan)
    real = Real(torch.rand(5, 1, 4, 4, generator=torch_generator(1)), None)
    turns = []
    for _ in range(7):
        before = weights(state.generator), weights(state.discriminator)
        logged = dict(zip(LOGGED, update(state, real, gan, augment=False, compute=COMPUTE)[:, 0].tolist(), strict=True))
        state.step += 1
        turn = not all(map(torch.equal, before[0], weights(state.generator)))
        assert not any(map(torch.equal, before[1], weights(state.discriminator)))
        assert math.isnan(logged["g_loss"]) == math.isnan(logged["g_gradient"]) == (not turn)
        assert math.isfinite(logged["d_loss"])
        turns.append(turn)
    assert turns == [False, False, True, False, False, True, False]


def test_g_loss_is_blank_where_the_generator_had_no_turn(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path
) -> None:
    # Three steps an epoch: the generator's turns are the steps 4, 8 and 12.
    trained = run(images, settings(n_critic=4), tmp_path / "c")
    assert trained.reason is None
    blank = [(row["g_loss"] == "", row["g_gradient"] == "") for row in trained.history]
    assert blank == [(True, True), (False, False), (False, False), (False, False)]
    assert all(row["d_loss"] != "" for row in trained.history)


@pytest.mark.parametrize("parts", [2, 5, 7])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"loss": "hinge", "r1": 10.0, "r2": 1.0, "orthogonal": 0.1},
        {"loss": "relativistic"},
        {"loss": "wasserstein", "clip": 0.01},
    ],
)
def test_a_batch_in_parts_is_the_whole_batch(
    settings: Callable[..., Gan], monkeypatch: pytest.MonkeyPatch, parts: int, options: dict[str, Any]
) -> None:
    # Parts of unlike sizes, as 5 in 2, count by their images. All latents are one, since parts draw others.
    monkeypatch.setattr(updates, "latents", lambda count, gan, *, noise, device: torch.ones(count, gan.nz))
    real = Real(torch.rand(5, 1, 4, 4, generator=torch_generator(1)), None)
    found = []
    for accumulate in (1, parts):
        gan = settings(accumulate=accumulate, ema=None, diffaugment=False, **options)
        state = tiny(gan)
        logged = update(state, real, gan, augment=False, compute=COMPUTE)
        found.append([logged, gradients(state.discriminator), gradients(state.generator)])
    for whole, split in zip(*found, strict=True):
        assert torch.allclose(whole, split, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("schedule", "factor"),
    [
        ("constant", lambda done: 1.0),
        ("cosine", lambda done: (1 + math.cos(math.pi * done)) / 2),
        ("exponential", lambda done: 0.01**done),
    ],
)
def test_both_learning_rates_follow_the_schedule(
    images: Batches,
    settings: Callable[..., Gan],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    schedule: str,
    factor: Callable[[float], float],
) -> None:
    rates = rates_of(monkeypatch)
    run(images, settings(schedule=schedule, lr_g=0.1, lr_d=0.4), tmp_path / "c")
    assert len(rates) == 12
    assert [g for g, _ in rates] == pytest.approx([0.1 * factor(step / 12) for step in range(12)])
    assert [d for _, d in rates] == pytest.approx([0.4 * factor(step / 12) for step in range(12)])


def rates_of(monkeypatch: pytest.MonkeyPatch, *, d_accuracy: float = 0.5) -> list[tuple[float, float]]:
    """The learning rates of every step that is trained from here on; nothing is learnt."""
    rates: list[tuple[float, float]] = []

    def watched(state: State, *args: object, **settings: object) -> Tensor:
        rates.append((state.adam_g.lr, state.adam_d.lr))
        return torch.tensor([[d_accuracy if name == "d_accuracy" else 0.0] for name in LOGGED])

    monkeypatch.setattr(training, "update", watched)
    return rates


def test_the_adaptive_schedule_slows_a_discriminator_that_always_wins(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = rates_of(monkeypatch, d_accuracy=1.0)
    gan = settings(schedule="adaptive", lr_g=0.1, lr_d=0.4)
    run(images, gan, tmp_path / "c")
    assert [g for g, _ in rates] == [0.1] * 12
    # Lower by a fifth after each epoch of three steps.
    assert [d for _, d in rates] == pytest.approx([0.4 * 0.8 ** (step // 3) for step in range(12)])
    # A resumed training goes on as slowly.
    whole = list(rates)
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -1.0)
    rates.clear()
    with pytest.raises(Killed):
        run(images, gan, tmp_path / "d", kill_at=8)
    run(images, gan, tmp_path / "d")
    assert rates == [*whole[:8], *whole[7:]]


@pytest.mark.parametrize(("epochs", "looks"), [(4, [1, 2, 3, 4]), (20, list(range(1, 21)))])
def test_a_short_training_is_looked_at_after_every_epoch(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path, epochs: int, looks: list[int]
) -> None:
    trained = run(images, settings(epochs=epochs), tmp_path / "c")
    assert [row["epoch"] for row in trained.history if row["diversity"] != ""] == looks
    assert len(trained.film) == len(looks)


def test_a_long_training_is_looked_at_twenty_times_and_at_its_end(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates_of(monkeypatch)
    trained = run(images, settings(epochs=47), tmp_path / "c")
    looked = [row["epoch"] for row in trained.history if row["diversity"] != ""]
    assert len(looked) == len(trained.film) == 20
    assert looked[-1] == 47
    assert {after - before for before, after in pairwise(looked)} == {2, 3}
    assert [row["epoch"] for row in trained.history if row["recall"] != ""] == looked
    assert all(0 <= row["recall"] <= 1 and row["diversity"] >= 0 for row in trained.history if row["recall"] != "")
    assert all(picture.shape == (10, 16, 16, 1) and picture.dtype == torch.uint8 for picture in trained.film)
    # The latents are the same each time, and nothing was learnt.
    assert all(torch.equal(picture, trained.film[0]) for picture in trained.film)


class Noisy(Draws):
    """A generator that draws when it is sampled too."""

    def __init__(self, nz: int) -> None:
        super().__init__()
        self.out = nn.Linear(nz, 256)

    def forward(self, latents: Tensor) -> Tensor:
        noise = self.normal(len(latents), 256, like=latents)
        return (self.out(latents) + noise).tanh().view(-1, 1, 16, 16)


def noisy(gan: Gan, *args: object, **settings: object) -> Networks:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        judge = nn.Sequential(nn.Flatten(), nn.Linear(256, 1), nn.Flatten(0))
        return Networks(Noisy(gan.nz), judge)


@pytest.mark.parametrize("ema", [0.9, None])
def test_looking_does_not_change_what_is_trained(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ema: float | None
) -> None:
    monkeypatch.setattr(training, "build", noisy)
    gan = settings(ema=ema, diffaugment=False)
    often = run(images, gan, tmp_path / "a")
    monkeypatch.setattr(training, "LOOKS", 1)
    once = run(images, gan, tmp_path / "b")
    assert (len(often.film), len(once.film)) == (4, 1)
    assert all(torch.equal(one, once.snapshots["last"][name]) for name, one in often.snapshots["last"].items())
    assert torch.equal(often.film[-1], once.film[-1])


class Counted(nn.Linear):
    """Logits of 4 x 4 images, and how often it was called."""

    calls = 0

    def forward(self, images: Tensor) -> Tensor:
        self.calls += 1
        return super().forward(images.flatten(1)).flatten()


@pytest.mark.parametrize(
    ("changes", "precision", "slope", "calls"),
    [
        # Through an augmentation that triples images the logits rise three times as fast. Two calls for the
        # discriminator's losses and one for the generator's serve the penalties too.
        ({"diffaugment": True}, "fp32", 3.0, 3),
        ({"diffaugment": True}, "bf16", 3.0, 5),
        ({"diffaugment": False}, "fp32", 1.0, 3),
        ({"diffaugment": False, "ada": 0.6}, "fp32", 1.0, 3),
    ],
)
def test_r1_and_r2_are_of_the_images_before_they_are_augmented(
    settings: Callable[..., Gan],
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    precision: Literal["fp32", "bf16"],
    slope: float,
    calls: int,
) -> None:
    monkeypatch.setattr(updates, "diffaugment", lambda images, **rest: 3 * images)
    monkeypatch.setattr(updates, "adaptive", lambda images, p, **rest: 3 * images)
    real = Real(torch.rand(5, 1, 4, 4, generator=torch_generator(1)), None)
    losses = []
    for penalty in ({}, {"r1": 2.0, "r2": 0.5}):
        gan = settings(ema=None, **changes, **penalty)
        judge = Counted(16, 1)
        with torch.no_grad():
            judge.weight.fill_(0.25)
            judge.bias.zero_()
        generator = nn.Sequential(nn.Linear(gan.nz, 16), nn.Unflatten(1, (1, 4, 4)))
        with torch.no_grad():
            generator[0].weight.fill_(0.1)
            generator[0].bias.zero_()
        state = start(Networks(generator, judge), gan, seeds=[0], length=1, device=CPU)
        compute = replace(COMPUTE, precision=precision)
        logged = update(state, real, gan, augment=bool(gan.diffaugment), compute=compute)
        losses.append(logged[0].item())
    assert judge.calls == calls
    # 16 weights of 1/4 have the length 1: halves of its square, or of that of 3, weighed 2 and 0.5.
    assert losses[1] - losses[0] == pytest.approx((2.0 + 0.5) * slope**2 / 2, rel=1e-5)


class Painter(nn.Module):
    """A generator whose images are black, grey or white by their class, and which keeps what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.shade = nn.Parameter(torch.zeros(()))
        self.asked: list[int] = []

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        if not self.training:
            self.asked = labels.tolist()
        return (labels - 1.0 + 0 * self.shade)[:, None, None, None].expand(-1, 1, 16, 16)


class Indifferent(nn.Module):
    """A discriminator with one logit for all."""

    def __init__(self) -> None:
        super().__init__()
        self.logit = nn.Parameter(torch.zeros(()))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return self.logit + 0 * images.mean(dim=(1, 2, 3))


@pytest.mark.usefixtures("images")
def test_a_look_is_at_all_classes_though_images_lie_class_by_class(
    settings: Callable[..., Gan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter = Painter()
    monkeypatch.setattr(training, "build", lambda *args, **settings: Networks(painter, Indifferent()))
    images = Batches([(str(tmp_path / "images.npy"), k // 8) for k in range(96)], CPU)
    gan = settings(mode="conditional", epochs=1, ema=None, diffaugment=False)
    [picture] = run(images, gan, tmp_path / "c", labels=torch.arange(96) // 32).film
    # 64 of 96 images: two thirds of the 32 of each class.
    assert [painter.asked.count(label) for label in range(3)] == [22, 21, 21]
    # Ten of those: at 0, 6, 12, 19, 25, 32, 38, 44, 51 and 57 of 64.
    assert picture[:, 0, 0, 0].tolist() == [0] * 4 + [128] * 3 + [255] * 3


class Style(Styled):
    """The smallest generator that has styles."""

    def __init__(self, nz: int) -> None:
        super().__init__()
        self.mapping, self.synthesis = nn.Linear(nz, 4), nn.Linear(4, 16)

    def styled(self, latents: Tensor, labels: Tensor | None) -> tuple[Tensor, Tensor]:
        styles = self.mapping(latents)[:, None]
        return self.synthesis(styles).view(-1, 1, 4, 4), styles

    def forward(self, latents: Tensor) -> Tensor:
        return self.styled(latents, None)[0]


@pytest.mark.parametrize("n_critic", [1, 2, 4])
def test_path_lengths_are_taken_at_every_fourth_turn_of_the_generator(
    settings: Callable[..., Gan], monkeypatch: pytest.MonkeyPatch, n_critic: int
) -> None:
    gan = settings(path_length=2.0, n_critic=n_critic, ema=None, diffaugment=False)
    taken: list[int] = []

    def watched(images: Tensor, *args: Any, **settings: Any) -> tuple[Tensor, Tensor]:
        taken.append(len(images))
        return original(images, *args, **settings)

    original = penalties.path_length
    monkeypatch.setattr(penalties, "path_length", watched)
    judge = nn.Sequential(nn.Flatten(), nn.Linear(16, 1), nn.Flatten(0))
    state = start(Networks(Style(gan.nz), judge), gan, seeds=[0], length=1, device=CPU)
    real = Real(torch.rand(6, 1, 4, 4, generator=torch_generator(1)), None)
    at = []
    for step in range(8 * n_critic):
        before = len(taken)
        update(state, real, gan, augment=False, compute=COMPUTE)
        state.step += 1
        if len(taken) > before:
            at.append((step + 1) // n_critic)
    # The turns are counted from 1; each on half of the batch.
    assert at == [1, 5]
    assert taken == [3, 3]
    assert state.path_mean > 0
