"""GANs that train as one batched model learn what each of them learns alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ganaug.batches import Batches
from ganaug.config import Compute, Gan
from ganaug.gan import stage, training
from ganaug.gan.networks.family import Shape
from ganaug.gan.stack import can_train_together
from ganaug.gan.stage import Unit
from ganaug.gan.state import LOGGED
from ganaug.gan.training import Trained, train
from tests.unit.gan.conftest import COMPUTE, CPU
from tests.unit.kills import Killed, until

SEEDS = [11, 12, 13]


def together(
    images: Batches, gan: Gan, resume: Path, *, kill_at: int | None = None, compute: Compute = COMPUTE
) -> list[Trained]:
    """Three GANs, each on four of the twelve images."""
    return train(
        images,
        None,
        gan,
        classes=0,
        seeds=SEEDS,
        compute=compute,
        device=CPU,
        resume=resume,
        progress=until(kill_at),
    )


def alone(folder: Path, gan: Gan, k: int, *, compute: Compute = COMPUTE) -> Trained:
    """The one of them that is number ``k``."""
    [trained] = train(
        Batches([(str(folder / "images.npy"), row) for row in range(4 * k, 4 * k + 4)], CPU),
        None,
        gan,
        classes=0,
        seeds=[SEEDS[k]],
        compute=compute,
        device=CPU,
        resume=folder / f"alone-{k}",
        progress=lambda _: None,
    )
    return trained


@pytest.mark.parametrize(
    "changes",
    [
        {"diffaugment": True},
        {"loss": "wasserstein", "clip": 0.05, "n_critic": 2, "ema": None, "diffaugment": False},
        {"loss": "relativistic", "diffaugment": True, "batch_size": 2},
    ],
)
def test_each_learns_what_it_learns_alone(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path, changes: dict[str, Any]
) -> None:
    gan = settings(snapshots=[1], **changes)
    for k, made in enumerate(together(images, gan, tmp_path / "together")):
        own = alone(tmp_path, gan, k)
        assert made.reason is own.reason is None
        for row, expected in zip(made.history, own.history, strict=True):
            for name in ("epoch", "step", *LOGGED, "diversity", "recall"):
                # A generator that had no turn yet has no loss.
                assert row[name] == (expected[name] and pytest.approx(expected[name], rel=1e-2)), name
        assert list(made.snapshots) == ["e1", "last"]
        for snap, weights in own.snapshots.items():
            assert made.snapshots[snap].keys() == weights.keys()
            for name, weight in weights.items():
                # Adam moves a weight by about 2e-4 a step, in a direction that rounding decides where slopes are small.
                assert (made.snapshots[snap][name].float() - weight.float()).abs().mean() < 2e-5, (snap, name)
        assert len(made.film) == len(own.film)
        for shown, expected in zip(made.film, own.film, strict=True):
            assert (shown.float() - expected.float()).abs().max() <= 1


@pytest.mark.parametrize("changes", [{"diffaugment": True}, {"loss": "relativistic", "diffaugment": True}])
def test_in_bf16_too_each_learns_what_it_learns_alone(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path, changes: dict[str, Any]
) -> None:
    gan = settings(**changes)
    compute = replace(COMPUTE, precision="bf16")

    def losses(made: Trained) -> list[float]:
        return [row[name] for row in made.history for name in ("d_loss", "g_loss")]

    coarse = together(images, gan, tmp_path / "bf16", compute=compute)
    for k, made in enumerate(coarse):
        # bf16 has 8 binary digits.
        assert losses(made) == pytest.approx(losses(alone(tmp_path, gan, k, compute=compute)), rel=2**-8)
    fine = together(images, gan, tmp_path / "fp32")
    assert all(losses(made) != losses(precise) for made, precise in zip(coarse, fine, strict=True))


def test_killed_and_resumed_equals_uninterrupted(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gan = settings(snapshots=[1], diffaugment=True, batch_size=2)
    whole = together(images, gan, tmp_path / "whole")
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -1.0)
    with pytest.raises(Killed):
        together(images, gan, tmp_path / "resume", kill_at=15)
    resumed = together(images, gan, tmp_path / "resume")
    for one, other in zip(whole, resumed, strict=True):
        assert all(
            torch.equal(weight, other.snapshots[snap][name])
            for snap, weights in one.snapshots.items()
            for name, weight in weights.items()
        )
        assert all(torch.equal(shown, again) for shown, again in zip(one.film, other.film, strict=True))
        assert [row["d_loss"] for row in one.history] == [row["d_loss"] for row in other.history]


def test_one_that_diverges_ends_and_the_others_go_on(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = training.update

    def watched(state: Any, *args: Any, **rest: Any) -> torch.Tensor:
        logged = own(state, *args, **rest)
        # Four images in a batch of five: an epoch is one step.
        if state.step == 2:
            logged[LOGGED.index("d_loss"), 1] = torch.inf
        return logged

    monkeypatch.setattr(training, "update", watched)
    made = together(images, settings(snapshots=[1, 2, 3]), tmp_path / "c")
    assert [one.reason is None for one in made] == [True, False, True]
    assert str(made[1].reason).startswith("diverged at step 3: d_loss inf")
    assert [len(one.history) for one in made] == [4, 3, 4]
    assert [len(one.film) for one in made] == [4, 3, 4]
    assert [list(one.snapshots) for one in made] == [
        ["e1", "e2", "e3", "last"],
        ["e1", "e2"],
        ["e1", "e2", "e3", "last"],
    ]


def test_classes_of_equally_many_images_train_together(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[list[int], int]] = []

    def watched(batches: Batches, *args: Any, seeds: list[int], **rest: Any) -> list[Trained]:
        seen.append((seeds, len(batches)))
        return train(batches, *args, seeds=seeds, **rest)

    monkeypatch.setattr(stage, "train", watched)
    rows = [(str(tmp_path / "images.npy"), k) for k in range(12)]
    parts = {"a": rows[:4], "b": rows[4:8], "c": rows[8:11]}
    units = [Unit(name, part, None, 0, seed) for (name, part), seed in zip(parts.items(), SEEDS, strict=True)]

    def run(gan: Gan) -> list[Trained]:
        return stage._train_units(
            units, gan, pretrain_seed=1, compute=COMPUTE, device=CPU, resume=tmp_path / "r", team=stage.SOLO
        )

    first = run(settings(epochs=1))
    assert seen == [([11, 12], 8), ([13], 3)]
    again = run(settings(epochs=1))
    assert len(seen) == 2
    for one, other in zip(first, again, strict=True):
        assert one.history == other.history
        assert all(torch.equal(weight, other.snapshots["last"][name]) for name, weight in one.snapshots["last"].items())
        assert all(torch.equal(weight, other.discriminator[name]) for name, weight in one.discriminator.items())


def test_a_group_is_of_ten_at_most(settings: Callable[..., Gan], images: Batches, tmp_path: Path) -> None:
    units = [Unit(str(k), [(str(tmp_path / "images.npy"), k)], None, 0, k) for k in range(12)]
    assert [len(group) for group in stage._groups(units, settings())] == [10, 2]


@pytest.mark.parametrize(
    ("preset", "changes", "size", "can"),
    [
        ("dcgan-32", {}, 16, True),
        ("dcgan-32", {}, 32, False),
        ("dcgan-32", {"r1": 1.0}, 16, False),
        ("dcgan-32", {"schedule": "adaptive"}, 16, False),
        ("dcgan-32", {"accumulate": 2}, 16, False),
        ("dcgan2", {}, 16, False),  # dropout
        ("progan-32", {}, 16, False),
        ("identity", {}, 16, False),
    ],
)
def test_only_what_may_be_one_model_and_is_faster_so_trains_together(
    settings: Callable[..., Gan], preset: str, changes: dict[str, Any], size: int, can: bool
) -> None:
    gan = settings(preset, **changes)
    assert can_train_together(gan, Shape(nz=gan.nz, size=size, channels=1, classes=0)) is can
