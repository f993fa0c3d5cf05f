"""Two gloo processes on the CPU train what one does."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ganaug.batches import Batches
from ganaug.config import Gan, build
from ganaug.errors import UserError
from ganaug.gan.ada import adaptive
from ganaug.gan.augmentation import cutmix, diffaugment
from ganaug.gan.networks.stylegan2_layers import MinibatchDeviation
from ganaug.gan.noise import Noise
from ganaug.gan.parallel import SOLO, Rows, Team
from ganaug.gan.state import LOGGED
from ganaug.gan.training import Trained, train
from ganaug.seeds import torch_generator
from tests.unit.gan.conftest import COMPUTE, CPU
from tests.unit.gan.test_families import SMALL, images_of

IMAGES, CLASSES = 11, 3
# An epoch is one step of 6 images in one process and 5 in the other, so that its row has the losses of a step; with
# parts these are 3 and 3, and 3 and 2. All networks judge each image by itself, once `blind` has seen to it.
TRAINING: dict[str, Any] = {"nz": 6, "batch_size": 12, "epochs": 7, "ema": 0.9}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "R3GAN": ("r3gan-32", {"diffaugment": False}),
    "R3GAN with DiffAugment": ("r3gan-32", {"diffaugment": True}),
    "batches of 4, 4 and 3": ("r3gan-32", {"batch_size": 4, "epochs": 2, "diffaugment": False}),
    "labels, parts, ADA, orthogonal": (
        "r3gan-32",
        {"mode": "conditional", "accumulate": 2, "diffaugment": False, "ada": 0.6, "orthogonal": 0.1},
    ),
    "WGAN-GP, CutMix, n_critic": (
        "r3gan-32",
        {"loss": "wasserstein", "r1": None, "r2": None, "gradient_penalty": 10.0, "cutmix": 0.5, "n_critic": 2}
        | {"diffaugment": False},
    ),
    "dropout": ("dcgan1", {}),
    "path length, noise in layers": ("stylegan2-32", {"penalty_every": 2}),
}


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("whole", [5, 6, 17])
def test_the_parts_of_a_team_are_those_of_tensor_split(size: int, whole: int) -> None:
    batch = torch.arange(whole)
    parts = [Team(rank, size).rows(whole).own(batch) for rank in range(size)]
    assert all(torch.equal(part, other) for part, other in zip(parts, batch.tensor_split(size), strict=True))
    assert all(Team(rank, size).rows(whole).whole(len(part)) == whole for rank, part in enumerate(parts))


@pytest.mark.parametrize(
    "augment",
    [
        lambda images, rng, rows: diffaugment(images, noise=Noise((rng,)), rows=rows),
        lambda images, rng, rows: adaptive(images, torch.tensor(0.7), rng=rng, rows=rows),
        lambda images, rng, rows: cutmix(images, -images, rng=rng, rows=rows)[0],
    ],
)
def test_an_image_is_augmented_alike_in_any_part(augment: Callable[[Tensor, torch.Generator, Rows], Tensor]) -> None:
    images = torch.rand(5, 3, 16, 16, generator=torch_generator(0))
    whole = augment(images, torch_generator(1), SOLO.rows(5))
    parts = [Team(rank, 2).rows(5) for rank in range(2)]
    apart = torch.cat([augment(rows.own(images), torch_generator(1), rows) for rows in parts])
    assert torch.allclose(apart, whole, atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "size", "told"),
    [
        ({"batch_size": 4}, 3, "batch_size 4 does not divide into equal parts for compute.processes 3"),
        ({"batch_size": 8}, 8, "11 images in batches of 8, each in 1 parts, are too few for compute.processes 8"),
        ({"batch_size": 4, "accumulate": 2}, 2, "each in 2 parts, are too few for compute.processes 2"),
    ],
)
def test_batches_that_do_not_do_for_a_team_are_refused(
    settings: Callable[..., Gan], tmp_path: Path, changes: dict[str, int], size: int, told: str
) -> None:
    gan = settings("r3gan-32", architecture=SMALL["r3gan"], **changes)
    with pytest.raises(UserError, match=told):
        trained(gan, images_of(tmp_path, 16, count=IMAGES), tmp_path / "c", team=Team(0, size))


def trained(gan: Gan, images: Batches, resume: Path, *, team: Team) -> Trained:
    told = gan.mode == "conditional"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MinibatchDeviation, "forward", blind)
        [trained] = train(
            images,
            torch.arange(IMAGES) % CLASSES if told else None,
            gan,
            classes=CLASSES if told else 0,
            seeds=[1],
            compute=COMPUTE,
            device=CPU,
            resume=resume,
            progress=lambda _: None,
            team=team,
        )
        return trained


def blind(layer: MinibatchDeviation, features: Tensor) -> Tensor:
    """In place of the deviation in a batch, which differs in a part of it."""
    return torch.cat([features, torch.ones_like(features[:, :1])], dim=1)


def outcome(result: Trained) -> dict[str, Any]:
    """What must agree: logged values of every epoch, and the sum of the sizes of each of the weights.

    The mean style, for truncation, is not trained; it is of the rows of the process that writes.
    """
    generator = [weight for name, weight in result.snapshots["last"].items() if name != "w_mean"]
    weights = [*generator, *result.discriminator.values()]
    history = [[row[name] or 0.0 for name in ("step", *LOGGED, "diversity")] for row in result.history]
    return {"history": history, "weights": [float(weight.abs().sum()) for weight in weights]}


def member(rank: int, port: int, folder: str, gans: dict[str, dict[str, Any]]) -> None:
    """One of two processes: trains every GAN, and writes down what became of each."""
    torch.set_num_threads(1)
    address = f"tcp://127.0.0.1:{port}"
    torch.distributed.init_process_group("gloo", init_method=address, rank=rank, world_size=2)
    place = Path(folder, str(rank))
    place.mkdir()
    images = images_of(place, 32, count=IMAGES)
    found = {
        name: outcome(trained(build(Gan, gan, "gans"), images, place / name, team=Team(rank, 2)))
        for name, gan in gans.items()
    }
    (place / "found.json").write_text(json.dumps(found))
    torch.distributed.destroy_process_group()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_two_processes_train_what_one_does(settings: Callable[..., Gan], tmp_path: Path) -> None:
    gans = {
        name: settings(preset, architecture=SMALL[settings(preset).network], **TRAINING | changes)
        for name, (preset, changes) in CASES.items()
    }
    given = (free_port(), str(tmp_path), {name: asdict(gan) for name, gan in gans.items()})
    torch.multiprocessing.spawn(member, given, nprocs=2)
    first, second = (json.loads((tmp_path / f"{rank}/found.json").read_text()) for rank in range(2))
    assert first == second
    images = images_of(tmp_path, 32, count=IMAGES)
    for name, gan in gans.items():
        alone = outcome(trained(gan, images, tmp_path / name, team=SOLO))
        for key in ("history", "weights"):
            assert flat(first[name][key]) == pytest.approx(flat(alone[key]), rel=1e-5, abs=1e-5), f"{name}: {key}"


def flat(values: list[Any]) -> list[float]:
    return torch.tensor(values, dtype=torch.float64).flatten().tolist()
