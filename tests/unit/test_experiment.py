"""A config as a report tells it."""

import copy
import json

import pytest

from ganaug.experiment import parse, portable
from ganaug.schema import check
from tests.workflow.configs import DEFAULT, PRESETS, SCHEMA


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
