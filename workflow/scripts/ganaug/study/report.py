"""The report: one HTML file that carries everything it shows, and the same answer as text for a terminal."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from ganaug.io import read_csv, read_json, write_text
from ganaug.study import per_class
from ganaug.study.alts import PLAIN, alt_text
from ganaug.study.cost import Costs
from ganaug.study.decision import LEAST_REPEATS
from ganaug.study.page import base64_of, render_page
from ganaug.study.preflight import left_out
from ganaug.study.provenance import hardware, stage_times, versions
from ganaug.study.report_gans import gan_section
from ganaug.study.report_human import human_section
from ganaug.study.report_networks import network_section
from ganaug.study.scores import METRICS
from ganaug.study.statistics import Sample
from ganaug.study.tables import TITLES, plus_minus
from ganaug.study.verdict import REAL, points

CAPTIONS = {
    "forest": "Differences in test accuracy, paired within repeats, each with the interval of its verdict. Triangles "
    "are arms that help (up) or hurt (down), squares make no practical difference, hollow circles are not settled.",
    "per_class": "The gain in test recall of each class over real, with its 95% interval; a filled marker where the "
    "interval leaves out 0. Of many classes the largest gains and losses alone.",
    "accuracy": "Test accuracy by arm. Every dot is a repeat, thin lines join the arms of a repeat; the diamond is the "
    "mean, the bar its 95% interval, on its own and not adjusted. Pairs are what counts: where all lines lean one way, "
    "there is a difference, even if the bars overlap.",
    "curves": "Training curves: mean over repeats, the band is one standard deviation.",
    "confusion": "Confusion matrices of the test set, summed over repeats; shaded by the share of the true class.",
    "grid": "Left: test accuracy against real images a class, a line a ratio. Right: the gain over the same number of "
    "real images alone, paired within repeats, a line a size; the band is of no practical interest. Bars are 95% "
    "Student-t intervals over repeats, each on its own.",
    "gan": "GAN training: mean over classes and repeats, the band is one standard deviation.",
}
EXPLORED = {
    "counts": "Images by class: what the first repeat trains on and validates with, and what is sealed.",
    "classes": "Images of every class, or of the first where its title says so, drawn at random.",
    "means": "Mean images, of the classes shown above, and below each the standard deviation of every pixel (black 0, "
    "white 127.5, the most that there can be). A class whose mean shows a sharp background may be known by that "
    "background alone.",
    "histograms": "How often each value occurs in each channel.",
    "random": "Images drawn at random from all classes.",
    "first": "The first images, in the order of classes and names.",
    "singles": "Single images, and the values of their own pixels.",
    "sizes": "Sizes of the development images as they came.",
    "near_duplicates": "Development images with nearly the same perceptual hash; those with a test image are listed "
    "by name under “The data”, and not shown.",
}
# The other pictures of the images are behind a click.
AT_ONCE = ("counts", "classes", "means", "histograms")
FIRST_PAIRS = 10
PAIRS = "memorised-"
TRACK_WIDTH = 250
TERMINAL_WIDTH = 100


@dataclass(frozen=True)
class Track:
    """A comparison drawn as a line: x positions, from 0 to `TRACK_WIDTH`, of interval, mean and region of equivalence.

    ``cut_low`` and ``cut_high`` say that the interval goes on beyond the drawing.
    """

    low: float | None
    high: float | None
    mean: float | None
    rope_low: float
    rope_high: float
    cut_low: bool
    cut_high: bool


def write_report(
    out: Path,
    *,
    summary: Path,
    data_report: Path,
    pictures: Sequence[Path],
    exploration: Path | None,
    benchmarks: Path,
    config: Mapping[str, Any],
    code_digests: Mapping[str, str],
    gans: Path | None = None,
    networks: Sequence[Path] = (),
    films: Sequence[Path] = (),
    grid: Sequence[Path] = (),
    human: Path | None = None,
    class_gains: Path | None = None,
    costs: Costs | None = None,
) -> None:
    """Write the report of a study.

    Args:
        out: the HTML file.
        summary: ``summary.json`` of the study.
        data_report: ``data/report.json`` of the experiment.
        pictures: PNG files to embed, in the order shown; those of `CAPTIONS` are known by their names.
        gans: ``tables/gans.json``; None leaves the comparison of GANs out.
        networks: ``tables/gans-NETWORK.json`` of networks that others trained.
        films: a GIF a GAN, in folders named after them (``gan/NAME/r0/j0/film.gif``).
        grid: ``tables/grid.json`` and ``plots/grid.png``; nothing leaves the grid out.
        human: ``tables/human.json``; None leaves what people answered out.
        class_gains: ``tables/per_class_gains.csv``; None leaves out which classes gain.
        costs: what every arm took; None leaves it out.
        exploration: ``explore/record.json``, whose pictures lie beside it; None leaves the images out.
        benchmarks: the folder of Snakemake's benchmark files; it may be missing.
        config: the merged config, printed as it is.
        code_digests: of the code of every rule, by its name.
    """
    told = read_json(summary)
    shown = {path.stem: _picture(path, told) for path in pictures}
    pairs = [shown.pop(name) for name in [*shown] if name.startswith(PAIRS)]
    facts = {
        "forest": shown.pop("forest", None),
        "per_class_picture": shown.pop("per_class", None),
        "per_class": per_class.facts(read_csv(class_gains)) if class_gains else [],
        "costs": costs,
        "pictures": list(shown.values()),
        "explored": _explored(exploration) if exploration else None,
        "gans": gan_section(gans, films=films, pairs=pairs) if gans else None,
        "networks": list(map(network_section, networks)),
        "human": human_section(human) if human else None,
        "grid": {**read_json(grid[0]), "picture": _picture(grid[1], told)} if grid else None,
        "stages": stage_times(benchmarks),
        "versions": versions(),
        "hardware": hardware(),
        "code": code_digests,
    }
    write_text(out, render(told, read_json(data_report), config=config, facts=facts))


def render(
    summary: Mapping[str, Any], data: Mapping[str, Any], *, config: Mapping[str, Any], facts: Mapping[str, Any]
) -> str:
    """The report as HTML."""
    import yaml

    plain = json.loads(json.dumps(config))  # Snakemake's mappings are not plain dicts
    comparisons = flatten(summary)
    family = [c for c in comparisons if not c["control"]]
    values = {
        "s": summary,
        "data": data,
        "banners": banners(summary),
        "titles": list(TITLES.values()),
        "rows": main_rows(summary),
        "tracks": tracks(family, summary["rope"]),
        "family": family,
        "controls": [c for c in comparisons if c["control"]],
        "failed": [cell for cell in summary["cells"] if cell["state"] != "ok"],
        "pairs": _near_duplicates(data),
        "left_out": left_out(data),
        "first_pairs": FIRST_PAIRS,
        "least_repeats": LEAST_REPEATS,
        "budget": budget(summary),
        "config": yaml.safe_dump(plain, sort_keys=False, allow_unicode=True),
        "seed": plain["seed"],
        "needs_path": None if plain["data"]["source"] == "digits" else plain["data"]["source"],
        "points": points,
        "width": TRACK_WIDTH,
        **facts,
    }
    return render_page("report.html.j2", values)


def _picture(path: Path, summary: Mapping[str, Any]) -> dict[str, str]:
    caption = CAPTIONS.get(path.stem, path.stem)
    if path.stem.startswith("samples-"):
        caption = f"Real images beside synthetic ones, a row a class ({path.stem.removeprefix('samples-')})."
    if path.stem.startswith(PAIRS):
        caption = f"{path.stem.removeprefix(PAIRS)}, first repeat."
    return {"name": path.stem, "caption": caption, "alt": alt_text(path.stem, summary), "png": base64_of(path)}


def _explored(record: Path) -> dict[str, Any]:
    """The number of images of each split, and the pictures of them: those to be seen at once, and the others."""
    facts = read_json(record)
    shown = [
        {"name": name, "caption": caption, "alt": PLAIN[name], "png": base64_of(record.parent / f"{name}.png")}
        for name, caption in EXPLORED.items()
        if f"{name}.png" in facts["outputs"]
    ]
    return {
        **{split: sum(facts["counts"][split].values()) for split in ("train", "validation")},
        "at_once": [picture for picture in shown if picture["name"] in AT_ONCE],
        "more": [picture for picture in shown if picture["name"] not in AT_ONCE],
    }


def budget(summary: Mapping[str, Any]) -> str:
    """The fixed budget of every cell, in words."""
    given = summary["budget"]
    length = f"{given['steps']} steps" if given["steps"] is not None else f"{given['epochs']} epochs"
    return f"{length}, {'the best on validation scored' if given['select'] == 'best' else 'the last step scored'}"


def banners(summary: Mapping[str, Any]) -> list[str]:
    """What a reader must know before believing any number below."""
    told = []
    if summary["leaky"]:
        told.append("data.leaky is true: the GANs saw the test images. No gain below is evidence of a real one.")
    if summary["validation"] == 0:
        told.append(
            "data.validation is 0: nothing was held out to choose on. The last step is scored, and test curves are "
            "shown that must not be used to choose anything."
        )
    if summary["test_sets"]["too_coarse"]:
        told.append(f"Few test images: {summary['test_sets']['too_coarse']}.")
    if summary["failed"]:
        told.append(
            f"{summary['failed']} of {len(summary['cells'])} cells failed. Their pairs are left out and never filled "
            "in; what is left may be the easier cases. They are listed under “Failed cells”."
        )
    planned, scored = summary["repeats"]["planned"], summary["repeats"]["scored"]
    if scored < planned:
        told.append(f"This is a partial report: {scored} of {planned} repeats are scored.")
    for one in flatten(summary):
        # With an epoch budget the control trains longer than real, and a difference is what it shows.
        if one["verdict"] == "control: differs" and summary["budget"]["steps"] is not None:
            told.append(
                f"The control {one['arm']} differs from real with {one['classifier']} by {points(one['mean'])} points. "
                "By chance that happens in 1 of 20 sound studies; it may also mean that the comparison is broken."
            )
    return told


def flatten(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The comparisons of a summary as one list: by classifier, those against ``real`` first."""
    found = [
        {"classifier": classifier, "arm": arm, "reference": reference, **entry}
        for classifier, arms in summary["comparisons"].items()
        for arm, references in arms.items()
        for reference, entry in references.items()
    ]
    classifiers = list(summary["comparisons"])
    return sorted(found, key=lambda one: (classifiers.index(one["classifier"]), one["reference"] != REAL))


def main_rows(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The main table: a row an arm and classifier with its test metrics as text and its verdict against ``real``."""
    rows = []
    for arm, classifiers in summary["arms"].items():
        for classifier, entry in classifiers.items():
            numbers = [entry["test"][metric] for metric in METRICS]
            against = summary["comparisons"].get(classifier, {}).get(arm, {}).get(REAL)
            rows.append(
                {
                    "arm": arm,
                    "classifier": classifier,
                    "n": entry["n"],
                    "failed": entry["failed"],
                    "train_images": entry["train_images"],
                    "wilson": entry["test"]["accuracy"]["wilson"],
                    "metrics": [plus_minus(Sample(m["n"], m["mean"], m["std"], tuple(m["raw"]))) for m in numbers],
                    "verdict": against["verdict"] if against else None,
                    "control": bool(against and against["control"]),
                }
            )
    classifiers = [row["classifier"] for row in rows]
    return sorted(rows, key=lambda row: classifiers.index(row["classifier"]))


def tracks(comparisons: Sequence[Mapping[str, Any]], rope: float) -> list[Track]:
    """Every interval on one common scale around 0; one that is much longer than the others is cut at the edge."""
    reaches = [max(abs(c["low"]), abs(c["high"])) for c in comparisons if c["low"] is not None]
    span = max(4 * rope, min(max(reaches), 2 * median(reaches)) if reaches else 0.0) or 0.01

    def place(value: float) -> float:
        return round(TRACK_WIDTH / 2 * (1 + max(-1.0, min(1.0, value / span))), 1)

    return [
        Track(
            low=None if c["low"] is None else place(c["low"]),
            high=None if c["high"] is None else place(c["high"]),
            mean=None if c["mean"] is None or abs(c["mean"]) > span else place(c["mean"]),
            rope_low=place(-rope),
            rope_high=place(rope),
            cut_low=c["low"] is not None and c["low"] < -span,
            cut_high=c["high"] is not None and c["high"] > span,
        )
        for c in comparisons
    ]


def _near_duplicates(data: Mapping[str, Any]) -> list[Sequence[Any]]:
    return [pair for part in data["parts"] for pair in part["near_duplicates"]["pairs"]]


def print_summary(summary: Mapping[str, Any]) -> str:
    """The table of arms and the verdict as plain text, for a terminal."""
    head = ["arm", "classifier", "n", "test accuracy", "macro F1", "against real", "verdict"]
    grid = [head]
    for row in main_rows(summary):
        accuracy, f1 = (row["metrics"][METRICS.index(metric)] for metric in ("accuracy", "f1"))
        against = summary["comparisons"].get(row["classifier"], {}).get(row["arm"], {}).get(REAL)
        gain = points(against["mean"]) if against and against["mean"] is not None else ""
        name = row["arm"] + (f" ({row['failed']} failed)" if row["failed"] else "")
        grid.append([name, row["classifier"], str(row["n"]), accuracy, f1, gain, row["verdict"] or ""])
    widths = [max(len(row[column]) for row in grid) for column in range(len(head))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in grid]
    lines.insert(1, "  ".join("-" * width for width in widths))
    told = [*(f"! {banner}" for banner in banners(summary)), *summary["answers"], " ".join(summary["conditions"])]
    return "\n".join([*lines, *(f"\n{textwrap.fill(text, TERMINAL_WIDTH)}" for text in told if text)])
