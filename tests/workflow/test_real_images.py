"""The experiments on real images, where their archives are at hand."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from tests.workflow.project import Project

MIRROR = os.environ.get("GANAUG_MIRROR")


def needs(archive: str) -> pytest.MarkDecorator:
    there = MIRROR is not None and (Path(MIRROR) / archive).is_file()
    return pytest.mark.skipif(not there, reason=f"GANAUG_MIRROR is no folder with {archive}")


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@needs("eth80-cow-horse.tar")
def test_eth80_never_shows_an_object_on_two_sides(project: Project) -> None:
    outcome = project.run("data_all", config="config/experiments/eth80.yaml", mirror=MIRROR)
    assert outcome.returncode == 0, outcome.stdout
    data = project.results / "eth80/data"
    sealed_ever = set()
    for r in range(25):
        sealed = {row["group"] for row in read_csv(data / f"p{r}/test/index.csv")}
        rows = read_csv(data / f"r{r}.csv")
        train, held = ({row["group"] for row in rows if row["role"] == role} for role in ("train", "validation"))
        assert {group.split("/")[0] for group in sealed} == {"cow", "horse"}
        assert len(sealed) == 2
        assert train
        assert held
        assert train.isdisjoint(held)
        assert sealed.isdisjoint(train | held)
        sealed_ever |= sealed
    assert len(sealed_ever) == 10


@needs("cifar10-jpeg.tar.gz")
@pytest.mark.slow
def test_cifar10_is_sealed_as_it_comes(project: Project) -> None:
    config = "config/experiments/cifar10-small.yaml"
    outcome = project.run("data_all", config=config, mirror=MIRROR)
    assert outcome.returncode == 0, outcome.stdout
    data = project.results / "cifar10-small/data"
    report = json.loads((data / "report.json").read_text(encoding="utf-8"))
    assert set(report["parts"][0]["test"].values()) == {1000}
    rows = read_csv(data / "r0.csv")
    for label in report["classes"]:
        roles = [row["role"] for row in rows if row["label"] == label]
        assert (roles.count("train"), roles.count("validation")) == (200, 50)
    jobs = Project(project.folder).jobs(config=config)
    assert jobs["train_gan_dcgan"] == 6 * 10
    assert jobs["train_classifier"] == 6 * 6
