import pytest

from ganaug import config
from ganaug.arms import Arm, ClassicArm, GanArm
from ganaug.config import build
from ganaug.errors import UserError


def test_mappings_become_the_dataclasses_of_their_fields() -> None:
    arm = build(Arm, {"classic": {"ratio": 2}, "gan": {"name": "dcgan", "snapshot": 50, "count": 9}}, "arms.mixed")
    assert arm == Arm(classic=ClassicArm(ratio=2), gan=GanArm(name="dcgan", snapshot=50, count=9))
    assert arm.gan is not None
    assert arm.gan.snap == "e50"


def test_lists_of_mappings_become_tuples_of_dataclasses() -> None:
    arm = build(Arm, {"gans": [{"name": "a", "ratio": 1}, {"name": "b", "count": 9}]}, "arms.two")
    assert arm.gans == (GanArm("a", ratio=1), GanArm("b", count=9))
    with pytest.raises(UserError, match=r"^arms\.two\.gans\[1\]\.rato: no such key; the keys are "):
        build(Arm, {"gans": [{"name": "a"}, {"name": "b", "rato": 1}]}, "arms.two")


def test_a_missing_key_and_an_unknown_one_are_named() -> None:
    with pytest.raises(UserError, match=r"data\.test: .*'folds'"):
        build(config.TestSplit, {"method": "hash", "fraction": 0.5}, "data.test")
    with pytest.raises(UserError, match=r"data\.test\.fold: no such key; the keys are folds, fraction, method"):
        build(config.TestSplit, {"method": "hash", "fraction": 0.5, "fold": 2}, "data.test")
