"""A config as a report tells it."""

import copy
import json
from contextlib import suppress
from dataclasses import fields
from typing import Any, get_type_hints

import pytest
import yaml

from ganaug.arms import Arm, ClassicArm, GanArm, Online, Strategy
from ganaug.config import Gan, build
from ganaug.errors import UserError
from ganaug.experiment import parse, portable
from ganaug.gan.networks.family import Shape, family
from ganaug.gan.networks.family import build as build_networks
from ganaug.schema import check
from ganaug.seeds import torch_generator
from tests.workflow.configs import DEFAULT, PRESETS, SCHEMA, parsed
from tests.workflow.project import ROOT

GAN_SCHEMA = yaml.safe_load((ROOT / "config/schemas/gan.schema.yaml").read_text(encoding="utf-8"))
WASSERSTEIN = {"loss": "wasserstein", "gradient_penalty": 10.0}


def test_a_reported_config_makes_the_same_experiment_whatever_became_of_the_presets() -> None:
    config = copy.deepcopy(DEFAULT)
    config["compute"]["device"] = "cuda"
    told = json.loads(json.dumps(portable(config, parse(config, PRESETS))))
    check(told, SCHEMA)
    changed = copy.deepcopy(PRESETS)
    changed["gans"]["dcgan-32"]["lr_g"] = 1.0
    changed["classifiers"]["lenet5"]["batch_size"] = 1
    again, before = parse(told, changed), parse(DEFAULT, PRESETS)
    for name, gan in before.gans.items():
        assert (again.gans[name].lr_g, list(again.gans[name].betas)) == (gan.lr_g, list(gan.betas))
    assert again.classifiers == before.classifiers
    assert (again.arms, again.study, again.compute) == (before.arms, before.study, before.compute)


@pytest.mark.parametrize("secret", ["/home/ann/images", "https://ann:pw@server"])
def test_a_reported_config_names_no_machine(secret: str) -> None:
    config = copy.deepcopy(DEFAULT)
    config["data"] |= {"source": "folder", "path": "/home/ann/images"}
    config["tracking"] = {"uri": "https://ann:pw@server"}
    assert secret not in json.dumps(portable(config, parse(config, PRESETS)))


def test_experiments_to_compare_change_nothing_that_is_reported() -> None:
    """The command line puts them first; the order of keys counts, since Snakemake compares parameters as text."""
    plain = copy.deepcopy(DEFAULT)
    asked = {"experiments": ["a", "b"], **{key: value for key, value in plain.items() if key != "experiments"}}
    told = [json.dumps(portable(config, parse(config, PRESETS))) for config in (plain, asked)]
    assert told[0] == told[1]


ARM_PRESETS = {
    **PRESETS,
    "arms": {
        "rich": {
            "real": False,
            "classic": {"ratio": 2, "rotation": 90},
            "gan": {"name": "dcgan", "ratio": 2, "truncation": 1.0},
            "online": {"policy": "flip_crop", "mixup": 1.0},
        },
        "two": {"gans": [{"name": "dcgan", "ratio": 1}, {"name": "dcgan", "ratio": 1, "truncation": 1.0}]},
        "classic": {"classic": {"ratio": 9}},
    },
}


def arms_of(arms: dict[str, Any], studied: list[str], presets: Any = ARM_PRESETS) -> dict[str, Arm]:
    config = copy.deepcopy(DEFAULT)
    config["arms"] |= arms
    config["study"]["arms"] = ["real", *studied]
    check(config, SCHEMA)
    return dict(parse(config, presets).arms)


def test_an_arm_that_the_config_lacks_comes_from_its_preset() -> None:
    arms = arms_of({"again": {"duplicate": {"match": "two"}}}, ["again", "two"])
    assert arms["two"].gans == (GanArm("dcgan", ratio=1), GanArm("dcgan", ratio=1, truncation=1.0))
    # The config's own goes before a preset of its name.
    assert arms["classic"] == Arm(classic=ClassicArm(ratio=DEFAULT["arms"]["classic"]["classic"]["ratio"]))
    with pytest.raises(
        UserError, match=r"^study\.arms: no 'three' under arms; it has classic, duplicate, gan, mixed, real, rich, s"
    ):
        arms_of({}, ["three"])


def test_a_preset_of_an_arm_is_changed_key_by_key() -> None:
    mine = {
        "preset": "rich",
        "real": True,
        "classic": {"rotation": 10},
        "gan": {"ratio": None, "count": 7},
        "online": {"policy": None},
    }
    arms = arms_of({"mine": mine, "again": {"duplicate": {"match": "mine"}}}, ["mine", "again"])
    assert arms["mine"] == Arm(
        classic=ClassicArm(ratio=2, rotation=10),
        gan=GanArm("dcgan", count=7, truncation=1.0),
        online=Online(mixup=1.0),
    )
    # A part that is null is left out, and what the preset lacks is as it stands.
    plain = {"preset": "rich", "gan": None, "gans": [{"name": "dcgan", "count": 5}], "strategy": {"weight": 2.0}}
    assert arms_of({"mine": plain}, [])["mine"] == Arm(
        real=False,
        classic=ClassicArm(ratio=2, rotation=90),
        gans=(GanArm("dcgan", count=5),),
        online=Online(policy="flip_crop", mixup=1.0),
        strategy=Strategy(weight=2.0),
    )


def test_a_preset_of_an_arm_that_is_not_there_is_told() -> None:
    with pytest.raises(UserError, match=r"^arms\.mine\.preset: no preset 'poor'; config/arms/ has classic, rich, two$"):
        arms_of({"mine": {"preset": "poor"}}, [])


def test_reported_arms_need_no_preset() -> None:
    config = copy.deepcopy(DEFAULT)
    config["arms"] |= {
        "mine": {"preset": "rich", "real": True, "gan": {"count": 7, "ratio": None}},
        "unused": {"preset": "rich"},
        "again": {"duplicate": {"match": "two"}},
        "elsewhere": {"duplicate": {"match": "nothing"}},
    }
    # Of the preset two nothing stands in the config, and only a match asks for it.
    config["study"]["arms"] = ["real", "duplicate", "gan", "again", "mine"]
    before = parse(config, ARM_PRESETS)
    told = json.loads(json.dumps(portable(config, before)))
    check(told, SCHEMA)
    again = parse(told, {**PRESETS, "arms": {}})
    assert again.arms == {name: before.arms[name] for name in [*config["arms"], "two"]}
    assert again.study == before.study


def refusal(**changes: Any) -> str:
    with pytest.raises(UserError) as caught:
        parsed({"gans": {"dcgan": changes}})
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"steps": 5}, ": set exactly one of epochs, steps (both epochs and steps are set; null unsets one)"),
        ({"epochs": None}, ": set exactly one of epochs, steps (none is set; null unsets one)"),
        ({"mode": "conditional", "jobs": 2}, ".jobs: conditional trains on all classes at once; set it to 1"),
        ({"mode": "fine_tune", "pretrain": 5, "jobs": 2}, ".jobs: fine_tune trains on all classes at once; set it"),
        ({"mode": "fine_tune"}, ".pretrain: not set; say for how many epochs fine_tune trains on all classes first"),
        ({"pretrain": 5}, ".pretrain: only fine_tune has it; set it to null"),
        ({"mode": "conditional", "pretrain": 5}, ".pretrain: only fine_tune has it; set it to null"),
        (WASSERSTEIN | {"clip": 0.01}, ".clip: gradient_penalty bounds the critic's slope already; set one of them"),
        ({"clip": 0.01}, ".clip: only a Wasserstein critic is clipped, and the loss is non_saturating; set it to null"),
        ({"loss": "wasserstein"}, ".loss: a wasserstein critic has no bound; set clip (0.01) or gradient_penalty (10)"),
        ({"penalty_every": 16}, ".penalty_every: there is no penalty; set it to 1"),
        (
            {"loss": "wasserstein", "gradient_penalty": 10.0},
            ".gradient_penalty: it is of each image alone, and batch normalisation of dcgan's critic binds a batch "
            "together; set architecture.normalise_critic to false",
        ),
        ({"path_length": 2.0}, ".path_length: dcgan has no styles, unlike stylegan2; set it to null"),
        ({"ada": 0.6}, ".ada: diffaugment does it too; set it to false"),
        (
            WASSERSTEIN | {"ada": 0.6, "diffaugment": False},
            ".ada: it follows the signs of logits, and a wasserstein critic's mean nothing; set it to null",
        ),
        (
            {"loss": "relativistic", "cutmix": 0.5},
            ".cutmix: a relativistic loss compares whole images; set it to null",
        ),
        ({"batch_size": 4, "accumulate": 5}, ".accumulate: more parts than images in a batch; lower it"),
        (
            {"epochs": None, "steps": 9},
            ".snapshots: counted in epochs, but the length is set in steps; set epochs, or snapshots: []",
        ),
        ({"snapshots": [5, 251]}, ".snapshots: 251 is past the last epoch, 250; lower it or train longer"),
        (
            {"architecture": {"ngff": 8}},
            ".architecture.ngff: no such option of dcgan-32; it has "
            + ", ".join(PRESETS["gans"]["dcgan-32"]["architecture"]),
        ),
        ({"architecture": {"ngf": 8.0}}, ".architecture.ngf: 8.0 is not of the kind of 64; correct it"),
        ({"architecture": {"ngf": True}}, ".architecture.ngf: True is not of the kind of 64; correct it"),
        ({"architecture": {"ngf": "8"}}, ".architecture.ngf: '8' is not of the kind of 64; correct it"),
        ({"architecture": {"slope": "small"}}, ".architecture.slope: 'small' is not of the kind of 0.2; correct it"),
        ({"architecture": {"slope": False}}, ".architecture.slope: False is not of the kind of 0.2; correct it"),
        (
            {"preset": "identity", "architecture": {"ngf": 8}},
            ".architecture.ngf: no such option of identity; it has none",
        ),
        ({"prepare": {"sharpn": 1.0}}, ".prepare.sharpn: no such key; did you mean sharpen?"),
    ],
)
def test_a_gan_that_makes_no_sense_is_refused_in_a_line(changes: dict[str, Any], said: str) -> None:
    message = refusal(**changes)
    assert message.startswith(f"gans.dcgan{said}")
    assert "\n" not in message


@pytest.mark.parametrize("mode", [{"mode": "conditional"}, {"mode": "fine_tune", "pretrain": 5}])
def test_the_identity_has_one_mode(mode: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"^gans.copies.mode: identity holds .*; set it to per_class$"):
        parsed({"gans": {"copies": {"preset": "identity", **mode}}})


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": "conditional"},
        {"mode": "fine_tune", "pretrain": 5},
        {"jobs": 3},
        WASSERSTEIN | {"architecture": {"normalise_critic": False}},
        {"loss": "wasserstein", "clip": 0.01},
        {"r1": 10.0, "penalty_every": 16},
        {"ada": 0.6, "diffaugment": False},
        {"cutmix": 0.5, "loss": "hinge"},
        {"batch_size": 4, "accumulate": 4},
        {"epochs": None, "steps": 9, "snapshots": []},
    ],
)
def test_what_stands_beside_a_refusal_is_accepted(changes: dict[str, Any]) -> None:
    gan = parsed({"gans": {"dcgan": changes}}).gans["dcgan"]
    for key, value in changes.items():
        found = getattr(gan, key)
        if isinstance(value, dict):
            assert found == found | value
        else:
            assert found == (tuple(value) if isinstance(value, list) else value)


def test_an_architecture_and_the_preparation_are_changed_key_by_key() -> None:
    changes = {"architecture": {"ngf": 8, "ndf": 8, "slope": 0}, "prepare": {"sharpen": 0.5}}
    gan = parsed({"gans": {"dcgan": changes}}).gans["dcgan"]
    assert gan.architecture == PRESETS["gans"]["dcgan-32"]["architecture"] | {"ngf": 8, "ndf": 8, "slope": 0}
    assert (gan.prepare.sharpen, gan.prepare.augment) == (0.5, None)


@pytest.fixture(params=sorted(PRESETS["gans"]))
def preset(request: pytest.FixtureRequest) -> Gan:
    values = PRESETS["gans"][request.param]
    check(values, GAN_SCHEMA)
    return build(Gan, values, f"gans.{request.param}")


def test_a_preset_of_a_gan_is_sound_in_an_experiment(preset: Gan, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["preset"]
    config = copy.deepcopy(DEFAULT)
    config["gans"] = {"dcgan": {"preset": name}}
    config["study"]["arms"] = ["real"]
    check(config, SCHEMA)
    assert parse(config, PRESETS).gans["dcgan"] == preset


def test_a_preset_gives_every_option_of_its_family_and_in_its_type(preset: Gan) -> None:
    options = family(preset.network).Options
    hints = get_type_hints(options)
    assert set(preset.architecture) == {field.name for field in fields(options)}
    for name, value in preset.architecture.items():
        assert type(value) is hints[name], name


def test_a_preset_makes_networks_of_thirty_two_or_sixty_four_pixels(preset: Gan) -> None:
    made = []
    for size in (32, 64):
        with suppress(UserError):
            made.append(build_networks(preset, Shape(preset.nz, size, 3, 0), rng=torch_generator(0)))
            break
    assert made
