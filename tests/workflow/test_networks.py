"""A study that measures samples by networks that others trained, as Snakemake plans it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ganaug.io import read_json
from ganaug.networks import INCEPTION
from tests.fake_networks import Inception, Means
from tests.workflow.project import Project, complaints

CONFIG: dict[str, Any] = {
    "experiment": "networks",
    "data": {"per_class": 6, "validation": 4},
    "gans": {"dcgan": {"epochs": 4, "batch_size": 6, "snapshots": [2]}},
    "arms": {"gan": {"gan": {"ratio": 2}}, "early": {"gan": {"ratio": 2, "name": "dcgan", "snapshot": 2}}},
    "study": {"arms": ["real", "duplicate", "gan", "early"], "repeats": 2, "steps": 6, "eval_every": 3},
    "compute": {"device": "cpu"},
}
NETWORKS = {"inception": {"kind": "inception"}, "mine": {"kind": "torchscript", "path": "net.pt"}}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.copy(tmp_path_factory.mktemp("networks"))


def test_every_network_sees_the_real_images_and_the_samples_of_each_repeat_once(project: Project) -> None:
    plain = project.jobs(config=project.write(CONFIG))
    more = project.jobs(config=project.write({**CONFIG, "quality": {"networks": NETWORKS}}))
    assert {name: more.get(name, 0) - plain.get(name, 0) for name in more if more[name] != plain.get(name)} == {
        "fetch_network": 2,
        "embed_real_by": 2 * 2,
        "embed_sets_by_dcgan": 2 * 2,
        "measure_floor_by": 2 * 2,
        "measure_samples_by_dcgan": 2 * 2,
        "tabulate_gans_by": 2,
    }


def test_networks_see_no_test_image_and_the_run_goes_on_without_weights(project: Project) -> None:
    """One network's file is missing at first, the other's is in the mirror; the test images are no images at all."""
    config = project.write({**CONFIG, "quality": {"networks": NETWORKS}})
    tables = [f"results/networks/tables/gans-{name}.json" for name in NETWORKS]
    mirror = project.folder / "mirror"
    mirror.mkdir()
    torch.jit.script(Inception()).save(str(mirror / INCEPTION))
    assert project.run("data_all", config=config).returncode == 0
    (project.results / "networks/data/p0/test/images.npy").write_bytes(b"")
    outcome = project.run(*tables, config=config, mirror=str(mirror))
    assert outcome.returncode == 0, outcome.stdout
    inception, mine = (read_json(project.folder / table) for table in tables)
    assert [row["kid_train"]["n"] for row in inception["rows"]] == [2, 2]
    # 2048 features need more images than there are.
    assert "FID needs 2049 images" in inception["reasons"]["fid_train"]
    assert "mode clean" in inception["network"]
    assert {row["kid_train"]["n"] for row in mine["rows"]} == {0}
    assert set(mine["reasons"].values()) == {"there is no file net.pt where its path leads; put it there and run again"}
    assert project.jobs(*tables, config=config) == {}  # the mirror is gone, and what came of it stands
    torch.jit.script(Means()).save(str(project.folder / "net.pt"))
    assert project.jobs(*tables, config=config) == {
        "fetch_network": 1,
        "embed_real_by": 2,
        "embed_sets_by_dcgan": 2,
        "measure_floor_by": 2,
        "measure_samples_by_dcgan": 2,
        "tabulate_gans_by": 1,
    }


def test_an_unknown_kind_is_told_in_one_line(project: Project) -> None:
    config = project.write({**CONFIG, "quality": {"networks": {"vgg": {"kind": "vgg"}}}})
    outcome = project.run("--dry-run", config=config)
    assert outcome.returncode != 0
    assert complaints(outcome.stdout) == [
        "ganaug: quality.networks.vgg.kind: 'vgg' is not known; choose from inception, dinov2, torchscript, torchvision"
    ]
