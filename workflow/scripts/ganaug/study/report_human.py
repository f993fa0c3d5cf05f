"""What the report says of people who were asked which image is real."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganaug.io import read_json
from ganaug.study.human import Rate, human_grid, is_outdated, note


def human_section(table: Path) -> Mapping[str, Any]:
    """What ``report_human.html.j2`` shows of ``tables/human.json``."""
    facts = read_json(table)
    rates = [Rate(**row) for row in facts["rows"]]
    return {
        **facts,
        "lines": human_grid(rates),
        "note": note(rates),
        "outdated": is_outdated(facts["sources"]),
    }
