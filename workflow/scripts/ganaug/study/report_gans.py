"""The section of the report that compares the GANs, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ganaug.io import read_json
from ganaug.study.gan_classes import class_grid
from ganaug.study.gan_grids import TABLES, TITLES, grids, sample_of, share, snapshot_told, span_told
from ganaug.study.page import base64_of
from ganaug.study.statistics import Sample
from ganaug.study.tables import DASH, plus_minus

# So rare that samples so near to training images are no accident, over all repeats of all sets.
RARE = 0.05


def gan_section(table: Path, *, films: Sequence[Path], pairs: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The GANs as their tables have them, what an improvement changed, films of training, and the closest pairs.

    Args:
        table: ``tables/gans.json``.
        films: a GIF a GAN, in folders named after them (``gan/NAME/r0/j0/film.gif``).
        pairs: pictures of samples beside the nearest training images.
    """
    facts = read_json(table)
    rows, real = facts["rows"], facts["real"]
    sizes = {count for row in rows if row["fid_train"]["n"] or row["fid_validation"]["n"] for count in row["n"]}
    sizes |= set(real["validation"]) if facts["floor"]["fid_validation"]["n"] else set()
    floor = {name: sample_of(values) for name, values in facts["floor"].items()}
    return {
        **facts,
        "tables": [
            {"title": title, "head": grid[0], "rows": [list(map(_minus, row)) for row in grid[1:]], "missing": missing}
            for title, grid in grids(rows, floor, real["validation"]).items()
            for missing in [list(_missing(facts["reasons"], TABLES[title][0]))]
        ],
        "real": {side: span_told(counts) for side, counts in real.items()},
        "fid_sizes_differ": len(sizes) > 1,
        "copying": [copying_told(row, sets=len(rows)) for row in rows],
        "tested": [] if floor["gan_test"].mean is None else list(_tested(rows, facts["classifier"], floor["gan_test"])),
        "pairs": pairs,
        "class_grid": class_grid(facts["classes"]),
        "improvements": [
            {
                **one,
                "kid_before": _told(one["kid_before"]),
                "kid_after": _told(one["kid_after"]),
                "difference": _signed(one["difference"]),
                "interval": DASH if one["low"] is None else f"{_signed(one['low'])} to {_signed(one['high'])}",
            }
            for one in facts["improvements"]
        ],
        "films": [{"name": path.parts[-4], "gif": base64_of(path)} for path in films],
    }


def copying_told(row: Mapping[str, Any], *, sets: int) -> str:
    """What the nearest training images say of one of so many ``sets`` of samples, in a sentence."""
    if row["closer"]["mean"] is None:
        return f"Samples of {_name(row)}: nothing to compare."
    equal, repeats = round(sum(row["equal"]["values"])), row["closer"]["n"]
    if equal:
        found = f"copies, {equal} of them in all repeats together as good as equal to a training image"
    elif sets * repeats * min(row["suspicion"]["values"]) < RARE:
        found = "more than chance explains, look at the closest pairs"
    else:
        found = "no sign of copying"
    return (
        f"{share(row['closer']['mean'])} of the samples of {_name(row)} are nearer to a training image than any "
        f"held-out image is ({share(row['expected']['mean'])} expected): {found}."
    )


def _name(row: Mapping[str, Any]) -> str:
    """Which samples, as a part of a sentence."""
    drawn = snapshot_told(row["snapshot"], row["truncation"], row["mix"]).replace(" (", ", ").rstrip(")")
    return f"{row['gan']} ({drawn})"


def _tested(rows: Sequence[Mapping[str, Any]], classifier: str, real: Sample) -> Iterator[str]:
    assert real.mean is not None
    for row in rows:
        if row["gan_test"]["mean"] is not None:
            yield (
                f"{classifier}, trained on the real images, takes {share(row['gan_test']['mean'])} of the samples of "
                f"{_name(row)} for their class, and {share(real.mean)} of real validation images."
            )


def _missing(reasons: Mapping[str, str], names: Sequence[str]) -> Iterator[str]:
    """Of the numbers that no set of samples has, which they are and why."""
    by_reason: dict[str, list[str]] = {}
    for name in names:
        if name in reasons:
            by_reason.setdefault(reasons[name], []).append(TITLES[name])
    for reason, titles in by_reason.items():
        yield f"No {'; '.join(titles)}: {reason}."


def _told(values: Mapping[str, Any]) -> str:
    """A mean with its standard deviation, with a minus that is as long as a plus."""
    return _minus(plus_minus(sample_of(values)))


def _minus(text: str) -> str:
    """A number with a minus that is as long as a plus; names with hyphens stay."""
    return f"\N{MINUS SIGN}{text[1:]}" if text.startswith("-") else text


def _signed(value: float | None) -> str:
    """A difference with its sign, or a dash for none."""
    return DASH if value is None else _minus(f"{value:+z.3f}")
