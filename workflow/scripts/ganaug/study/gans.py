"""The GANs of a study beside each other: sample quality and training, and what an improvement changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import permutations
from pathlib import Path
from statistics import fmean
from typing import Any

from ganaug.config import Gan
from ganaug.io import read_csv, read_json, write_csv, write_json, write_text
from ganaug.study.statistics import Sample, describe, t_interval
from ganaug.study.tables import DASH, Grid, Row, latex, markdown, plus_minus

# What a row says: distances of samples to real images (lower is better), and the training where they were taken.
DISTANCES = ("kid_train", "kid_validation", "fid_train", "fid_validation")
TRAINING = ("d_loss", "g_loss", "d_accuracy", "diversity", "recall")
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
        quality: of each repeat, what `ganaug.quality.stage.measure` wrote.
        histories: of each repeat, the histories of all jobs of the GAN.
    """

    gan: str
    snap: str
    quality: Sequence[Path]
    histories: Sequence[Sequence[Path]]


def tabulate_gans(
    measured: Sequence[Measured], *, floors: Sequence[Path], gans: Mapping[str, Gan], tables: Path
) -> None:
    """Write ``gans.json``, ``.csv``, ``.md`` and ``.tex``: a row a set of samples, the floor, and improvements.

    Args:
        measured: the sets of samples; all were compared with the same repeats.
        floors: of each repeat, training against validation images.
        gans: the settings of every GAN, by name.
        tables: the folder of the outputs.
    """
    samples = {(one.gan, one.snap): _samples(one) for one in measured}
    rows = [_row(gan, snap, values) for (gan, snap), values in samples.items()]
    entries = list(map(read_json, floors))
    floor = {name: describe([entry[name] for entry in entries if entry[name] is not None]) for name in ("kid", "fid")}
    facts = {
        "rows": rows,
        "floor": {name: asdict(sample) for name, sample in floor.items()},
        "network": entries[0]["network"] if entries else None,
        "fid_reason": next((entry["reason"] for entry in entries if entry["reason"]), None),
        "improvements": list(improvements(samples, gans)),
    }
    write_json(tables / "gans.json", facts)
    columns = [f"{name}_{part}" for name in (*DISTANCES, *TRAINING) for part in ("n", "mean", "std")]
    write_csv(
        tables / "gans.csv",
        ["gan", "snapshot", *columns],
        ({key: "" if value is None else value for key, value in _flat(row).items()} for row in rows),
    )
    grid = gan_grid(samples, floor)
    write_text(tables / "gans.md", markdown(grid))
    write_text(tables / "gans.tex", latex(grid))


def gan_grid(samples: Mapping[tuple[str, str], Mapping[str, Sample]], floor: Mapping[str, Sample]) -> Grid:
    """The table as text, best KID against training images first; the last row is the floor."""
    names = [*DISTANCES, *TRAINING]
    grid = [["GAN", "snapshot", *(TITLES[name] for name in names)]]
    for (gan, snap), values in sorted(samples.items(), key=lambda item: _rank(item[1]["kid_train"])):
        grid.append([gan, snap, *(plus_minus(values[name]) for name in names)])
    real = {"kid_validation": plus_minus(floor["kid"]), "fid_validation": plus_minus(floor["fid"])}
    grid.append(["real images", DASH, *(real.get(name, DASH) for name in names)])
    return grid


def improvements(samples: Mapping[tuple[str, str], Mapping[str, Sample]], gans: Mapping[str, Gan]) -> Iterator[Row]:
    """Pairs of GANs whose settings differ in one of `IMPROVEMENTS` alone, as before and after.

    Before is the one that has the setting at the default of `Gan`. The change is of KID against training images, over
    repeats, in which both GANs saw the same images; below 0 is better.
    """
    plain = {field: getattr(Gan, field, None) for field in IMPROVEMENTS}
    for before, after in permutations(gans, 2):
        one, other = asdict(gans[before]), asdict(gans[after])
        differing = [key for key in one if one[key] != other[key]]
        if len(differing) != 1 or differing[0] not in IMPROVEMENTS:
            continue
        [key] = differing
        if getattr(gans[before], key) != plain[key]:
            continue
        for (gan, snap), values in samples.items():
            if gan != before or (after, snap) not in samples:
                continue
            pairs = list(zip(values["kid_train"].values, samples[after, snap]["kid_train"].values, strict=False))
            change = [new - old for old, new in pairs]
            interval = t_interval(change, 0.05)
            yield {
                "before": before,
                "after": after,
                "snapshot": snap,
                "change": f"{key}: {_told(other[key])}",
                "kid_before": asdict(values["kid_train"]),
                "kid_after": asdict(samples[after, snap]["kid_train"]),
                "difference": fmean(change) if change else None,
                "low": interval and interval[0],
                "high": interval and interval[1],
            }


def _told(value: Any) -> str:
    """A setting in words; of a mapping what is set."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {one}" for key, one in value.items() if one is not None)
    return str(value)


def _samples(measured: Measured) -> dict[str, Sample]:
    """Every number of a row over the repeats; those that a repeat lacks are left out."""
    found: dict[str, list[float]] = {name: [] for name in (*DISTANCES, *TRAINING)}
    for path, histories in zip(measured.quality, measured.histories, strict=True):
        entry = read_json(path)
        for name in DISTANCES:
            distance, _, side = name.partition("_")
            if entry[side][distance] is not None:
                found[name].append(entry[side][distance])
        rows = [row for history in histories for row in _at(read_csv(history), measured.snap)]
        for name in TRAINING:
            values = [float(row[name]) for row in rows if row[name] != ""]
            if values:
                found[name].append(fmean(values))
    return {name: describe(values) for name, values in found.items()}


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


def _rank(sample: Sample) -> float:
    return float("inf") if sample.mean is None else sample.mean


def _row(gan: str, snap: str, values: Mapping[str, Sample]) -> Row:
    return {"gan": gan, "snapshot": snap, **{name: asdict(sample) for name, sample in values.items()}}


def _flat(row: Row) -> Row:
    flat: Row = {"gan": row["gan"], "snapshot": row["snapshot"]}
    for name in (*DISTANCES, *TRAINING):
        flat |= {f"{name}_{part}": row[name][part] for part in ("n", "mean", "std")}
    return flat
