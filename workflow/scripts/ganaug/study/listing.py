"""Rows of numbers as rows of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DASH = "\N{EN DASH}"  # where there is no number


def text_grid(fields: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Rows as text under a header: fractions to three places, digests by their first eight characters."""

    def told(field: str, value: Any) -> str:
        if value is None:
            return DASH
        if isinstance(value, float) and field != "images":
            return f"{value:z.3f}"
        return str(value)[:8] if field == "digest" else f"{value:g}" if isinstance(value, float) else str(value)

    return [[field.replace("_", " ") for field in fields], *([told(key, row[key]) for key in fields] for row in rows)]
