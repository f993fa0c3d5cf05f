from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ganaug.batches import Batches
from ganaug.config import Gan
from ganaug.gan import training
from ganaug.gan.training import Trained, train
from ganaug.io import load_tensors, save_tensors
from tests.unit.gan.conftest import COMPUTE, CPU


def test_snapshots_of_the_identity_can_share_a_file(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path
) -> None:
    trained = run(images, settings("identity", epochs=2, snapshots=[1]), tmp_path / "c")
    weights = {f"{snap}/images": tensors["images"] for snap, tensors in trained.snapshots.items()}
    save_tensors(tmp_path / "both.safetensors", weights, {})
    kept, _ = load_tensors(tmp_path / "both.safetensors")
    assert sorted(kept) == ["e1/images", "last/images"]
    assert torch.equal(kept["e1/images"], images.pixels(torch.arange(12)))


class Killed(BaseException):
    """Stands for a kill between two steps."""


def run(
    images: Batches,
    gan: Gan,
    resume: Path,
    *,
    kill_at: int | None = None,
    seed: int = 1,
    labels: torch.Tensor | None = None,
) -> Trained:
    done = 0

    def progress(steps: int) -> None:
        nonlocal done
        done += steps
        if done == kill_at:
            raise Killed

    return train(
        images,
        labels,
        gan,
        classes=0 if labels is None else 3,
        seed=seed,
        compute=COMPUTE,
        device=CPU,
        resume=resume,
        progress=progress,
    )


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
    batches = training._batches(1, epoch=0, count=65, number=2)
    assert [len(batch) for batch in batches] == [33, 32]
    assert sorted(torch.cat(batches).tolist()) == list(range(65))


def test_weights_that_are_not_finite_are_a_divergence_whatever_the_losses(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "update", lambda *args, **settings: torch.zeros(7))
    trained = run(images, settings(architecture={"init_std": float("inf"})), tmp_path / "c")
    assert trained.reason == "diverged at step 3: the generator's weights are not finite"
    assert trained.snapshots == {}
