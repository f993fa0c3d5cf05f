"""The grid of a study becomes arms and GANs, and a GAN of few images sees no others."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganaug.arms import Arm, GanArm
from ganaug.config import Compute, Gan, Grid, Study, build
from ganaug.errors import UserError
from ganaug.experiment import Experiment, parse, portable
from ganaug.gan.stage import train_job
from ganaug.images import ImageFiles, IndexRow, SplitRow, save_image_set, save_split
from ganaug.io import load_tensors
from tests.workflow.configs import DEFAULT, PRESETS, SCHEMA, parsed
from tests.workflow.project import ROOT

GRID = {"gan": "dcgan", "per_class": [20, 10], "ratios": [0, 0.5, 2]}


def with_grid(**changes: Any) -> Experiment:
    """The default experiment, of 20 real images a class, with a grid."""
    return parsed({"study": {"grid": {**GRID, **changes}}})


def refusal(*, config: dict[str, Any] | None = None, **changes: Any) -> str:
    with pytest.raises(UserError) as caught:
        parsed({**(config or {}), "study": {"grid": {**GRID, **changes}}})
    return str(caught.value)


def test_every_size_meets_every_ratio() -> None:
    made = with_grid()
    cells = {name: arm for name, arm in made.arms.items() if name.startswith("grid-")}
    assert cells == {
        "grid-n10-x0": Arm(per_class=10),
        "grid-n10-x0_5": Arm(per_class=10, gan=GanArm("dcgan-n10", count=5)),
        "grid-n10-x2": Arm(per_class=10, gan=GanArm("dcgan-n10", count=20)),
        "grid-n20-x0": Arm(per_class=20),
        "grid-n20-x0_5": Arm(per_class=20, gan=GanArm("dcgan", count=10)),
        "grid-n20-x2": Arm(per_class=20, gan=GanArm("dcgan", count=40)),
    }
    assert made.study.trained == (*made.study.arms, *cells)
    assert not set(cells) & set(made.study.arms)


def test_the_gan_of_all_images_is_not_trained_twice() -> None:
    made = with_grid()
    assert set(made.gans) == {"dcgan", "dcgan-n10"}
    assert made.gans["dcgan-n10"] == replace(made.gans["dcgan"], per_class=10)
    # A GAN that sees 10 images already is the one of 10, and no longer the one of 20.
    few = parsed({"gans": {"dcgan": {"per_class": 10}}, "study": {"grid": GRID}})
    assert set(few.gans) == {"dcgan", "dcgan-n20"}
    assert few.gans["dcgan-n20"] == replace(few.gans["dcgan"], per_class=20)


def test_without_a_grid_nothing_is_added() -> None:
    made = parsed({})
    assert made.study.trained == made.study.arms
    assert set(made.gans) == {"dcgan"}


def test_a_snapshot_is_that_of_every_cell() -> None:
    arm = with_grid(snapshot=125).arms["grid-n10-x2"]
    assert arm.gan is not None
    assert arm.gan.snap == "e125"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"per_class": [10, 21]}, "study.grid.per_class: 21 of 20 real images of a class; lower it"),
        ({"ratios": [1, 2]}, "study.grid.ratios: lacks 0, real images alone, which the others are compared with; "),
        ({"ratios": [0]}, "study.grid.ratios: has 0 alone; add a ratio, such as 1"),
        ({"ratios": [0, 1, 1]}, "study.grid.ratios: 1 is listed twice; list it once"),
        ({"per_class": [10, 10]}, "study.grid.per_class: 10 is listed twice; list it once"),
        ({"ratios": [0, 0.04]}, "study.grid.ratios: 0.04 times 10 real images is no image; raise it"),
        ({"ratios": [0, 1, 1.02]}, "study.grid.ratios: 1 and 1.02 times 10 real images are both 10 images; leave one"),
        ({"gan": "wgan"}, "study.grid.gan: no GAN 'wgan' is configured; gans has dcgan"),
        ({"snapshot": 100}, "study.grid.snapshot: dcgan keeps e125, last; add 100 to gans.dcgan.snapshots"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused(changes: dict[str, Any], said: str) -> None:
    assert refusal(**changes).startswith(said)


def test_a_grid_needs_the_number_of_real_images() -> None:
    said = "data.per_class: not set, and study.grid counts real images; set it to 20 or more"
    assert refusal(config={"data": {"per_class": None}}) == said
    # Of 20 images in the largest class the smallest has 10.
    uneven = refusal(config={"data": {"imbalance": 2.0}})
    assert uneven == "study.grid.per_class: 20 of 10 real images of a class; lower it"


def test_a_name_that_the_grid_makes_is_not_the_users() -> None:
    gan = refusal(config={"gans": {"dcgan-n10": {"preset": "dcgan-32"}}})
    assert gan == "gans.dcgan-n10: study.grid makes one of that name; rename yours"
    arm = refusal(config={"arms": {"grid-n10-x2": {}}})
    assert arm == "arms.grid-n10-x2: study.grid makes one of that name; rename yours"


def test_a_gan_of_more_images_than_there_are_is_refused() -> None:
    with pytest.raises(UserError, match=r"^gans\.dcgan\.per_class: 21 of 20 real images of a class; lower it$"):
        parsed({"gans": {"dcgan": {"per_class": 21}}})


def test_a_reported_grid_makes_the_same_experiment() -> None:
    config = {**DEFAULT, "study": {**DEFAULT["study"], "grid": GRID}}
    made = parse(config, PRESETS)
    told = json.loads(json.dumps(portable(config, made)))
    again = parse(told, PRESETS)
    assert set(told["gans"]) == {"dcgan"}
    assert (again.arms, again.study, set(again.gans)) == (made.arms, made.study, set(made.gans))


def test_a_grid_survives_the_way_to_a_job_and_back() -> None:
    study = with_grid().study
    assert build(Study, json.loads(json.dumps(asdict(study))), "study") == study


def test_schema_and_dataclass_have_the_same_keys() -> None:
    keys = SCHEMA["properties"]["study"]["properties"]["grid"]["properties"]
    assert {field.name for field in fields(Grid)} == set(keys)


def test_a_gan_of_n_images_sees_the_first_n_of_each_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The identity GAN holds what it saw: image k is of the one grey k."""
    monkeypatch.chdir(tmp_path)
    labels = ["ant", "bee", "ant", "ant", "bee", "bee"]
    dev = ImageFiles(str(tmp_path / "images.npy"), str(tmp_path / "index.csv"))
    pixels = np.stack([np.full((8, 8, 1), k, dtype=np.uint8) for k in range(6)])
    index = [IndexRow(label, str(k), "real", str(k)) for k, label in enumerate(labels)]
    save_image_set(dev.images, dev.index, pixels, index)
    # In the order of the split, and without what is for validation: of ants 3 and 2, of bees 5 and 1.
    rows = [SplitRow(k, "train", labels[k], str(k), str(k)) for k in (3, 5, 2, 1, 0)]
    save_split(tmp_path / "r0.csv", [SplitRow(4, "validation", "bee", "4", "4"), *rows])
    config = {**PRESETS["gans"]["identity"], "per_class": 2}
    out = tmp_path / "out"
    train_job(
        split=str(tmp_path / "r0.csv"),
        dev=dev,
        leaked=None,
        gan=build(Gan, config, "gans.identity"),
        job=0,
        repeat=0,
        root=1,
        compute=Compute(device="cpu", precision="fp32", threads=1),
        code="",
        generators={"last": str(out / "G-last.safetensors")},
        discriminators=str(out / "D-last.safetensors"),
        history=str(out / "history.csv"),
        picture=str(out / "grid.png"),
        film=str(out / "film.gif"),
        record=str(out / "status.json"),
    )
    tensors, _ = load_tensors(out / "G-last.safetensors")
    held = {name.split("/")[0]: tensor[:, 0, 0, 0].tolist() for name, tensor in tensors.items()}
    assert list(held.values()) == [[3, 2], [5, 1]]
    assert json.loads((out / "status.json").read_text())["config"]["per_class"] == 2


def test_the_preset_experiment_is_sound() -> None:
    import yaml

    changes = yaml.safe_load((ROOT / "config/experiments/digits-grid.yaml").read_text())
    assert len(parsed(changes).study.trained) == 3 + 2 * 3
