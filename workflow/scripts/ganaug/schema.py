"""Checking a config against the schemas, with errors a person can act on."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganaug.errors import UserError

if TYPE_CHECKING:
    from jsonschema import ValidationError


def load_schemas(folder: Path) -> dict[str, Any]:
    """The schema of a whole config, with the keys of GANs and classifiers joined in from their own files."""
    import yaml

    schema, *parts = (
        yaml.safe_load((folder / f"{name}.schema.yaml").read_text(encoding="utf-8"))
        for name in ("config", "gan", "classifier")
    )
    for name, part in zip(("gan", "classifier"), parts, strict=True):
        schema["$defs"][name]["properties"].update(part["properties"])
    return dict(schema)


def load_presets(folder: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """``{"gans": {name: values}, "classifiers": {name: values}, "arms": ...}`` from the files in ``config/``."""
    import yaml

    return {
        kind: {
            path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
            for path in sorted((folder / kind).glob("*.yaml"))
        }
        for kind in ("gans", "classifiers", "arms")
    }


def check(config: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Check ``config`` against ``schema``.

    Raises:
        UserError: for the first fault: which key, what is wrong, what to write instead.
    """
    import jsonschema

    # JSON calls 6.0 an integer; range(6.0) does not. YAML has .nan and .inf, which no limit holds back, and integers
    # beyond any float, with which no ratio can be computed.
    types = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, value: type(value) is int and _is_finite(value),
            "number": lambda _, value: type(value) in (int, float) and _is_finite(value),
        }
    )
    validator = jsonschema.validators.extend(
        jsonschema.Draft202012Validator, validators={"pattern": _whole_pattern}, type_checker=types
    )
    faults = validator(schema).iter_errors(config)
    # A misspelt key makes the right one missing too: tell of the misspelling first.
    for fault in sorted(
        faults, key=lambda fault: (fault.validator != "additionalProperties", list(map(str, fault.path)))
    ):
        raise UserError(_explain(fault))


def _is_finite(value: float) -> bool:
    return abs(value) <= sys.float_info.max


def _whole_pattern(_: object, pattern: str, value: object, __: object) -> Iterator[ValidationError]:
    """The fault of a text that ``pattern`` does not describe to its end: Python's ``$`` lets a line break follow."""
    from jsonschema import ValidationError

    if isinstance(value, str) and not re.fullmatch(pattern, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _explain(fault: ValidationError) -> str:
    where = ".".join(str(part) for part in fault.absolute_path)
    value: Any = fault.instance
    limit: Any = fault.validator_value
    schema: Any = fault.schema
    match fault.validator:
        case "additionalProperties":
            known = sorted(schema["properties"])
            key = next(key for key in value if key not in known)
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"the keys here are {', '.join(known)}"
            return f"{where}.{key}: no such key; {hint}".lstrip(".")
        case "required":
            missing = next(key for key in limit if key not in value)
            return f"{where}.{missing}: missing; set it".lstrip(".")
        case "type" | "enum" if isinstance(value, str) and _is_number(value):
            return f"{where}: {value!r} is text, not a number; {_as_yaml_number(value)}"
        case "type":
            names = [limit] if isinstance(limit, str) else limit
            said = "null" if value is None else repr(value)
            return f"{where}: {said} is not of type {' or '.join(names)}; correct it"
        case "enum":
            return f"{where}: {value!r} is not known; choose from {', '.join(map(_yaml, limit))}"
        case "pattern" if fault.absolute_path and limit.startswith("^[a-z"):
            return f"{where}: the name {value!r} may hold only a to z, 0 to 9, _ and -; rename it"
        case "pattern" if limit.startswith("^[a-z"):
            return f"the name {value!r} may hold only a to z, 0 to 9, _ and -; rename it"
        case "anyOf":
            return f"{where}: {_yaml(value)} is not known; choose from {', '.join(_choices(limit))}"
        case _:
            return f"{where}: {fault.message.splitlines()[0]}; correct it"


def _choices(options: Sequence[Mapping[str, Any]]) -> list[str]:
    """The values that any of several schemas allows, each either a list of words or a range of whole numbers."""
    words = [str(word) for option in options for word in option.get("enum", [])]
    ranges = [
        f"a whole number from {option['minimum']}" + (f" to {option['maximum']}" if "maximum" in option else "")
        for option in options
        if option.get("type") == "integer"
    ]
    return [*words, *ranges]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _as_yaml_number(text: str) -> str:
    if "e" not in text.lower():
        return f"write {text} without quotes, and in a file: --config reads what is in braces as text"
    mantissa, _, exponent = text.lower().partition("e")
    mantissa = mantissa if "." in mantissa else f"{mantissa}.0"
    exponent = exponent if exponent[0] in "+-" else f"+{exponent}"
    return f"YAML reads {text} as text, write {mantissa}e{exponent}"


def _yaml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)
