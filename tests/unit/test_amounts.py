import re

import pytest

from ganaug.amounts import PATTERN, amount_label, amounts_of, draw_label, draw_of, size_of
from ganaug.arms import ClassicArm, GanArm
from ganaug.errors import UserError


@pytest.mark.parametrize(
    ("ratio", "count", "per_class", "times", "label"),
    [
        (5, None, 20, 1, "n100"),
        (2.5, None, 20, 1, "n50"),
        (0.1, None, 6, 1, "n1"),
        (None, 7, 20, 1, "n7"),
        (None, 7, None, 1, "n7"),
        (5, None, None, 1, "x5"),
        (2.5, None, None, 1, "x2.5"),
        # Of a pool: three times what is taken, whatever the rounding of that is.
        (None, 7, None, 3, "n21"),
        (0.5, None, 7, 3, "n12"),
        (0.5, None, None, 3, "x0.5p3"),
    ],
)
def test_an_amount_has_one_name(
    ratio: float | None, count: int | None, per_class: int | None, times: int, label: str
) -> None:
    assert amount_label(ClassicArm(ratio=ratio, count=count), per_class, times=times) == label
    assert re.fullmatch(PATTERN, label)


@pytest.mark.parametrize(("times", "label"), [(1, "e"), (4, "ep4")])
def test_a_balance_is_known_by_the_data_alone(times: int, label: str) -> None:
    assert amount_label(GanArm("g", balance=True), None, times=times) == label
    assert re.fullmatch(PATTERN, label)


@pytest.mark.parametrize(
    ("label", "wanted"),
    [
        ("n100", {"ant": 100, "bee": 100, "cat": 100}),
        ("n9-t0.7-m2", {"ant": 9, "bee": 9, "cat": 9}),
        ("x5", {"ant": 100, "bee": 35, "cat": 45}),
        # Halves go to the even number: 3.5 is 4, and 4.5 is 4.
        ("x0.5", {"ant": 10, "bee": 4, "cat": 4}),
        ("x0.5p3", {"ant": 30, "bee": 12, "cat": 12}),
        ("e", {"ant": 0, "bee": 13, "cat": 11}),
        ("ep2-t1", {"ant": 0, "bee": 26, "cat": 22}),
    ],
)
def test_each_class_has_its_amount(label: str, wanted: dict[str, int]) -> None:
    assert amounts_of(label, {"ant": 20, "bee": 7, "cat": 9}) == wanted


def test_a_ratio_that_rounds_to_no_image_is_refused() -> None:
    with pytest.raises(
        UserError, match=r"^arms: 0\.1 times the 4 real images of a class is no image; raise the ratio$"
    ):
        amounts_of("x0.1p9", {"ant": 20, "bee": 4})


def test_balance_where_all_classes_are_even_is_refused() -> None:
    said = r"^arms: balance adds nothing, since every class has 7 real images; leave it out$"
    with pytest.raises(UserError, match=said):
        amounts_of("e", {"ant": 7, "bee": 7})


@pytest.mark.parametrize("label", ["100", "x", "n", "n1.5", "e5", "n5p", "y5", "n5-t", "n5-m10"])
def test_what_is_no_amount_is_an_error(label: str) -> None:
    with pytest.raises(ValueError, match="is no amount of images"):
        amounts_of(label, {"ant": 20})


@pytest.mark.parametrize(
    ("truncation", "mix", "label"), [(None, None, ""), (None, 1, ""), (0.7, None, "-t0.7"), (1.0, 2, "-t1-m2")]
)
def test_a_draw_is_read_back_from_its_name(truncation: float | None, mix: int | None, label: str) -> None:
    assert draw_label(truncation, mix) == label
    for amount in ("n5", "x0.5p3", "e", "ep12"):
        assert re.fullmatch(PATTERN, amount + label)
        assert draw_of(amount + label) == (truncation, mix or 1)


def test_what_shows_more_is_larger() -> None:
    # An even set lacks the largest class; what only the data tell counts as more than any count.
    labels = ["x5p3", "n100-t0.7", "ep10", "x0.5", "e", "n9", "x6", "ep4"]
    assert sorted(labels, key=size_of) == ["e", "ep4", "ep10", "n9", "n100-t0.7", "x0.5", "x6", "x5p3"]
