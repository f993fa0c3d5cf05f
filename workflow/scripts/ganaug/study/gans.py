"""The GANs of a study beside each other: sample quality and training, and what an improvement changed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import reduce
from itertools import permutations
from pathlib import Path
from statistics import fmean
from typing import Any

from ganaug.amounts import draw_of
from ganaug.arms import Arm
from ganaug.config import Gan
from ganaug.io import read_csv, read_json, write_csv, write_json, write_text
from ganaug.study.gan_classes import CLASS_FIELDS, class_grid, class_rows, flat_class, known_real
from ganaug.study.gan_grids import COPIES, EQUAL, GUESSES, NUMBERS, SCORES, SIDES, TRAINING, Floor, grids, snapshot_told
from ganaug.study.scores import Scores, read_scores
from ganaug.study.statistics import Sample, describe, t_interval
from ganaug.study.tables import Row, latex, markdown

# An improvement changes one of these and nothing else.
IMPROVEMENTS = ("prepare", "schedule", "cutmix", "diffaugment", "ada", "ema", "loss", "n_critic")
# Columns of a history that are empty where nothing was looked at.
LOOKED_AT = ("diversity", "recall")
SCORE = "inception_score_equal"
COUNTED = ("samples_least", "samples_most", "equal_least", "equal_most")


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
        sizes: how many images of each set the numbers at equal N were computed from, by repeat.
        numbers: each of `ganaug.study.gan_grids.NUMBERS` by repeat; None where a repeat lacks it.
        reasons: of numbers that a repeat lacks, why.
        per_class: GAN-test by class, and in it by repeat.
    """

    gan: str
    snap: str
    truncation: float | None
    mix: int
    made: Sequence[int]
    numbers: Mapping[str, Sequence[float | None]]
    sizes: Sequence[int] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    per_class: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def over_repeats(self, name: str) -> Sample:
        """A number over the repeats that have it."""
        return describe([value for value in self.numbers[name] if value is not None])

    def compared(self) -> list[int]:
        """The numbers of samples, each once, that the distances were computed from."""
        return sorted({made for made, kid in zip(self.made, self.numbers["kid_train"], strict=True) if kid is not None})

    def equal(self) -> list[int]:
        """The N, each once, of what was computed at equal N."""
        return sorted({size for size in self.sizes if size})

    def row(self) -> Row:
        """All of it as JSON holds it."""
        return {
            "gan": self.gan,
            "snapshot": self.snap,
            "truncation": self.truncation,
            "mix": self.mix,
            "n": self.compared(),
            "n_equal": self.equal(),
            **{name: asdict(self.over_repeats(name)) for name in NUMBERS},
        }


def tabulate_gans(
    measured: Sequence[Measured],
    *,
    floors: Sequence[Path],
    gans: Mapping[str, Gan],
    scores: Sequence[Path],
    arms: Mapping[str, Arm],
    classifier: str,
    tables: Path,
    name: str = "gans",
) -> None:
    """Write ``gans.json``, ``.csv``, ``.md`` and ``.tex``: a row a set of samples, the floors, and improvements.

    The rows are in the order of KID against training images, the lowest first and those without one last. What stands
    by class is in ``gan_classes.csv``, ``.md`` and ``.tex`` too, but where nothing was scored.

    Args:
        measured: the sets of samples; all were compared with the same repeats.
        floors: of each repeat, training against validation images.
        gans: the settings of every GAN, by name.
        scores: the score files of the study; none where a network made the features that knows no classes.
        arms: the arms that were scored, by name.
        classifier: the one that, trained on the real images, made the features and judged the samples.
        tables: the folder of the outputs.
        name: of the files, in the place of ``gans``.
    """
    lines = sorted(map(_line, measured), key=_rank)
    records = list(map(read_json, floors))
    entries = [record["validation"] for record in records]
    known = read_scores(scores) if scores else None
    floor = _floor(entries, known, classifier)
    real = {
        side: sorted({entry[key] for entry in entries}) for side, key in (("train", "n_real"), ("validation", "n_made"))
    }
    rows = [line.row() for line in lines]
    classes = class_rows(lines, scores=known, arms=arms, classifier=classifier) if known else []
    facts = {
        "rows": rows,
        "floor": {number: asdict(sample) for number, sample in floor.items()},
        "real": real,
        "network": records[0]["config"]["network"] if records else None,
        "classifier": classifier,
        "fid_reason": next((entry["reason"] for entry in entries if entry["reason"]), None),
        "reasons": _reasons(lines),
        "improvements": list(improvements(lines, gans)),
        "classes": classes,
    }
    write_json(tables / f"{name}.json", facts)
    columns = [f"{number}_{part}" for number in NUMBERS for part in ("n", "mean", "std")]
    write_csv(
        tables / f"{name}.csv",
        ["gan", "snapshot", "truncation", "mix", *COUNTED, *columns],
        ({key: "" if value is None else value for key, value in _flat(row).items()} for row in rows),
    )
    made = grids(rows, floor, real["validation"])
    write_text(tables / f"{name}.md", "\n".join(f"## {title}\n\n{markdown(grid)}" for title, grid in made.items()))
    write_text(tables / f"{name}.tex", "\n".join(f"% {title}\n{latex(grid)}" for title, grid in made.items()))
    if known is None:
        return
    write_csv(tables / "gan_classes.csv", CLASS_FIELDS, map(flat_class, classes))
    write_text(tables / "gan_classes.md", markdown(class_grid(classes)))
    write_text(tables / "gan_classes.tex", latex(class_grid(classes)))


def _floor(entries: Sequence[Mapping[str, Any]], scores: Scores | None, classifier: str) -> Floor:
    """What real images get in the place of samples, over repeats, by the name of the number."""
    found = {
        f"{name}_validation": [entry[name] for entry in entries if entry.get(name) is not None]
        for name, side in SIDES.values()
        if side == "validation"
    }
    return {
        **{name: describe(values) for name, values in found.items()},
        "gan_test": known_real(scores, classifier) if scores else describe([]),
    }


def _reasons(lines: Sequence[Line]) -> dict[str, str]:
    """Of the numbers that no set of samples has, the reason of the first."""
    missing = [name for name in NUMBERS if all(value is None for line in lines for value in line.numbers[name])]
    found = {name: next((line.reasons[name] for line in lines if name in line.reasons), None) for name in missing}
    return {name: reason for name, reason in found.items() if reason}


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
    numbers, reasons = _numbers(entries)
    rows = [
        [row for history in histories for row in _at(read_csv(history), measured.snap)]
        for histories in measured.histories
    ]
    for name, column in TRAINING.items():
        numbers[name] = [_mean([_number(row[column]) for row in own]) for own in rows]
    tested = [entry["guesses"]["gan_test"] for entry in entries if entry.get("guesses")]
    classes = dict.fromkeys(label for one in tested if one for label in one["per_class"])
    return Line(
        gan=measured.gan,
        snap=measured.snap,
        truncation=truncation,
        mix=mix,
        made=[entry["train"]["n_made"] for entry in entries],
        sizes=[entry["floor"]["size"] for entry in entries],
        numbers=numbers,
        reasons=reasons,
        per_class={
            label: [one["per_class"][label]["accuracy"] for one in tested if one and label in one["per_class"]]
            for label in classes
        },
    )


def _numbers(entries: Sequence[Mapping[str, Any]]) -> tuple[dict[str, list[float | None]], dict[str, str]]:
    """What the quality stage wrote of a set in every repeat, by name; and of what is missing, why."""
    # Of each number the part of the record that holds it, its name there, and what leads to it.
    places: dict[str, tuple[str, str, tuple[str, ...]]] = {
        **{name: (side, key, (key,)) for name, (key, side) in SIDES.items()},
        **{name: ("floor", key, (side, key, "mean")) for name, (key, side) in EQUAL.items()},
        **{name: ("guesses", SCORE, (SCORE, side, "mean")) for name, side in SCORES.items()},
        **{name: ("memorisation", name, (name,)) for name in COPIES},
        **{name: ("guesses", name, (name, key)) for name, key in GUESSES.items()},
    }
    numbers: dict[str, list[float | None]] = {}
    reasons: dict[str, str] = {}
    for name, (part, key, path) in places.items():
        numbers[name] = [reduce(lambda found, step: found and found[step], path, entry.get(part)) for entry in entries]
        told = [entry[part]["reasons"][key] for entry in entries if key in entry.get(part, {}).get("reasons", {})]
        if told:
            reasons[name] = told[0]
    return numbers, reasons


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
        for name in LOOKED_AT:
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
    least_and_most = [end(row[key], default=None) for key in ("n", "n_equal") for end in (min, max)]
    flat |= dict(zip(COUNTED, least_and_most, strict=True))
    for name in NUMBERS:
        flat |= {f"{name}_{part}": row[name][part] for part in ("n", "mean", "std")}
    return flat
