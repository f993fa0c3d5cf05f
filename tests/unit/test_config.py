import pytest

from ganaug import config
from ganaug.amounts import amount_label, amount_of
from ganaug.arms import Arm, ClassicArm, GanArm
from ganaug.config import build
from ganaug.errors import UserError


@pytest.mark.parametrize(
    ("ratio", "count", "per_class", "label"),
    [
        (5, None, 20, "n100"),
        (2.5, None, 20, "n50"),
        (0.1, None, 6, "n1"),
        (None, 7, 20, "n7"),
        (None, 7, None, "n7"),
        (5, None, None, "x5"),
        (2.5, None, None, "x2.5"),
    ],
)
def test_an_amount_has_one_name(ratio: float | None, count: int | None, per_class: int | None, label: str) -> None:
    assert amount_label(ratio, count, per_class) == label


@pytest.mark.parametrize(
    ("label", "real", "count"), [("n100", 20, 100), ("n100", 7, 100), ("x5", 7, 35), ("x0.5", 9, 4)]
)
def test_a_ratio_counts_each_class(label: str, real: int, count: int) -> None:
    assert amount_of(label, real) == count


def test_a_ratio_that_rounds_to_no_image_is_refused() -> None:
    with pytest.raises(UserError, match=r"0\.1 times the 4 real images of a class is no image; raise the ratio"):
        amount_of("x0.1", 4)


def test_mappings_become_the_dataclasses_of_their_fields() -> None:
    arm = build(Arm, {"classic": {"ratio": 2}, "gan": {"name": "dcgan", "snapshot": 50, "count": 9}}, "arms.mixed")
    assert arm == Arm(classic=ClassicArm(ratio=2), gan=GanArm(name="dcgan", snapshot=50, count=9))
    assert arm.gan is not None
    assert arm.gan.snap == "e50"


def test_a_missing_key_and_an_unknown_one_are_named() -> None:
    with pytest.raises(UserError, match=r"data\.test: .*'folds'"):
        build(config.TestSplit, {"method": "hash", "fraction": 0.5}, "data.test")
    with pytest.raises(UserError, match=r"data\.test\.fold: no such key; the keys are folds, fraction, method"):
        build(config.TestSplit, {"method": "hash", "fraction": 0.5, "fold": 2}, "data.test")
