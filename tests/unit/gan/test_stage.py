"""A GAN job and its samples: per class, conditional, and fine-tuned from a GAN of all classes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ganaug.batches import Batches
from ganaug.config import Gan
from ganaug.gan import stage
from ganaug.gan.generators import Maker, open_generators, save_generators
from ganaug.gan.samples import sample_set
from ganaug.gan.sampling import sample
from ganaug.gan.training import Start, Trained, train
from ganaug.images import ImageFiles, IndexRow, SplitRow, open_image_set, save_image_set, save_split
from ganaug.io import load_tensors, read_csv, read_json, unprefixed, write_json
from ganaug.seeds import derive
from tests.unit.gan.conftest import COMPUTE, CPU

COUNTS = {"ant": 6, "bee": 5, "cat": 4}


class Job:
    """The files of one job in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.dev = ImageFiles(str(folder / "images.npy"), str(folder / "index.csv"))
        self.split = str(folder / "r0.csv")
        self.out = folder / "out"
        labels = [label for label, count in COUNTS.items() for _ in range(count)]
        pixels = np.random.default_rng(0).integers(0, 256, (len(labels), 16, 16, 1), dtype=np.uint8)
        rows = [IndexRow(label, str(k), "real", str(k)) for k, label in enumerate(labels)]
        save_image_set(self.dev.images, self.dev.index, pixels, rows)
        save_split(self.split, [SplitRow(k, "train", row.label, row.group, row.source) for k, row in enumerate(rows)])

    def train(self, gan: Gan, *, job: int = 0) -> dict[str, Any]:
        """Its record."""
        stage.train_job(
            split=self.split,
            dev=self.dev,
            leaked=None,
            gan=gan,
            job=job,
            repeat=0,
            root=1,
            compute=COMPUTE,
            code="",
            generators={snap: str(self.out / f"G-{snap}.safetensors") for snap in gan.snaps},
            discriminators=str(self.out / "D-last.safetensors"),
            history=str(self.out / "history.csv"),
            picture=str(self.out / "picture.png"),
            film=str(self.out / "film.gif"),
            record=str(self.out / "status.json"),
        )
        record: dict[str, Any] = json.loads((self.out / "status.json").read_text(encoding="utf-8"))
        return record

    def generators(self, gan: Gan) -> dict[str, Maker]:
        return dict(open_generators(self.out / "G-last.safetensors", gan, size=16, channels=1, device=CPU))


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.chdir(tmp_path)
    return Job(tmp_path)


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What every training was given, and what it left under ``trained``."""
    seen: list[dict[str, Any]] = []

    def watched(images: Batches, labels: torch.Tensor | None, gan: Gan, **rest: Any) -> list[Trained]:
        trained = train(images, labels, gan, **rest)
        seen.append({"count": len(images), "labels": labels, "gan": gan, "trained": trained[0], **rest})
        return trained

    monkeypatch.setattr(stage, "train", watched)
    return seen


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_per_class_trains_one_gan_a_class(
    job: Job, settings: Callable[..., Gan], trainings: list[dict[str, Any]]
) -> None:
    record = job.train(settings(epochs=2, snapshots=[1]))
    assert record["state"] == "ok"
    assert record["images"] == record["seen"] == COUNTS
    assert [training["count"] for training in trainings] == [6, 5, 4]
    assert [training["seeds"] for training in trainings] == [[derive(1, "gan", 0, label)] for label in COUNTS]
    assert all(training["begin"] is None and training["labels"] is None for training in trainings)


def test_a_job_beyond_the_classes_leaves_empty_files(
    job: Job, settings: Callable[..., Gan], trainings: list[dict[str, Any]]
) -> None:
    gan = settings(epochs=1, jobs=4)
    record = job.train(gan, job=3)
    assert (record["state"], record["labels"], record["images"], trainings) == ("ok", [], {}, [])
    assert job.generators(gan) == {}
    assert list(read_csv(job.out / "history.csv")) == []
    assert (job.out / "picture.png").exists()
    assert (job.out / "film.gif").exists()


def test_fine_tuning_starts_every_class_from_a_gan_of_all(
    job: Job, settings: Callable[..., Gan], trainings: list[dict[str, Any]]
) -> None:
    gan = settings(mode="fine_tune", pretrain=3, epochs=2, snapshots=[1])
    assert job.train(gan)["state"] == "ok"
    base, *fine = trainings
    assert (base["count"], base["begin"], base["labels"], base["classes"]) == (15, None, None, 0)
    # 15 images in batches of 5: 3 steps in each of 3 epochs.
    assert [row["step"] for row in base["trained"].history] == [3, 6, 9]
    assert list(base["trained"].snapshots) == ["last"]
    assert [training["count"] for training in fine] == [6, 5, 4]
    for training in fine:
        begin: Start = training["begin"]
        assert equal(begin.generator, base["trained"].snapshots["last"])
        assert equal(begin.discriminator, base["trained"].discriminator)
        assert (training["gan"], training["classes"]) == (gan, 0)
        assert not equal(training["trained"].snapshots["last"], begin.generator)
    makers = job.generators(gan)
    assert list(makers) == list(COUNTS)
    for training, maker in zip(fine, makers.values(), strict=True):
        assert maker.label is None
        assert equal(maker.generator.state_dict(), training["trained"].snapshots["last"])
    assert {row["label"] for row in read_csv(job.out / "history.csv")} == set(COUNTS)


def test_a_training_begins_with_the_weights_that_it_is_given(
    images: Batches, settings: Callable[..., Gan], tmp_path: Path
) -> None:
    def run(gan: Gan, begin: Start | None) -> Trained:
        [trained] = train(
            images,
            None,
            gan,
            classes=0,
            seeds=[2],
            compute=COMPUTE,
            device=CPU,
            resume=tmp_path / "c",
            progress=lambda _: None,
            begin=begin,
        )
        return trained

    base = run(settings(epochs=2, ema=None), None)
    begin = Start(base.snapshots["last"], base.discriminator)
    # Steps too small to change a weight: what is left is what it began with, and the average of it too.
    still = run(settings(epochs=1, lr_g=1e-30, lr_d=1e-30), begin)
    for name, tensor in begin.generator.items():
        assert "running" in name or "batches" in name or torch.equal(tensor, still.snapshots["last"][name])
    for name, tensor in begin.discriminator.items():
        assert "running" in name or "batches" in name or torch.equal(tensor, still.discriminator[name])


def test_a_base_that_diverges_fails_the_job_visibly(
    job: Job, settings: Callable[..., Gan], trainings: list[dict[str, Any]]
) -> None:
    gan = settings(mode="fine_tune", pretrain=1, epochs=1, lr_g=1e30, lr_d=1e30)
    record = job.train(gan)
    assert record["state"] == "failed"
    assert record["reason"].startswith("ant: diverged at step 1")
    assert len(trainings) == 1
    assert job.generators(gan) == {}


def test_a_killed_fine_tuning_does_not_repeat_its_base(
    job: Job, settings: Callable[..., Gan], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gan = settings(mode="fine_tune", pretrain=1, epochs=1)
    job.train(gan)
    whole = load_tensors(job.out / "G-last.safetensors")[0]
    runs: list[str] = []

    def killed(images: Batches, *args: Any, **settings: Any) -> list[Trained]:
        runs.append(settings["resume"].name)
        if runs.count("training-0.safetensors") == 1 and runs[-1] == "training-0.safetensors":
            raise KeyboardInterrupt
        return train(images, *args, **settings)

    monkeypatch.setattr(stage, "train", killed)
    with pytest.raises(KeyboardInterrupt):
        job.train(gan)
    job.train(gan)
    assert runs == [*(f"training-{name}.safetensors" for name in ("all", "0", "0", "1", "2"))]
    assert equal(load_tensors(job.out / "G-last.safetensors")[0], whole)


def test_a_job_that_moves_to_another_kind_of_device_begins_anew(
    job: Job, settings: Callable[..., Gan], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The state of a generator of random numbers on a GPU is not one that a CPU's can take.
    folders: list[Path] = []

    def stopped(*args: Any, resume: Path, **rest: Any) -> list[Trained]:
        folders.append(resume)
        raise KeyboardInterrupt

    monkeypatch.setattr(stage, "_train_units", stopped)
    for device in ("cpu", "cuda:0", "cuda:1"):
        monkeypatch.setattr(stage, "prepare", lambda compute, device=device: torch.device(device))
        with pytest.raises(KeyboardInterrupt):
            job.train(settings())
    cpu, gpu, other_gpu = folders
    assert cpu != gpu
    assert gpu == other_gpu


def test_a_conditional_gan_is_one_that_is_told_the_classes(
    job: Job, settings: Callable[..., Gan], trainings: list[dict[str, Any]]
) -> None:
    gan = settings(mode="conditional", epochs=2)
    assert job.train(gan)["state"] == "ok"
    [training] = trainings
    assert (training["count"], training["classes"], training["seeds"]) == (15, 3, [derive(1, "gan", 0)])
    assert training["labels"].tolist() == [0] * 6 + [1] * 5 + [2] * 4
    # The file holds one generator and the names of its classes in their order.
    tensors, metadata = load_tensors(job.out / "G-last.safetensors")
    assert json.loads(metadata["made"]) == {"labels": list(COUNTS), "generators": 1}
    assert {name.partition("/")[0] for name in tensors} == {"0"}
    makers = job.generators(gan)
    assert {label: maker.label for label, maker in makers.items()} == {"ant": 0, "bee": 1, "cat": 2}
    assert len({id(maker.generator) for maker in makers.values()}) == 1
    assert {row["label"] for row in read_csv(job.out / "history.csv")} == {"all classes"}


@pytest.mark.parametrize("mode", ["per_class", "conditional"])
def test_the_discriminators_after_the_last_step_are_kept(
    job: Job, settings: Callable[..., Gan], trainings: list[dict[str, Any]], mode: str
) -> None:
    job.train(settings(mode=mode, epochs=2, snapshots=[1]))
    tensors, metadata = load_tensors(job.out / "D-last.safetensors")
    assert json.loads(metadata["made"]) == {"labels": list(COUNTS), "generators": len(trainings)}
    for k, training in enumerate(trainings):
        assert equal(unprefixed(str(k), tensors), training["trained"].discriminator)


def test_of_gans_one_of_which_diverged_no_discriminator_is_kept(
    job: Job, settings: Callable[..., Gan], monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_fails(*args: Any, **rest: Any) -> list[Trained]:
        [trained] = train(*args, **rest)
        return [
            replace(trained, reason="diverged at step 2" if rest["seeds"] == [derive(1, "gan", 0, "bee")] else None)
        ]

    monkeypatch.setattr(stage, "train", one_fails)
    gan = settings(epochs=1)
    assert job.train(gan)["reason"] == "bee: diverged at step 2"
    # The snapshots that all reached stay usable.
    assert list(job.generators(gan)) == list(COUNTS)
    tensors, metadata = load_tensors(job.out / "D-last.safetensors")
    assert (tensors, json.loads(metadata["made"])) == ({}, {"labels": [], "generators": 0})


@pytest.mark.parametrize("mode", ["per_class", "conditional"])
def test_samples_are_drawn_class_by_class(job: Job, settings: Callable[..., Gan], mode: str) -> None:
    gan = settings(mode=mode, epochs=1)
    job.train(gan)
    out = ImageFiles(str(job.out / "samples.npy"), str(job.out / "samples.csv"))
    sample_set(
        name="dcgan",
        gan=gan,
        amount="x2",
        repeat=0,
        root=1,
        split=job.split,
        dev=job.dev.images,
        generators=[str(job.out / "G-last.safetensors")],
        records=[str(job.out / "status.json")],
        compute=COMPUTE,
        code="",
        out=out,
        record=str(job.out / "samples.json"),
    )
    drawn = open_image_set(out.images, out.index)
    assert [row.label for row in drawn.index] == ["ant"] * 12 + ["bee"] * 10 + ["cat"] * 8
    first = 0
    for label, maker in job.generators(gan).items():
        count = 2 * COUNTS[label]
        alone = sample(
            maker.generator, gan, seed=derive(1, "sample", 0, label), count=count, device=CPU, label=maker.label
        )
        assert (drawn.images[first : first + count] == alone).all()
        seed = derive(1, "gan", 0) if mode == "conditional" else derive(1, "gan", 0, label)
        assert asdict(drawn.index[first]) == {
            "label": label,
            "group": f"dcgan/{label}/0",
            "origin": "gan",
            "source": f"dcgan/{label}/0",
            "gan": "dcgan",
            "seed": str(seed),
            "sample": "0",
        }
        first += count


def test_a_balance_draws_what_the_smaller_classes_lack(job: Job, settings: Callable[..., Gan]) -> None:
    gan = settings(epochs=1)
    job.train(gan)
    out = ImageFiles(str(job.out / "samples.npy"), str(job.out / "samples.csv"))
    sample_set(
        name="dcgan",
        gan=gan,
        amount="ep2",
        repeat=0,
        root=1,
        split=job.split,
        dev=job.dev.images,
        generators=[str(job.out / "G-last.safetensors")],
        records=[str(job.out / "status.json")],
        compute=COMPUTE,
        code="",
        out=out,
        record=str(job.out / "samples.json"),
    )
    # Of 6, 5 and 4 real images: twice 0, 1 and 2.
    drawn = open_image_set(out.images, out.index)
    assert [row.label for row in drawn.index] == ["bee"] * 2 + ["cat"] * 4


def test_no_best_snapshot_is_no_samples_and_the_reason_of_the_choice(job: Job, settings: Callable[..., Gan]) -> None:
    status, choice, generators = (str(job.out / name) for name in ("ok.json", "best.json", "G-best.safetensors"))
    write_json(status, {"reason": None})
    write_json(choice, {"reason": "no snapshot has a KID"})
    save_generators(generators, [], [])
    out = ImageFiles(str(job.out / "samples.npy"), str(job.out / "samples.csv"))
    sample_set(
        name="dcgan",
        gan=settings(),
        amount="x2",
        repeat=0,
        root=1,
        split=job.split,
        dev=job.dev.images,
        generators=[generators],
        records=[status, choice],
        compute=COMPUTE,
        code="",
        out=out,
        record=str(job.out / "samples.json"),
    )
    record = read_json(job.out / "samples.json")
    assert (record["state"], record["reason"]) == ("failed", "GAN dcgan: no snapshot has a KID")
    assert len(open_image_set(out.images, out.index).images) == 0


def test_a_gan_sees_its_prepared_images(
    job: Job, settings: Callable[..., Gan], trainings: list[dict[str, Any]]
) -> None:
    record = job.train(settings(epochs=1, prepare={"augment": 1.0, "oversample": 11}))
    assert record["images"] == COUNTS
    # Twice as many, and at least eleven.
    assert record["seen"] == {"ant": 12, "bee": 11, "cat": 11}
    # Equally many train together.
    assert [training["count"] for training in trainings] == [12, 11 + 11]
