"""The section of the report on the GANs by the features of networks that others trained, as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ganaug.study.report_gans import gan_section


def network_section(table: Path) -> dict[str, Any]:
    """What one network says: its name, the tables of `gan_section`, and where there are none, why (``nothing``).

    Args:
        table: ``tables/gans-NETWORK.json``.
    """
    facts = gan_section(table, films=(), pairs=())
    reasons = [] if facts["tables"] else list(dict.fromkeys(facts["reasons"].values()))
    return {**facts, "name": table.stem.removeprefix("gans-"), "nothing": reasons[:1]}
