"""How many images an arm adds to each class: as a config says it, as file names do, and in numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from ganaug.errors import UserError

PATTERN = r"(n\d+|x[\d.]+|e)(p\d+)?(-t[\d.]+)?(-m\d)?"
_PARTS = re.compile(r"(?P<kind>[nxe])(?P<number>[\d.]*)(p(?P<times>\d+))?(-t(?P<truncation>[\d.]+))?(-m(?P<mix>\d))?")


class Amount(Protocol):
    """The part of a config that says how many: exactly one of a ratio, a count a class, and ``balance``."""

    @property
    def ratio(self) -> float | None: ...
    @property
    def count(self) -> int | None: ...
    @property
    def balance(self) -> bool: ...


def amount_label(amount: Amount, per_class: int | None, *, times: int = 1) -> str:
    """An amount of new images as it stands in file names.

    ``n100`` is 100 images a class. A ratio of a real set whose size is only known once the data are there
    (``per_class`` null) is ``x5``: five times each class. ``e`` makes every class even with the largest. ``p3`` behind
    it is three times that: of a pool from which a third is taken.
    """
    more = f"p{times}" if times > 1 else ""
    if amount.balance:
        return f"e{more}"
    if amount.count is not None:
        return f"n{amount.count * times}"
    assert amount.ratio is not None
    return f"x{amount.ratio:g}{more}" if per_class is None else f"n{round(amount.ratio * per_class) * times}"


def amounts_of(label: str, real: Mapping[str, int]) -> dict[str, int]:
    """How many images ``label`` (see `amount_label`) asks for in each class, where ``real`` counts the real ones.

    Raises:
        UserError: none in some class by rounding; none in any, since all classes are even already.
    """
    parts = _parts(label)
    times, largest = int(parts["times"] or 1), max(real.values(), default=0)
    if parts["kind"] == "e":
        if real and min(real.values()) == largest:
            raise UserError(f"arms: balance adds nothing, since every class has {largest} real images; leave it out")
        return {name: (largest - count) * times for name, count in real.items()}
    number = parts["number"]
    asked = {name: int(number) if parts["kind"] == "n" else round(float(number) * own) for name, own in real.items()}
    if none := [name for name, count in asked.items() if count == 0]:
        raise UserError(f"arms: {number} times the {real[none[0]]} real images of a class is no image; raise the ratio")
    return {name: count * times for name, count in asked.items()}


def size_of(label: str) -> tuple[int, float]:
    """What sorts labels by how much of the images they show.

    Those that leave out the largest class come first, then counts, then ratios of what only the data tell.
    """
    parts = _parts(label)
    return "enx".index(parts["kind"]), float(parts["number"] or 1) * int(parts["times"] or 1)


def draw_label(truncation: float | None, mix: int | None) -> str:
    """How samples are drawn as it stands in file names, behind an `amount_label`: ``-t0.7-m2``, or nothing.

    A mix of 1 is none.
    """
    return ("" if truncation is None else f"-t{truncation:g}") + ("" if mix in (None, 1) else f"-m{mix}")


def draw_of(label: str) -> tuple[float | None, int]:
    """The truncation, and the number of latents of a sample, in a label that ends as `draw_label` says."""
    parts = _parts(label)
    return float(parts["truncation"]) if parts["truncation"] else None, int(parts["mix"] or 1)


def _parts(label: str) -> Mapping[str, Any]:
    found = _PARTS.fullmatch(label)
    if found is None or not re.fullmatch(PATTERN, label):
        raise ValueError(f"{label!r} is no amount of images")
    return found.groupdict()
