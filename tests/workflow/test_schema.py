"""Config, schema and typed values describe the same keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Any

import pytest
import yaml

from ganaug import arms, config, networks
from ganaug.experiment import Experiment
from tests.workflow.configs import DEFAULT, PRESETS, SCHEMA, parsed
from tests.workflow.project import ROOT, TINY

TOP = SCHEMA["properties"]
ARM = SCHEMA["$defs"]["arm"]["properties"]
PLACES = {
    "top": (Experiment, TOP),
    "data": (config.Data, TOP["data"]["properties"]),
    "data.test": (config.TestSplit, TOP["data"]["properties"]["test"]["properties"]),
    "study": (config.Study, TOP["study"]["properties"]),
    "quality": (networks.Quality, TOP["quality"]["properties"]),
    "quality.networks": (networks.FeatureNetwork, SCHEMA["$defs"]["feature_network"]["properties"]),
    "compute": (config.Compute, TOP["compute"]["properties"]),
    "tracking": (config.Tracking, TOP["tracking"]["properties"]),
    "gan.prepare": (config.Prepare, SCHEMA["$defs"]["gan"]["properties"]["prepare"]["properties"]),
    "arm": (arms.Arm, {key: value for key, value in ARM.items() if key != "preset"}),
    "arm.duplicate": (arms.DuplicateArm, ARM["duplicate"]["properties"]),
    "arm.classic": (arms.ClassicArm, ARM["classic"]["properties"]),
    "arm.gan": (arms.GanArm, ARM["gan"]["properties"]),
    "arm.gans": (arms.GanArm, ARM["gans"]["items"]["properties"]),
    "arm.online": (arms.Online, ARM["online"]["properties"]),
    "arm.strategy": (arms.Strategy, ARM["strategy"]["properties"]),
}
RESOLVED = {"gan": config.Gan, "classifier": config.Classifier}
EXPERIMENTS = sorted((ROOT / "config/experiments").glob("*.yaml"))


def names(kind: Any) -> set[str]:
    return {field.name for field in fields(kind)}


@pytest.mark.parametrize("place", PLACES)
def test_schema_and_dataclass_have_the_same_keys(place: str) -> None:
    kind, properties = PLACES[place]
    assert names(kind) == set(properties)


@pytest.mark.parametrize("part", RESOLVED)
def test_an_experiment_may_change_every_key_of_a_preset(part: str) -> None:
    assert set(SCHEMA["$defs"][part]["properties"]) == names(RESOLVED[part]) | {"preset"}


@pytest.mark.parametrize("section", ["data", "study", "quality", "compute", "tracking"])
def test_the_default_config_has_every_key_of_the_schema(section: str) -> None:
    assert set(DEFAULT) == set(TOP)
    assert set(DEFAULT[section]) == set(TOP[section]["properties"])
    assert set(DEFAULT["data"]["test"]) == set(TOP["data"]["properties"]["test"]["properties"])


@pytest.mark.parametrize(("kind", "part"), [("gans", "gan"), ("classifiers", "classifier")])
def test_a_preset_sets_every_key(kind: str, part: str) -> None:
    assert PRESETS[kind]
    needed = {field.name for field in fields(RESOLVED[part]) if field.default is MISSING}
    for name, preset in PRESETS[kind].items():
        assert needed <= set(preset) <= names(RESOLVED[part]), name


def test_the_schema_knows_every_classifier_that_there_is() -> None:
    """A network is a module with ``build``; the others hold what networks share."""
    files = (ROOT / "workflow/scripts/ganaug/classify/networks").glob("*.py")
    networks = {path.stem for path in files if "def build(" in path.read_text(encoding="utf-8")}
    assert set(SCHEMA["$defs"]["classifier"]["properties"]["network"]["enum"]) == networks


def test_every_family_of_gans_has_a_preset() -> None:
    """A family is a module with options of its own; the others hold what families share."""
    files = (ROOT / "workflow/scripts/ganaug/gan/networks").glob("*.py")
    families = {path.stem for path in files if "class Options" in path.read_text(encoding="utf-8")}
    assert {preset["network"] for preset in PRESETS["gans"].values()} == families


def test_no_key_is_accepted_unseen() -> None:
    objects = [where for where, schema in _objects(SCHEMA, "config")]
    assert len(objects) > 10
    open_objects = [where for where, schema in _objects(SCHEMA, "config") if "additionalProperties" not in schema]
    assert open_objects == []
    by_name = [where for where, schema in _objects(SCHEMA, "config") if schema["additionalProperties"] is not False]
    assert by_name == [
        "config.data.imbalance",
        "config.gans",
        "config.classifiers",
        "config.arms",
        "config.quality.networks",
        "config.$defs.gan.architecture",
    ]


def _objects(schema: Any, where: str) -> Iterator[tuple[str, Any]]:
    if isinstance(schema, dict):
        kind = schema.get("type", [])
        if kind == "object" or (isinstance(kind, list) and "object" in kind):
            yield where, schema
        for key, value in schema.items():
            yield from _objects(value, where if key == "properties" else f"{where}.{key}")


def test_every_key_of_the_default_config_is_explained() -> None:
    """By a comment on its line or on the line above; names that a user chooses explain themselves."""
    lines = (ROOT / "config/config.yaml").read_text(encoding="utf-8").splitlines()
    ours = {name for _, properties in PLACES.values() for name in properties} | names(config.Gan)
    keys = [(k, match[1]) for k, line in enumerate(lines) if (match := re.match(r" *([a-z_0-9]+):", line))]
    explained = {key for k, key in keys if "#" in lines[k] or "#" in lines[k - 1]}
    sections = {"data", "test", "study", "quality", "compute", "tracking"}
    assert {key for _, key in keys if key in ours} - explained - sections == set()


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_every_experiment_is_sound(path: Any) -> None:
    experiment = parsed(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert experiment.experiment == path.stem
    assert {"real", "duplicate"} <= set(experiment.study.arms)
    assert experiment.study.repeats >= 6


def test_the_default_experiment_is_the_one_of_the_readme() -> None:
    experiment = parsed({})
    assert experiment.experiment == "digits"
    assert experiment.study.arms == ("real", "duplicate", "classic", "gan", "mixed", "synthetic")
    assert experiment.data.per_class == 20


def test_lists_replace_and_mappings_merge() -> None:
    experiment = parsed(TINY)
    assert experiment.gans["dcgan"].snaps == ["e20", "last"]
    assert experiment.gans["dcgan"].lr_g == PRESETS["gans"]["dcgan-32"]["lr_g"]
    assert experiment.study.repeats == 1
    assert experiment.study.rope == DEFAULT["study"]["rope"]
