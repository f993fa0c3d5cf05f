"""The GANs of a study beside each other: sample quality and training, and what an improvement changed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import permutations
from pathlib import Path
from statistics import fmean
from typing import Any

from ganaug.amounts import draw_of
from ganaug.config import Gan
from ganaug.io import read_csv, read_json, write_csv, write_json, write_text
from ganaug.study.statistics import Sample, describe, t_interval
from ganaug.study.tables import DASH, Grid, Row, latex, markdown, plus_minus

# What a row says: distances of samples to real images (lower is better), and the training where they were taken.
DISTANCES = ("kid_train", "kid_validation", "fid_train", "fid_validation")
TRAINING = ("d_loss", "g_loss", "d_accuracy", "diversity", "recall")
NUMBERS = (*DISTANCES, *TRAINING)
TITLES = {
    "kid_train": "KID, train",
    "kid_validation": "KID, validation",
    "fid_train": "FID, train",
    "fid_validation": "FID, validation",
    "d_loss": "d_loss",
    "g_loss": "g_loss",
    "d_accuracy": "D tells",
    "diversity": "diversity",
    "recall": "recall",
}
# An improvement changes one of these and nothing else.
IMPROVEMENTS = ("prepare", "schedule", "cutmix", "diffaugment", "ada", "ema", "loss", "n_critic")


@dataclass(frozen=True)
class Measured:
    """One set of samples over the repeats: the files that say how it went.

    Attributes:
        gan, snap: which GAN, and after which epoch.
        amount: how many samples, and how they were drawn; see `ganaug.amounts.amount_label` and `draw_label`.
        quality: of each repeat, what `ganaug.quality.stage.measure` wrote.
        histories: of each repeat, the histories of all jobs of the GAN.
    """

    gan: str
    snap: str
    amount: str
    quality: Sequence[Path]
    histories: Sequence[Sequence[Path]]


@dataclass(frozen=True)
class Line:
    """The numbers of one set of samples.

    Attributes:
        gan, snap: which GAN, and after which epoch.
        truncation, mix: how the samples were drawn; see `ganaug.config.GanArm`.
        made: how many samples each repeat has.
        numbers: each of `DISTANCES` and `TRAINING` by repeat; None where a repeat lacks it.
    """

    gan: str
    snap: str
    truncation: float | None
    mix: int
    made: Sequence[int]
    numbers: Mapping[str, Sequence[float | None]]

    def over_repeats(self, name: str) -> Sample:
        """A number over the repeats that have it."""
        return describe([value for value in self.numbers[name] if value is not None])

    def compared(self) -> list[int]:
        """The numbers of samples, each once, that the distances were computed from."""
        return sorted({made for made, kid in zip(self.made, self.numbers["kid_train"], strict=True) if kid is not None})

    def row(self) -> Row:
        """All of it as JSON holds it."""
        return {
            "gan": self.gan,
            "snapshot": self.snap,
            "truncation": self.truncation,
            "mix": self.mix,
            "n": self.compared(),
            **{name: asdict(self.over_repeats(name)) for name in NUMBERS},
        }


def tabulate_gans(
    measured: Sequence[Measured], *, floors: Sequence[Path], gans: Mapping[str, Gan], tables: Path
) -> None:
    """Write ``gans.json``, ``.csv``, ``.md`` and ``.tex``: a row a set of samples, the floor, and improvements.

    The rows are in the order of KID against training images, the lowest first and those without one last.

    Args:
        measured: the sets of samples; all were compared with the same repeats.
        floors: of each repeat, training against validation images.
        gans: the settings of every GAN, by name.
        tables: the folder of the outputs.
    """
    lines = sorted(map(_line, measured), key=_rank)
    records = list(map(read_json, floors))
    entries = [record["validation"] for record in records]
    floor = {name: describe([entry[name] for entry in entries if entry[name] is not None]) for name in ("kid", "fid")}
    real = {
        side: sorted({entry[key] for entry in entries}) for side, key in (("train", "n_real"), ("validation", "n_made"))
    }
    rows = [line.row() for line in lines]
    facts = {
        "rows": rows,
        "floor": {name: asdict(sample) for name, sample in floor.items()},
        "real": real,
        "network": records[0]["config"]["network"] if records else None,
        "fid_reason": next((entry["reason"] for entry in entries if entry["reason"]), None),
        "improvements": list(improvements(lines, gans)),
    }
    write_json(tables / "gans.json", facts)
    columns = [f"{name}_{part}" for name in NUMBERS for part in ("n", "mean", "std")]
    write_csv(
        tables / "gans.csv",
        ["gan", "snapshot", "truncation", "mix", "samples_least", "samples_most", *columns],
        ({key: "" if value is None else value for key, value in _flat(row).items()} for row in rows),
    )
    grid = gan_grid(lines, floor, real["validation"])
    write_text(tables / "gans.md", markdown(grid))
    write_text(tables / "gans.tex", latex(grid))


def gan_grid(lines: Sequence[Line], floor: Mapping[str, Sample], held: Sequence[int]) -> Grid:
    """The table as text; the last row is the floor, from so many validation images as ``held`` says."""
    grid = [["GAN", "snapshot", "N", *(TITLES[name] for name in NUMBERS)]]
    for line in lines:
        numbers = [plus_minus(line.over_repeats(name)) for name in NUMBERS]
        drawn = snapshot_told(line.snap, line.truncation, line.mix)
        grid.append([line.gan, drawn, span_told(line.compared()), *numbers])
    real = {"kid_validation": plus_minus(floor["kid"]), "fid_validation": plus_minus(floor["fid"])}
    grid.append(["real images", DASH, span_told(held), *(real.get(name, DASH) for name in NUMBERS)])
    return grid


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


def improvements(lines: Sequence[Line], gans: Mapping[str, Gan]) -> Iterator[Row]:
    """Pairs of GANs whose settings differ in one of `IMPROVEMENTS` alone, as before and after.

    Before is the one that has the setting at the default of `Gan`. The change is of KID against training images, over
    the repeats that both have, in which both GANs saw the same images; below 0 is better. Where a snapshot was
    measured by several numbers of samples, the most are taken.
    """
    plain = {field: getattr(Gan, field, None) for field in IMPROVEMENTS}
    most: dict[tuple[str, str, float | None, int], Line] = {}
    for line in sorted(lines, key=lambda line: max(line.made, default=0)):
        most[line.gan, line.snap, line.truncation, line.mix] = line
    for before, after in permutations(gans, 2):
        one, other = asdict(gans[before]), asdict(gans[after])
        differing = [key for key in one if one[key] != other[key]]
        if len(differing) != 1 or differing[0] not in IMPROVEMENTS:
            continue
        [key] = differing
        if getattr(gans[before], key) != plain[key]:
            continue
        for line in sorted(most.values(), key=_rank):
            changed = most.get((after, line.snap, line.truncation, line.mix))
            if line.gan != before or changed is None:
                continue
            yield {
                "before": before,
                "after": after,
                "snapshot": snapshot_told(line.snap, line.truncation, line.mix),
                "change": f"{key}: {_told(other[key])}",
                **_paired(line.numbers["kid_train"], changed.numbers["kid_train"]),
            }


def _paired(before: Sequence[float | None], after: Sequence[float | None]) -> Row:
    """KID before and after, and the difference with its interval, over the repeats that have both."""
    both = [(old, new) for old, new in zip(before, after, strict=True) if old is not None and new is not None]
    change = [new - old for old, new in both]
    interval = t_interval(change, 0.05)
    return {
        "kid_before": asdict(describe([old for old, _ in both])),
        "kid_after": asdict(describe([new for _, new in both])),
        "difference": fmean(change) if change else None,
        "low": interval and interval[0],
        "high": interval and interval[1],
    }


def _told(value: Any) -> str:
    """A setting in words; of a mapping what is set."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {one}" for key, one in value.items() if one is not None)
    return str(value)


def _line(measured: Measured) -> Line:
    """Every number of a row by repeat."""
    truncation, mix = draw_of(measured.amount)
    entries = list(map(read_json, measured.quality))
    numbers: dict[str, list[float | None]] = {}
    for name in DISTANCES:
        distance, _, side = name.partition("_")
        numbers[name] = [entry[side][distance] for entry in entries]
    rows = [
        [row for history in histories for row in _at(read_csv(history), measured.snap)]
        for histories in measured.histories
    ]
    for name in TRAINING:
        numbers[name] = [_mean([_number(row[name]) for row in own]) for own in rows]
    return Line(
        gan=measured.gan,
        snap=measured.snap,
        truncation=truncation,
        mix=mix,
        made=[entry["train"]["n_made"] for entry in entries],
        numbers=numbers,
    )


def _number(text: str) -> float | None:
    """A cell of a history; None where it is empty or, as when a training diverges, no finite number."""
    value = float(text) if text else math.nan
    return value if math.isfinite(value) else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _at(rows: Sequence[Mapping[str, str]], snap: str) -> list[Mapping[str, str]]:
    """Of each class the row of the snapshot's epoch, and before it the last that was looked at."""
    chosen: list[Mapping[str, str]] = []
    for label in dict.fromkeys(row["label"] for row in rows):
        own = [row for row in rows if row["label"] == label]
        upto = own if snap == "last" else own[: int(snap[1:])]
        last = dict(upto[-1])
        for name in ("diversity", "recall"):
            last[name] = next((row[name] for row in reversed(upto) if row[name] != ""), "")
        chosen.append(last)
    return chosen


def _rank(line: Line) -> tuple[float, str, str, float, int]:
    """The lowest KID against training images first, those without one last."""
    mean = line.over_repeats("kid_train").mean
    drawn = (math.inf if line.truncation is None else line.truncation, line.mix)
    return (math.inf if mean is None else mean, line.gan, line.snap, *drawn)


def _flat(row: Row) -> Row:
    flat: Row = {key: row[key] for key in ("gan", "snapshot", "truncation", "mix")}
    flat |= {"samples_least": min(row["n"], default=None), "samples_most": max(row["n"], default=None)}
    for name in NUMBERS:
        flat |= {f"{name}_{part}": row[name][part] for part in ("n", "mean", "std")}
    return flat
