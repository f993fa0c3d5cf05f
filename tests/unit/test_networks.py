"""The section `quality` of a config: which keys each kind of network has."""

import copy
import json
from typing import Any

import pytest

from ganaug.errors import UserError
from ganaug.experiment import parse, portable
from ganaug.networks import FeatureNetwork, parse_quality
from ganaug.schema import check
from tests.workflow.configs import DEFAULT, PRESETS, SCHEMA, parsed


def test_the_default_experiment_measures_by_its_own_classifier_alone() -> None:
    assert parsed({}).quality.networks == {}


def test_networks_become_typed() -> None:
    section = parse_quality(
        {
            "networks": {
                "inception": {"kind": "inception"},
                "mine": {"kind": "torchscript", "path": "net.pt", "size": 64},
                "res": {"kind": "torchvision", "name": "resnet50", "path": "w.safetensors"},
            }
        }
    )
    assert section.networks == {
        "inception": FeatureNetwork("inception"),
        "mine": FeatureNetwork("torchscript", path="net.pt", size=64),
        "res": FeatureNetwork("torchvision", path="w.safetensors", name="resnet50"),
    }
    assert "mode clean" in section.networks["inception"].told
    assert "64 pixels" in section.networks["mine"].told


@pytest.mark.parametrize(
    ("one", "message"),
    [
        ({"kind": "inceptoin"}, "quality.networks.x.kind: 'inceptoin' is not known; choose from inception, dinov2"),
        ({}, "quality.networks.x"),
        ({"kind": "dinov2", "pth": "a.pt"}, "quality.networks.x.pth: no such key"),
        ({"kind": "dinov2"}, "quality.networks.x.path: not set; give the file"),
        ({"kind": "torchscript"}, "quality.networks.x.path: not set"),
        ({"kind": "torchvision", "path": "w.safetensors"}, "quality.networks.x.name: not set; give torchvision's name"),
        ({"kind": "torchvision", "name": "resnet50"}, "quality.networks.x.path: not set"),
        ({"kind": "torchvision", "name": "resnet50", "path": "w.pth"}, "quality.networks.x.path: w.pth is no .safet"),
        ({"kind": "inception", "path": "i.pt"}, "quality.networks.x.path: not for inception"),
        ({"kind": "dinov2", "path": "d.pt", "size": 98}, "quality.networks.x.size: not for dinov2"),
        ({"kind": "torchscript", "path": "n.pt", "size": 4}, "quality.networks.x.size: 4 is less than"),
        ({"kind": "torchscript", "path": "n.pt", "name": "net"}, "quality.networks.x.name: not for torchscript"),
    ],
)
def test_a_mistake_is_told_in_one_line(one: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as raised:
        parsed({"quality": {"networks": {"x": one}}})
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_a_report_names_the_files_of_networks_and_not_where_they_lie() -> None:
    config = copy.deepcopy(DEFAULT)
    config["quality"]["networks"] = {
        "dino": {"kind": "dinov2", "path": "/home/someone/weights/dino.pt"},
        "inception": {"kind": "inception"},
    }
    told = portable(config, parse(config, PRESETS))
    assert told["quality"]["networks"]["dino"] == {"kind": "dinov2", "path": "dino.pt"}
    assert "someone" not in json.dumps(told)
    check(json.loads(json.dumps(told)), SCHEMA)
