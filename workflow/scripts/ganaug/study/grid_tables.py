"""The grid of a study as tables, and its two answers in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ganaug.config import Grid, Study
from ganaug.io import write_csv, write_json, write_text
from ganaug.records import origins
from ganaug.seeds import derive
from ganaug.study.decision import LEAST_REPEATS
from ganaug.study.grid import GridFindings, Point, Worth, analyse
from ganaug.study.scores import read_scores
from ganaug.study.tables import DASH, Row, latex, markdown, plus_minus
from ganaug.study.tables import Grid as Lines
from ganaug.study.verdict import points

FIELDS = (
    *("classifier", "per_class", "ratio", "gan_images", "best", "n", "accuracy_mean", "accuracy_std", "dropped"),
    *("gain_n", "gain_mean", "gain_std", "gain_low", "gain_high"),
    *("worth", "worth_n", "exchange", "size", "size_low", "size_high"),
)
TITLES = (
    *("classifier", "real a class", "ratio", "GAN a class", "n", "test accuracy", "gain", "95% interval"),
    *("as many real", "GAN for one real", "95% interval"),
)


def tabulate_grid(scores: Sequence[Path], *, study: Study, seed: int, code: str, tables: Path, picture: Path) -> None:
    """Write ``grid.json``, ``.csv``, ``.md`` and ``.tex`` into the folder ``tables``, and the curves (PNG, SVG, PDF).

    Args:
        scores: the score files.
        study, seed, code: the study, whose grid is set, the root of all randomness, and the digest of the code.
        tables, picture: the outputs.

    Raises:
        UserError: there are no score files.
    """
    from ganaug.study.grid_plots import draw

    assert study.grid is not None
    read = read_scores(scores)
    findings = [analyse(read, grid=study.grid, classifier=name, seed=seed) for name in study.classifiers]
    made_from = origins(inputs=map(str, scores), config=asdict(study), code=code, seeds={"grid": derive(seed, "grid")})
    write_json(tables / "grid.json", {**facts(findings, study.grid), "made_from": made_from.as_dict()})
    write_csv(tables / "grid.csv", FIELDS, (row(one, point) for one in findings for point in one.points))
    lines = grid_lines(findings)
    write_text(tables / "grid.md", markdown(lines))
    write_text(tables / "grid.tex", latex(lines))
    draw(findings, study, picture)


def facts(findings: Sequence[GridFindings], grid: Grid) -> dict[str, Any]:
    """All numbers with their raw lists, the table as text, and the answers in words."""
    return {
        "gan": grid.gan,
        "snapshot": str(grid.snapshot),
        "classifiers": [asdict(one) for one in findings],
        "lines": grid_lines(findings),
        "bold": [point.ratio == one.best.get(point.per_class) for one in findings for point in one.points],
        "answers": [text for one in findings for text in (worth_told(one, grid), break_even_told(one, grid))],
        "cautions": cautions(findings),
    }


def row(findings: GridFindings, point: Point) -> Row:
    """A cell as one flat row, in units of accuracy and of images a class."""
    gain, own = point.gain, point.worth
    return {
        "classifier": findings.classifier,
        "per_class": point.per_class,
        "ratio": point.ratio,
        "gan_images": point.images,
        "best": point.ratio == findings.best.get(point.per_class),
        "n": point.accuracy.n,
        "accuracy_mean": point.accuracy.mean,
        "accuracy_std": point.accuracy.std,
        "dropped": point.dropped,
        "gain_n": gain and gain.n,
        "gain_mean": gain and gain.mean,
        "gain_std": gain and gain.std,
        "gain_low": point.low,
        "gain_high": point.high,
        "worth": own and own.answer,
        "worth_n": own and own.n,
        "exchange": own and own.exchange,
        "size": own and own.size,
        "size_low": own and own.low,
        "size_high": own and own.high,
    }


def grid_lines(findings: Sequence[GridFindings]) -> Lines:
    """The table as text, its header first; gains in percentage points."""
    lines = [list(TITLES)]
    for one in findings:
        largest = max(point.per_class for point in one.points)
        for point in one.points:
            gain = DASH if point.gain is None or point.gain.mean is None else points(point.gain.mean)
            interval = DASH
            if point.low is not None and point.high is not None:
                interval = f"{points(point.low)} to {points(point.high)}"
            head = [one.classifier, str(point.per_class), f"{point.ratio:g}", str(point.images)]
            numbers = [str(point.accuracy.n), plus_minus(point.accuracy), gain, interval]
            lines.append([*head, *numbers, *_worth_cells(point, largest)])
    return lines


def _worth_cells(point: Point, largest: int) -> list[str]:
    """Real images that give as much, GAN images for one real one, and the interval of the latter."""
    own = point.worth
    if own is None or own.answer == "unknown":
        return [DASH, DASH, DASH]
    interval = exchange_interval(own, per_class=point.per_class, images=point.images, largest=largest) or DASH
    if own.answer == "none":
        return [f"at most {point.per_class}", "none", interval]
    if own.answer == "more":
        return [f"more than {largest}", DASH if own.exchange is None else f"under {own.exchange:.1f}", interval]
    return [f"{own.size:.1f}", f"{own.exchange:.1f}", interval]


def exchange_interval(own: Worth, *, per_class: int, images: int, largest: int) -> str | None:
    """The 95% interval of the GAN images that are worth one real image; None where there is none.

    It is open where the interval of the size was cut off: ``none`` stands for GAN images that are worth nothing.
    """
    if own.low is None or own.high is None or per_class == largest:
        return None
    few = None if own.high >= largest else images / (own.high - per_class) if own.high > per_class else float("inf")
    many = images / (own.low - per_class) if own.low > per_class else float("inf")
    if few == float("inf"):
        return "none"
    if few is None:
        under = f"under {images / (largest - per_class):.1f}"
        return f"{under} to none" if many == float("inf") else f"under {many:.1f}"
    return f"{few:.1f} to {'none' if many == float('inf') else f'{many:.1f}'}"


def worth_told(findings: GridFindings, grid: Grid) -> str:
    """How many GAN images are worth one real image, at every size with its best ratio, as a sentence."""
    largest = max(grid.per_class)
    told = []
    for size, ratio in sorted(findings.best.items()):
        point = findings.point(size, ratio)
        own = point.worth
        if own is None or own.answer == "unknown":
            continue
        interval = exchange_interval(own, per_class=size, images=point.images, largest=largest)
        said = "nor anywhere in the 95% interval" if interval == "none" else f"95% interval {interval}"
        evidence = f"ratio {ratio:g}" + (f", {said}" if interval else "")
        told.append(f"at {size} real images a class {_exchange_told(own, largest)} ({evidence})")
    if not told:
        return f"{findings.classifier}: no repeat has all the scores that tell what a GAN image is worth."
    return f"{findings.classifier}: {'; '.join(told)}."


def _exchange_told(own: Worth, largest: int) -> str:
    if own.answer == "none":
        return "GAN images are worth no real image"
    if own.answer == "some":
        return f"{own.exchange:.1f} GAN images are worth one real image"
    if own.exchange is None:
        return "GAN images are worth more than was measured, since there is no larger size to compare with"
    return f"fewer than {own.exchange:.1f} GAN images are worth one real image, more than {largest} real ones measure"


def break_even_told(findings: GridFindings, grid: Grid) -> str:
    """Up to which number of real images GAN images help, as a sentence."""
    own, sizes = findings.break_even, sorted(grid.per_class)
    measured = f"{sizes[0]} to {sizes[-1]} real images a class" if len(sizes) > 1 else f"{sizes[0]} real images a class"
    crossings = [f"{size:.0f}" for size in own.sizes]
    told = {
        "all": f"the mean gain of the best ratio is above 0 at all sizes measured ({measured}): no break-even size",
        "none": f"the mean gain of the best ratio is above 0 at none of the sizes measured ({measured})",
        "below": f"the mean gain of the best ratio falls to 0 at about {''.join(crossings[:1])} real images a class, "
        "the break-even size, and is above 0 with fewer",
        "above": f"the mean gain of the best ratio is above 0 only from about {''.join(crossings[:1])} real images a "
        "class on",
        "several": "the mean gain of the best ratio changes its sign more than once, at about "
        f"{' and '.join(crossings)} real images a class: there is no one break-even size",
        "unknown": "no repeat has all the scores that tell a break-even size",
    }[own.answer]
    interval = ""
    if own.low is not None and own.high is not None:
        ends = [
            f"below {sizes[0]}" if end <= sizes[0] else f"above {sizes[-1]}" if end >= sizes[-1] else f"{end:.0f}"
            for end in (own.low, own.high)
        ]
        interval = f" (95% interval of the break-even size: {' to '.join(dict.fromkeys(ends))})" if sizes[1:] else ""
    return f"{findings.classifier}: {told}{interval}."


def cautions(findings: Sequence[GridFindings]) -> list[str]:
    """What a reader must know before believing the answers."""
    told = []
    told_of = [one.point(size, ratio).worth for one in findings for size, ratio in one.best.items()]
    fewest = min([*(one.break_even.n for one in findings), *(own.n for own in told_of if own)])
    if 0 < fewest < LEAST_REPEATS:
        told.append(
            f"With {fewest} whole repeat{'' if fewest == 1 else 's'} this is a first look, and chance alone may have "
            f"made it: intervals of what GAN images are worth and of the break-even size need {LEAST_REPEATS}."
        )
    if falling := [one.classifier for one in findings if not one.rising]:
        told.append(
            f"With real images alone the mean accuracy of {', '.join(falling)} falls between some sizes. There the "
            "highest one of any smaller size stands in, so GAN images may look worth less than they are."
        )
    if not all(one.validated for one in findings):
        told.append("There are no validation images to choose the best ratio on: it is the largest, whatever it does.")
    return told
