"""Counts, estimate and advice before a study, with numbers that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ganaug.config import Classifier, Data, Gan
from ganaug.images import SplitRow
from ganaug.study.preflight import Estimate as Expected
from ganaug.study.preflight import (
    Pace,
    Setup,
    advice,
    arm_images,
    estimate,
    facts,
    half_width,
    jobs_of,
    shared_prefixes,
    told,
)

from .conftest import ARMS, data_report, make_data, make_study

GAN = Gan(
    network="dcgan",
    mode="per_class",
    jobs=2,
    nz=8,
    ngf=4,
    ndf=4,
    slope=0.2,
    init_std=0.02,
    lr=2e-4,
    betas=(0.5, 0.999),
    batch_size=8,
    epochs=10,
    steps=None,
    snapshots=(5,),
    ema=None,
    diffaugment="auto",
)
PACE = Pace(start=2.0, gans={"dcgan": (0.5, 1000)}, classifiers={"lenet5": (0.1, 0.001, 5000)})


def setup(*, data: Data | None = None, arms: tuple[str, ...] = ("real", "duplicate", "gan")) -> Setup:
    return Setup(
        data=data or make_data(),
        study=make_study(arms=arms),
        arms=ARMS,
        gans={"dcgan": GAN},
        classifiers={"lenet5": Classifier(network="lenet5", lr=1e-3, batch_size=64)},
    )


def rows(train: int = 20, held: int = 10, *, name: str = "{label}/{k}.png") -> list[SplitRow]:
    return [
        SplitRow(row=k, role="train" if k < train else "validation", label=label, group=str(k), source=source)
        for label in ("cat", "dog")
        for k in range(train + held)
        for source in [name.format(label=label, k=k)]
    ]


def report(*, tests: int = 100, twins: int = 1) -> dict[str, Any]:
    made = data_report()
    made["parts"][0]["test"] = dict.fromkeys(("cat", "dog"), tests)
    made["parts"][0]["near_duplicates"]["count"] = twins
    return made


def test_an_arm_is_as_large_as_its_set_will_be() -> None:
    real = {"cat": 20, "dog": 20}
    # 40 real; gan adds 5 times as many, duplicate matches it; mixed adds 2.5 + 2.5 times; synthetic has no real ones.
    sizes = {name: arm_images(arm, setup(), real) for name, arm in ARMS.items()}
    assert sizes == {"real": 40, "duplicate": 240, "classic": 240, "gan": 240, "mixed": 240, "synthetic": 200}


def test_jobs_are_counted() -> None:
    assert jobs_of(setup()) == {"GAN": 12, "classifier": 18, "score": 6}


def test_an_estimate_adds_up() -> None:
    expected = estimate(setup(), PACE, rows=rows(), image_bytes=256)
    # 36 jobs start in 2 s. A repeat's GANs: 2 classes x 10 epochs x 3 batches of at most 8, 0.5 s each.
    # A cell: 600 steps of 0.1 s, and 12 evaluations of its 40, 240 or 240 training and 20 validation images, 1 ms each.
    cells = 3 * 60 + 12 * (40 + 240 + 240 + 3 * 20) * 0.001
    assert expected.seconds == pytest.approx(36 * 2 + 6 * (30 + cells))
    # 2 classes x 2 snapshots of 1,000 bytes, 200 samples of 256 bytes, 3 classifiers of 5,000 bytes, 6 times.
    assert expected.bytes == 6 * (4000 + 200 * 256 + 15000)
    assert told(expected, cores=2, gpu=False).startswith("about 12 min on 2 cores and 1 MiB of disk")
    assert told(Expected(seconds=3600 * 5, bytes=3 * 2**30), cores=1, gpu=True).startswith("about 5.0 h on the GPU and")


def test_the_facts_are_told_in_two_lines() -> None:
    assert facts(setup(), report(), rows()) == [
        "2 classes, 20 training and 10 validation images a class, no groups; 1 test set of 200 images",
        "6 repeats of 3 arms: 12 GAN jobs, 18 classifiers",
    ]


@pytest.mark.parametrize(("images", "points"), [(40, 14.8), (100, 9.6), (10000, 1.0)])
def test_half_the_wilson_interval(images: int, points: float) -> None:
    # 20 of 40: 0.352 to 0.648; 50 of 100: 0.404 to 0.596 (any table of Wilson intervals).
    assert 100 * half_width(images) == pytest.approx(points, abs=0.05)


@pytest.mark.parametrize(
    ("files", "shared"),
    [
        (["cow/cow1-001.png", "cow/cow1-002.png", "cow/cow2-001.png", "cow/cow2-002.png"], ["cow1", "cow2"]),
        (["cow/cow-001.png", "cow/cow-002.png", "cow/cow-003.png"], []),
        (["cow/1.png", "cow/2.png", "cow/3.png"], []),
        (["a/p07_left_1.png", "a/p07_left_2.png", "a/p08_left_1.png", "a/p08_left_2.png"], ["p07_left", "p08_left"]),
    ],
)
def test_beginnings_that_files_share(files: list[str], shared: list[str]) -> None:
    assert shared_prefixes(files) == shared


def said(**changes: Any) -> str:
    data = replace(make_data(), **changes.pop("data", {}))
    return " | ".join(advice(setup(data=data), report(**changes.pop("report", {})), rows(**changes)))


def test_advice_has_its_reason() -> None:
    assert "2 of 2 classes have fewer than 50 training images (cat: 20)" in said()
    assert "fewer than 50" not in said(train=50)
    assert "40 test images tell an accuracy to ±14.8 points" in said(report={"tests": 20})
    assert "test images tell" not in said(report={"tests": 1000})
    assert "set data.near_duplicates to drop" in said(report={"twins": 50})
    assert "data.validation is 0" in said(data={"validation": 0})


def test_groups_that_look_ignored_are_named() -> None:
    shared = [replace(row, source=f"{row.label}/{row.label}{k % 3}-{k:03d}.png") for k, row in enumerate(rows())]
    assert "file names share a beginning (cat0, cat1, cat2)" in " ".join(advice(setup(), report(), shared))
    grouped = setup(data=replace(make_data(), groups="parent"))
    assert "share a beginning" not in " ".join(advice(grouped, report(), shared))
