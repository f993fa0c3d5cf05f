"""The data card: what is known of the images, and the questions that only their owner can answer.

The idea is that of Gebru et al. (2021), "Datasheets for datasets", Communications of the ACM 64(12).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ganaug.images import SplitRow, role_counts
from ganaug.io import write_text

SKIPPED_SHOWN = 50


def write_card(
    out: Path,
    *,
    experiment: str,
    source: Mapping[str, Any],
    report: Mapping[str, Any],
    rows: Sequence[SplitRow],
    repeats: int,
) -> None:
    """Write the data card, which says the same whenever it is written.

    Args:
        out: the Markdown file.
        experiment: its name.
        source, report: what ``data/source.json`` and ``data/report.json`` hold.
        rows: train and validation images of repeat 0.
        repeats: how many repeats draw such rows.
    """
    write_text(out, render(experiment=experiment, source=source, report=report, rows=rows, repeats=repeats))


def render(
    *,
    experiment: str,
    source: Mapping[str, Any],
    report: Mapping[str, Any],
    rows: Sequence[SplitRow],
    repeats: int,
) -> str:
    """The data card as Markdown; see `write_card`. Names from users are escaped, so that none can change its form."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_finalize,
    )
    return environment.get_template("card.md.j2").render(
        experiment=experiment,
        source=source,
        report=report,
        config=report["config"],
        near=[part["near_duplicates"] for part in report["parts"]],
        roles={"train": role_counts(rows, "train"), "validation": role_counts(rows, "validation")},
        repeats=repeats,
        shown=SKIPPED_SHOWN,
    )


def _finalize(value: Any) -> Any:
    return escape(value) if isinstance(value, str) else value


def escape(text: str) -> str:
    """``text`` as Markdown shows it letter by letter, on one line and in one cell of a table."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in text)
    return re.sub(r"([\\`*_\[\]<>|#~&])", r"\\\1", printable)
