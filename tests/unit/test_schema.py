import pytest

from ganaug.errors import UserError
from ganaug.schema import check

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["lr"],
    "properties": {
        "lr": {"type": "number", "exclusiveMinimum": 0},
        "size": {"type": ["integer", "null"]},
        "mode": {"enum": ["a", True, None]},
        "inner": {"type": "object", "additionalProperties": False, "properties": {"epochs": {"type": "integer"}}},
        "code": {"type": "string", "pattern": "^[0-9a-f]+$"},
        "named": {"type": "object", "propertyNames": {"type": "string", "pattern": "^[a-z0-9_-]+$"}},
    },
}


def fault(**config: object) -> str:
    with pytest.raises(UserError) as caught:
        check({"lr": 1.0, **config}, SCHEMA)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "number"),
    [("2e-4", "2.0e-4"), ("1e3", "1.0e+3"), ("1.5E3", "1.5e+3"), ("-2e-4", "-2.0e-4")],
)
def test_a_number_that_yaml_reads_as_text_is_told_how_to_write(text: str, number: str) -> None:
    message = fault(lr=text)
    assert message == f"lr: {text!r} is text, not a number; YAML reads {text} as text, write {number}"
    assert float(number) == float(text)


def test_a_quoted_number_loses_its_quotes() -> None:
    assert fault(lr="0.1").startswith("lr: '0.1' is text, not a number; write 0.1 without quotes")


def test_each_fault_names_its_key() -> None:
    assert fault(sise=3) == "sise: no such key; did you mean size?"
    assert fault(inner={"epoch": 3}) == "inner.epoch: no such key; did you mean epochs?"
    assert fault(inner={"zzz": 3}) == "inner.zzz: no such key; the keys here are epochs"
    assert fault(size="large") == "size: 'large' is not of type integer or null; correct it"
    assert fault(mode="b") == "mode: 'b' is not known; choose from a, true, null"
    assert fault(lr=0) == "lr: 0 is less than or equal to the minimum of 0; correct it"
    assert fault(named={"A b": {}}) == "named: the name 'A b' may hold only a to z, 0 to 9, _ and -; rename it"
    with pytest.raises(UserError, match=r"^lr: missing; set it$"):
        check({}, SCHEMA)


def test_a_misspelt_key_is_told_before_the_one_it_leaves_missing() -> None:
    with pytest.raises(UserError, match=r"^lr_: no such key; did you mean lr"):
        check({"lr_": 0.1}, SCHEMA)


def test_a_sound_config_passes() -> None:
    assert check({"lr": 2e-4, "size": None, "mode": True, "inner": {"epochs": 1}}, SCHEMA) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 10**309])
def test_what_is_not_finite_is_no_number(value: float) -> None:
    assert fault(lr=value) == f"lr: {value} is not of type number; correct it"


def test_a_pattern_holds_for_the_whole_text() -> None:
    assert check({"lr": 1, "code": "0a", "named": {"a": 1}}, SCHEMA) is None
    assert fault(code="0a\n") == "code: '0a\\n' does not match '^[0-9a-f]+$'; correct it"
    assert fault(named={"a\n": 1}) == "named: the name 'a\\n' may hold only a to z, 0 to 9, _ and -; rename it"
