"""What is measured before a training: whole periods of steps, by a clock that the steps themselves move."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ganaug.batches import Batches
from ganaug.config import Gan
from ganaug.gan import pace
from ganaug.gan.networks.progan import Phased
from ganaug.gan.penalties import PATH_EVERY
from ganaug.gan.state import LOGGED, State
from ganaug.gan.updates import update
from tests.unit.gan.conftest import COMPUTE


class Clock:
    """Stands for the module ``time``, and for `update`: a step takes as long as ``cost`` says of its number, from 0."""

    def __init__(self, cost: Callable[[int], float]) -> None:
        self.cost, self.now, self.steps = cost, 0.0, 0

    def monotonic(self) -> float:
        return self.now

    def update(self, state: State, *args: Any, **settings: Any) -> torch.Tensor:
        self.now += self.cost(state.step)
        self.steps += 1
        return torch.zeros(len(LOGGED))


def measured(
    monkeypatch: pytest.MonkeyPatch, folder: Path, gan: Gan, cost: Callable[[int], float], *, classes: int = 1
) -> tuple[float, int]:
    """Seconds of a step of one GAN, and how many steps were made."""
    clock = Clock(cost)
    monkeypatch.setattr(pace, "time", clock)
    monkeypatch.setattr(pace, "update", clock.update)
    seconds, _ = pace.pace(gan, [(str(folder / "images.npy"), 0)], classes=classes, compute=COMPUTE)
    return seconds, clock.steps


CASES: list[tuple[dict[str, Any], Callable[[int], float], int]] = [
    # A step takes 1, and 100 more for each of the first three, and one that something else on the machine disturbs.
    ({}, lambda step: 1 + 100 * (step < 3) + 100 * (step == 7), 3 + 8),
    # A turn of the generator takes 5 more at every fifth step.
    ({"n_critic": 5}, lambda step: 1 + 5 * (step % 5 == 4), 5 + 10),
    # R1 takes 16 more at every sixteenth.
    ({"r1": 1.0, "penalty_every": 16}, lambda step: 1 + 16 * (step % 16 == 0), 16 + 16),
    # Path lengths at every fourth turn, which is at every third step.
    ({"n_critic": 3, "path_length": 2.0}, lambda step: 1 + 12 * ((step + 1) % (3 * PATH_EVERY) == 3), 12 + 12),
]


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize(("changes", "cost", "steps"), CASES)
def test_a_step_takes_what_whole_periods_take_on_average(
    settings: Callable[..., Gan],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    cost: Callable[[int], float],
    steps: int,
) -> None:
    preset = "stylegan2-32" if "path_length" in changes else "dcgan-32"
    gan = settings(preset, **{"penalty_every": 1, **changes})
    expected = 1.0 if not changes else 2.0
    assert measured(monkeypatch, tmp_path, gan, cost) == (expected, steps)


@pytest.mark.usefixtures("images")
def test_classes_that_train_together_share_a_step(
    settings: Callable[..., Gan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert measured(monkeypatch, tmp_path, settings(), lambda step: 8.0, classes=4) == (2.0, 3 + 8)


@pytest.mark.parametrize(
    ("preset", "changes", "steps"),
    [
        ("dcgan-32", {}, 1),
        ("stylegan2-32", {}, 16),
        ("wgan-gp", {}, 5),
        ("dcgan-32", {"n_critic": 7, "r1": 1.0}, 7),
        # It is 80, and no more than `LONGEST` are measured.
        ("dcgan-32", {"n_critic": 5, "r1": 1.0, "penalty_every": 16}, 32),
    ],
)
def test_a_period_is_that_of_all_that_is_not_done_in_every_step(
    settings: Callable[..., Gan], preset: str, changes: dict[str, Any], steps: int
) -> None:
    assert pace.period(settings(preset, **changes)) == steps


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize("mode", ["per_class", "conditional"])
def test_a_network_that_grows_is_measured_at_its_whole_size(
    settings: Callable[..., Gan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    shares: list[float] = []

    def watched(state: State, *args: Any, **settings: Any) -> torch.Tensor:
        shares.extend(network.share for network in state.listed.growing if isinstance(network, Phased))
        return update(state, *args, **settings)

    monkeypatch.setattr(pace, "update", watched)
    gan = settings("progan-32", architecture={"widest": 4, "base": 32}, nz=4, batch_size=2, mode=mode)
    seconds, size = pace.pace(gan, [(str(tmp_path / "images.npy"), 0)], classes=3, compute=COMPUTE)
    assert seconds > 0
    assert size > 0
    # Both networks and the average, in every step.
    assert shares == [1.0] * 3 * (pace.WARM_UP + pace.MEASURED)


def test_the_identity_takes_no_time(images: Batches, settings: Callable[..., Gan], tmp_path: Path) -> None:
    assert len(images) == 12
    rows = [(str(tmp_path / "images.npy"), k) for k in range(12)]
    assert pace.pace(settings("identity"), rows, classes=1, compute=COMPUTE) == (0.0, 0)
