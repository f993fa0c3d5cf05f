"""The numbers of the GANs as a few small tables: what they are called, and which stand together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ganaug.study.statistics import Sample, describe
from ganaug.study.tables import DASH, Grid, Row, plus_minus

Floor = Mapping[str, Sample]

DISTANCES = ("kid", "fid", "fid_infinite")
SHARES = ("precision", "recall", "density", "coverage")

# Each number: what it is called in a record of the quality stage, and where it stands there.
SIDES = {f"{name}_{side}": (name, side) for name in (*DISTANCES, *SHARES) for side in ("train", "validation")}
# Of samples, and of held-out images in their place, against as many training images.
EQUAL = {
    f"{name}_{end}": (name, side)
    for name in (*DISTANCES, *SHARES)
    for end, side in (("equal", "made"), ("floor", "real"))
}
SCORES = {f"inception_score_{end}": side for end, side in (("equal", "made"), ("floor", "real"))}
COPIES = ("closer", "expected", "copying", "chance", "suspicion", "equal")
GUESSES = {"inception_score": "mean", "gan_test": "accuracy"}
# And columns of a history.
TRAINING = {
    "d_loss": "d_loss",
    "g_loss": "g_loss",
    "d_accuracy": "d_accuracy",
    "diversity": "diversity",
    "pixel_recall": "recall",
}
NUMBERS = (*SIDES, *EQUAL, *SCORES, *COPIES, *GUESSES, *TRAINING)

TITLES = {
    "kid_train": "KID, train",
    "kid_validation": "KID, validation",
    "fid_train": "FID, train",
    "fid_validation": "FID, validation",
    "fid_infinite_train": "FID\N{INFINITY}, train",
    "fid_infinite_validation": "FID\N{INFINITY}, validation",
    "kid_equal": "KID",
    "fid_equal": "FID",
    "fid_infinite_equal": "FID\N{INFINITY}",
    "precision_equal": "precision",
    "recall_equal": "recall",
    "density_equal": "density",
    "coverage_equal": "coverage",
    "inception_score_equal": "Inception Score",
    "gan_test": "GAN-test",
    "closer": "nearer than any held-out",
    "expected": "expected",
    "copying": "copying",
    "equal": "as good as equal",
    "d_loss": "d_loss",
    "g_loss": "g_loss",
    "d_accuracy": "D tells",
    "diversity": "diversity",
    "pixel_recall": "recall, 8 \N{MULTIPLICATION SIGN} 8",
}
# Heading, the numbers below it, and whether they are of equal N.
TABLES: dict[str, tuple[tuple[str, ...], bool]] = {
    "Distance to real images": (
        tuple(f"{name}_{side}" for name in DISTANCES for side in ("train", "validation")),
        False,
    ),
    "Fidelity and diversity": (tuple(f"{name}_equal" for name in (*DISTANCES, *SHARES, "inception_score")), True),
    "Memorisation and GAN-test": (("closer", "expected", "copying", "equal", "gan_test"), False),
    "Training": (tuple(TRAINING), False),
}
REAL = "real images"


def grids(rows: Sequence[Row], floor: Floor, held: Sequence[int]) -> dict[str, Grid]:
    """The tables as text by their headings; a column where no set of samples has a number is left out.

    Args:
        rows: of ``gans.json``.
        floor: what real images get, over repeats.
        held: the numbers of validation images that the floor is of.
    """
    made = {}
    for title, (names, equal) in TABLES.items():
        shown = [name for name in names if any(row[name]["n"] for row in rows)]
        if not shown:
            continue
        count = "n_equal" if equal else "n"
        grid = [["GAN", "snapshot", "N", *(TITLES[name] for name in shown)]]
        for row in rows:
            drawn = snapshot_told(row["snapshot"], row["truncation"], row["mix"])
            grid.append([row["gan"], drawn, span_told(row[count]), *(told(row[name], name) for name in shown)])
        made[title] = [*grid, *(_floors(rows, shown) if equal else _reals(shown, floor, held))]
    return made


def _floors(rows: Sequence[Row], shown: Sequence[str]) -> Grid:
    """A row for each N: what real images get at it. Sets of one N share their draws of real images."""
    by_size = {tuple(row["n_equal"]): row for row in rows if row["n_equal"]}
    return [
        [REAL, DASH, span_told(size), *(told(row[name.replace("_equal", "_floor")], name) for name in shown)]
        for size, row in by_size.items()
    ]


def _reals(shown: Sequence[str], floor: Floor, held: Sequence[int]) -> Grid:
    known = [plus_minus(floor[name]) if name in floor else DASH for name in shown]
    return [] if set(known) == {DASH} else [[REAL, DASH, span_told(held), *known]]


def told(values: Mapping[str, Any], name: str) -> str:
    """A number over repeats: shares in per cent, counts as they are, others with their standard deviation."""
    if name in ("closer", "expected"):
        return DASH if values["mean"] is None else share(values["mean"])
    if name == "equal":
        return span_told([round(value) for value in values["values"]])
    return plus_minus(sample_of(values))


def share(value: float) -> str:
    """In per cent, with a decimal below 10."""
    return f"{100 * value:.1f}%" if value < 0.0995 else f"{100 * value:.0f}%"


def sample_of(values: Mapping[str, Any]) -> Sample:
    """A sample as JSON holds it."""
    return describe(values["values"])


def snapshot_told(snap: str, truncation: float | None, mix: int) -> str:
    """A snapshot, and how its samples were drawn where they were not drawn as they come."""
    drawn = ([] if truncation is None else [f"truncation {truncation:g}"]) + ([] if mix == 1 else [f"mix {mix}"])
    return f"{snap} ({', '.join(drawn)})" if drawn else snap


def span_told(numbers: Sequence[int]) -> str:
    """The least and the most of ``numbers``, or a dash for none."""
    if not numbers:
        return DASH
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"
