"""Counts, estimate and advice before a study, with numbers that can be checked by hand."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from ganaug.arms import Arm, ClassicArm, DuplicateArm, GanArm
from ganaug.config import Classifier, Data, Gan
from ganaug.images import SplitRow, save_split
from ganaug.io import write_json
from ganaug.study.preflight import Estimate as Expected
from ganaug.study.preflight import (
    Pace,
    Setup,
    advice,
    arm_images,
    estimate,
    facts,
    first_lines,
    jobs_of,
    keep_estimate,
    kept_estimate,
    shared_prefixes,
    told,
)

from .conftest import ARMS, data_report, make_data, make_study

GAN = Gan(
    network="dcgan",
    mode="per_class",
    jobs=2,
    nz=8,
    architecture={},
    lr_g=2e-4,
    lr_d=2e-4,
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
    # 6 repeats of 2 jobs of the GAN, 1 set of samples, 3 classifiers and 1 score.
    assert jobs_of(setup()) == {"GAN": 12, "sample": 6, "classic": 0, "classifier": 18, "score": 6}
    # gan and synthetic ask for the same samples, mixed for half as many; classic and mixed have classic images.
    jobs = jobs_of(setup(arms=tuple(ARMS)))
    assert (jobs["sample"], jobs["classic"]) == (6 * 2, 6 * 2)


def test_samples_that_only_compare_gans_are_counted() -> None:
    alone = setup(arms=("real",))
    compared = replace(alone, study=replace(alone.study, gans=("dcgan",)))
    assert jobs_of(compared)["sample"] == 6
    # 100 samples of each of 2 classes, each for an eighth of a step of 0.5 s, and the start of 6 jobs.
    before, after = (estimate(one, PACE, report=report(), rows=rows(), image_bytes=256) for one in (alone, compared))
    assert after.seconds - before.seconds == pytest.approx(6 * (200 * 0.5 / 8 + 2))
    # Those of the arm tell what the GAN is worth.
    used = setup()
    assert jobs_of(replace(used, study=replace(used.study, gans=("dcgan",))))["sample"] == 6
    # The best snapshot of two: a set of its own, and one to compare each by; drawn in another way, two of each.
    for truncation, count in ((None, 3), (0.7, 5)):
        best = Arm(gan=GanArm("dcgan", "best", ratio=5.0, truncation=truncation))
        assert jobs_of(replace(used, arms={**ARMS, "gan": best}))["sample"] == 6 * count


def test_an_estimate_adds_up() -> None:
    expected = estimate(setup(), PACE, report=report(), rows=rows(), image_bytes=256)
    # 42 jobs start in 2 s. A repeat's GANs: 2 classes x 10 epochs x 3 batches of at most 8, 0.5 s each. Its samples:
    # 200, each for an eighth of such a step.
    # A cell: 600 steps of 0.1 s, and 12 evaluations of its 40, 240 or 240 training and 20 validation images, 1 ms each.
    cells = 3 * 60 + 12 * (40 + 240 + 240 + 3 * 20) * 0.001
    assert expected.seconds == pytest.approx(42 * 2 + 6 * (30 + 200 * 0.5 / 8 + cells))
    # 2 classes x 2 snapshots of 1,000 bytes, 200 samples of 256 bytes, 3 classifiers of 5,000 bytes, 6 times; and
    # the data: 200 development and 200 test images. The scratch file is smaller than what comes after it.
    assert expected.bytes == 400 * 256 + 6 * (4000 + 200 * 256 + 15000)
    assert told(expected, cores=2, gpu=False).startswith("about 13 min on 2 cores and 1 MiB of disk")
    assert told(Expected(seconds=3600 * 5, bytes=3 * 2**30), cores=1, gpu=True).startswith("about 5.0 h on the GPU and")


def test_every_fold_holds_all_images_and_a_scratch_file_once_more() -> None:
    folds = report()
    folds["parts"] *= 3
    big = estimate(setup(), PACE, report=folds, rows=rows(), image_bytes=10**6)
    # 3 folds of 400 images, and 6 repeats of 200 samples, which is more than the scratch file's 400.
    assert big.bytes == (3 * 400 + 6 * 200) * 10**6 + 6 * (4000 + 15000)
    bare = setup(arms=("real",))
    leaky = replace(bare, data=make_data(leaky=True), gans={})
    held = estimate(leaky, PACE, report=folds, rows=rows(), image_bytes=10**6)
    # Without samples the scratch file is the larger; the test images are there twice.
    assert held.bytes == (3 * (400 + 200) + 400) * 10**6


def test_with_an_imbalance_a_ratio_is_one_of_each_class() -> None:
    data = replace(make_data(), per_class=20, imbalance=4.0)
    assert data.equal_per_class is None
    # 5 times the 20 cats and 5 dogs that there are, not 5 times 20 of each.
    assert arm_images(ARMS["gan"], setup(data=data), {"cat": 20, "dog": 5}) == 25 * 6


@pytest.mark.parametrize(
    ("arm", "images"),
    [
        # Of 20 cats and 5 dogs: 15 dogs more.
        (Arm(duplicate=DuplicateArm(balance=True)), 25 + 15),
        (Arm(gan=GanArm("dcgan", balance=True, pool=3, keep="confidence")), 25 + 15),
        # An epoch has one of the turns, and the rest of a pool is not taken.
        (Arm(gan=GanArm("dcgan", ratio=2.0, turns=4)), 25 + 50),
        (Arm(gan=GanArm("dcgan", count=7, pool=4, drop_copies=True)), 25 + 14),
        (Arm(real=False, gans=(GanArm("dcgan", ratio=2.0), GanArm("dcgan", count=7, truncation=1.0))), 50 + 14),
        (Arm(per_class=5, classic=ClassicArm(ratio=2.0)), 10 + 20),
        (Arm(duplicate=DuplicateArm(match="gans")), 25 + 50 + 14),
        (Arm(duplicate=DuplicateArm(match="few")), 25 + 20),
    ],
)
def test_an_epoch_is_as_large_as_what_is_seen_in_it(arm: Arm, images: int) -> None:
    gans = Arm(gans=(GanArm("dcgan", ratio=2.0), GanArm("dcgan", count=7, truncation=1.0)))
    few = Arm(per_class=5, gan=GanArm("dcgan", ratio=2.0))
    uneven = setup(data=replace(make_data(), per_class=None, imbalance={"cat": 20, "dog": 5}))
    planned = replace(uneven, arms={"gans": gans, "few": few})
    assert arm_images(arm, planned, {"cat": 20, "dog": 5}) == images


def test_all_of_a_pool_and_of_all_turns_is_sampled() -> None:
    used = setup(arms=("real", "gan"))
    plain, rich = (
        replace(used, arms={**ARMS, "gan": Arm(gan=GanArm("dcgan", count=10, **more))})
        for more in ({}, {"pool": 3, "turns": 2, "drop_copies": True})
    )
    before, after = (estimate(one, PACE, report=report(), rows=rows(), image_bytes=256) for one in (plain, rich))
    # In 6 repeats 60 instead of 10 samples of 2 classes, each for an eighth of a step of 0.5 s; epochs stay the same.
    assert after.seconds - before.seconds == pytest.approx(6 * 2 * 50 * 0.5 / 8)
    assert after.bytes - before.bytes == 6 * 2 * 50 * 256


def test_several_gans_are_several_sets_of_samples() -> None:
    both = Arm(gans=(GanArm("dcgan", ratio=5.0), GanArm("dcgan", ratio=5.0, truncation=1.0)))
    # The first is what the arm gan draws too.
    assert jobs_of(setup(arms=("real", "gan")))["sample"] == 6
    two = setup(arms=("real", "gan", "both"))
    assert jobs_of(replace(two, arms={**ARMS, "both": both}))["sample"] == 12


def test_test_sets_that_no_repeat_scores_do_not_count() -> None:
    folds = report(tests=8, twins=1)
    folds["parts"] *= 50
    planned = setup(data=replace(make_data(), test=replace(make_data().test, fraction=None, folds=50)))
    assert "6 test sets of 16 images" in facts(planned, folds, rows())[0]
    # 6 repeats score 96 images of 800; 1 of 16 has a twin.
    assert "96 test images tell an accuracy to" in " ".join(advice(planned, folds, rows()))
    # One of the 16 of a test set is more than the half point asked about.
    assert "one of 16 test images is 6.2 points of accuracy" in " ".join(advice(planned, folds, rows()))
    assert "6 of 96 test images nearly equal" in " ".join(advice(planned, folds, rows()))


def test_the_facts_are_told_in_two_lines() -> None:
    assert facts(setup(), report(), rows()) == [
        "2 classes, 20 training and 10 validation images a class, no groups; 1 test set of 200 images",
        "6 repeats of 3 arms: 12 GAN jobs, 6 of samples, 0 of classic images, 18 classifiers",
    ]


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (
            {"suffixes": {".heic": 3, "": 1}, "unlisted": 2},
            [
                "files left out: 4 whose names are not those of images (no suffix: 1, .heic: 3), "
                "2 that data.labels does not list"
            ],
        ),
        ({"suffixes": {}, "unlisted": 1}, ["files left out: 1 that data.labels does not list"]),
        ({"suffixes": {}, "unlisted": 0}, []),
    ],
)
def test_files_that_were_left_out_are_counted(found: dict[str, Any], told: list[str]) -> None:
    assert facts(setup(), {**report(), "left_out": found}, rows())[2:] == told


SETTINGS = {"setup": {"betas": (0.5, 0.9), "imbalance": {3: 5}}, "compute": {"threads": 1}, "gpu": 0}


def test_an_estimate_holds_for_what_it_was_measured_with(tmp_path: Path) -> None:
    path, expected = tmp_path / "p.json", Expected(seconds=60.0, bytes=1)
    assert kept_estimate(path, SETTINGS) is None
    keep_estimate(path, expected, SETTINGS)
    assert kept_estimate(path, SETTINGS) == expected
    for other in ({"gpu": 1}, {"compute": {"threads": 2}}, {"setup": {}}):
        assert kept_estimate(path, {**SETTINGS, **other}) is None


def first(folder: Path, data: Data, *, seed: int = 7, source: str = "f") -> list[str]:
    planned, kept = setup(data=data), folder / "p.json"
    return first_lines(folder, planned, seed=seed, source=source, settings=SETTINGS, kept=kept, cores=1, gpu=False)


def test_counts_are_told_only_of_images_read_as_the_config_asks_for(tmp_path: Path) -> None:
    data = make_data()
    amounts = {"per_class": 20, "imbalance": None, "validation": 10}
    config = {"image_size": data.image_size, "test": asdict(data.test)}
    unread = "preflight: the images are not read yet; what will run is told when they are"
    assert first(tmp_path, data)[0].startswith(unread)
    write_json(tmp_path / "data/report.json", {**report(), "config": config, "seed": 7, "source": {"fingerprint": "f"}})
    save_split(tmp_path / "data/r0.csv", rows())
    write_json(tmp_path / "data/r0.json", {"config": amounts})
    assert first(tmp_path, data)[0].startswith("preflight: 2 classes, 20 training and 10 validation images a class")
    assert first(tmp_path, data)[2] == "preflight: how long it takes: snakemake preflight"
    keep_estimate(tmp_path / "p.json", Expected(seconds=60.0, bytes=1), SETTINGS)
    assert first(tmp_path, data)[2].startswith("preflight: about 1 min on 1 core and 1 MiB of disk")
    changed = [replace(data, **change) for change in ({"image_size": 8}, {"per_class": 9}, {"validation": 0})]
    for said in (*(first(tmp_path, one) for one in changed), first(tmp_path, data, seed=8)):
        assert len(said) == 1
        assert said[0].startswith(unread)
    assert first(tmp_path, data, source="g")[0].startswith(unread)


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
