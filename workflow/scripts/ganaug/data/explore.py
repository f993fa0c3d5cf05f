"""Pictures for people who look first: of training and validation images alone, never of the sealed test set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import log2
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ganaug.data.classes import PER_CLASS, ClassLine, class_lines, moments, save_all_classes
from ganaug.data.tiles import padded, random_rows, short, thumbnails
from ganaug.data.totals import Channel, Totals, channels, totals
from ganaug.images import (
    ImageFiles,
    IndexRow,
    Pixels,
    SplitRow,
    grid,
    labels_of,
    open_image_set,
    open_split,
    role_counts,
)
from ganaug.io import read_json
from ganaug.records import origins, write_record
from ganaug.seeds import derive
from ganaug.style import COLOURS, FAINT, INK, STYLE, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIRST = 35
COLUMNS = 7
SINGLES = 5
PAIRS = 14
# With more classes than these the first ones are shown, and the figures say where all are.
CLASSES = 12
# With more classes than these their counts are lines without names.
CLASSES_NAMED = 40
CHANNEL_COLOURS = {"grey": INK, "red": COLOURS[1], "green": COLOURS[2], "blue": COLOURS[0]}

Counts = Mapping[str, Mapping[str, int]]
# Width and height in pixels, and how many images have them.
Sizes = Sequence[tuple[int, int, int]]


@dataclass(frozen=True)
class NearPair:
    """Two rows of the development set that look nearly the same, and the bits of 64 that their hashes differ in."""

    first: int
    second: int
    bits: int


def explore(
    *,
    split: str,
    dev: ImageFiles,
    report: str,
    root: int,
    code: str,
    pictures: Mapping[str, Path],
    all_classes: Path,
    record: str,
) -> None:
    """Draw the images of a repeat and write the numbers behind the pictures.

    Args:
        split, dev: ``data/r{r}.csv`` and the image set that it points into.
        report: ``data/report.json``; all that is told here of the test set is its number of images by class.
        root: the experiment's seed.
        code: digest of the code.
        pictures: the PNG file of every figure, by its name.
        all_classes: the PNG file with a line for every class, however many.
        record: the JSON file of counts, of every channel's histogram, and of the origins.
    """
    from matplotlib import rc_context

    facts, rows, pool = read_json(report), open_split(split), open_image_set(dev.images, dev.index)
    seed = derive(root, "explore")
    counts = counts_by_split(rows, test=facts["parts"][0]["test"])
    lines, whole = class_lines(pool.images, rows, seed=derive(seed, "classes"))
    measured = channels(whole)
    near = facts["parts"][0]["near_duplicates"]["within"]["dev"]
    pairs = development_pairs(near["pairs"], pool.index)
    sizes = [(width, height, count) for width, height, count in facts["sizes"]]
    drawn = random_rows(rows, count=FIRST, seed=derive(seed, "random"))
    makers: dict[str, Callable[[], Figure]] = {
        "counts": lambda: counts_figure(counts),
        "first": lambda: images_figure(pool.images, rows[:FIRST], title="The first images"),
        "random": lambda: images_figure(pool.images, drawn, title="Images drawn at random"),
        "classes": lambda: classes_figure(lines[:CLASSES], classes=len(lines)),
        "histograms": lambda: histograms_figure(measured, images=whole.count),
        "singles": lambda: singles_figure(pool.images, drawn[:SINGLES]),
        "means": lambda: means_figure(lines[:CLASSES], whole, classes=len(lines)),
        "sizes": lambda: sizes_figure(sizes),
        "near_duplicates": lambda: pairs_figure(pool.images, pool.index, pairs, near=near["near"]),
    }
    with rc_context(STYLE):
        for name, path in pictures.items():
            save(makers[name](), path)
    save_all_classes(all_classes, lines)
    write_record(
        record,
        facts={
            "counts": counts,
            "channels": [asdict(channel) for channel in measured],
            "sizes": sizes,
            "near_duplicates": {"images": near["near"], "pairs": [asdict(pair) for pair in pairs]},
            "skipped": facts["skipped"],
        },
        made_from=origins(inputs=[split, dev.images, dev.index, report], config={}, code=code, seeds={"explore": seed}),
        outputs=[*pictures.values(), all_classes],
    )


def counts_by_split(rows: Sequence[SplitRow], *, test: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """How many images each class has for training, for validation and, as told by ``test``, in the sealed test set."""
    labels = sorted({*labels_of(rows), *test})
    splits = {"train": role_counts(rows, "train"), "validation": role_counts(rows, "validation"), "test": test}
    return {split: {label: counts.get(label, 0) for label in labels} for split, counts in splits.items()}


def development_pairs(pairs: Sequence[Sequence[Any]], index: Sequence[IndexRow]) -> list[NearPair]:
    """Those pairs (source, source, bits) whose images both are in ``index``: some may have been dropped since."""
    row_of = {row.source: number for number, row in enumerate(index)}
    return [
        NearPair(first=row_of[first], second=row_of[second], bits=bits)
        for first, second, bits in pairs
        if first in row_of and second in row_of
    ]


def counts_figure(counts: Counts) -> Figure:
    """Images by class and split: bars, or lines from the largest class to the smallest where there are many."""
    from matplotlib.figure import Figure

    labels = sorted(counts["train"])
    named = len(labels) <= CLASSES_NAMED
    figure = Figure(figsize=(7.6, 0.42 * len(labels) + 1.3 if named else 3.2), layout="constrained")
    axes = figure.add_subplot()
    colours = dict(zip(counts, (COLOURS[0], COLOURS[5], FAINT), strict=True))
    if named:
        _count_bars(axes, counts, labels, colours)
    else:
        _count_lines(axes, counts, sorted(labels, key=lambda label: -counts["train"][label]), colours)
    figure.legend(loc="outside upper right", ncols=3)
    return figure


def _count_bars(axes: Axes, counts: Counts, labels: Sequence[str], colours: Mapping[str, str]) -> None:
    for place, (split, of_label) in enumerate(counts.items()):
        centres = np.arange(len(labels)) + 0.27 * (place - 1)
        bars = axes.barh(centres, [of_label[label] for label in labels], height=0.25, color=colours[split], label=split)
        axes.bar_label(bars, padding=2, fontsize=7, color=INK)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_yticks(range(len(labels)), list(map(short, labels)), parse_math=False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("images")
    axes.margins(x=0.07)


def _count_lines(axes: Axes, counts: Counts, labels: Sequence[str], colours: Mapping[str, str]) -> None:
    for split, of_label in counts.items():
        axes.stairs([of_label[label] for label in labels], color=colours[split], linewidth=1.6, label=split)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(f"{len(labels)} classes, those with most training images first")
    axes.set_ylabel("images")


def images_figure(images: Pixels, rows: Sequence[SplitRow], *, title: str) -> Figure:
    """Images with their class names, `COLUMNS` in a line."""
    shown = thumbnails(images, [row.row for row in rows])
    return _captioned(shown, [short(row.label) for row in rows], columns=COLUMNS, title=title)


def classes_figure(lines: Sequence[ClassLine], *, classes: int) -> Figure:
    """Images of each class in a line. ``classes`` is the number of all, of which ``lines`` may hold the first."""
    from matplotlib.figure import Figure

    tiles = np.concatenate([line.images for line in lines])
    side = tiles.shape[1]
    gap = max(1, side // 16)
    sheet = grid(tiles, columns=PER_CLASS, gap=gap)
    figure = Figure(figsize=(7.6, 6.9 * sheet.shape[0] / sheet.shape[1] + 0.4), layout="constrained")
    axes = figure.add_subplot()
    _picture(axes, sheet)
    for place, line in enumerate(lines):
        middle = place * (side + gap) + side / 2
        axes.text(-2 * gap, middle, short(line.label), ha="right", va="center", fontsize=8.5, parse_math=False)
    axes.set_title("Images by class" + _first_of(classes))
    return figure


def means_figure(lines: Sequence[ClassLine], whole: Totals, *, classes: int) -> Figure:
    """The mean image over all and by class, and under each the standard deviation of every pixel, twice as bright.

    ``classes`` is the number of all, of which ``lines`` may hold the first.
    """
    named = {"all": moments(whole), **{line.label: np.stack([line.mean, line.deviation]) for line in lines}}
    columns = min(COLUMNS, len(named))
    tiles: list[Pixels] = []
    captions: list[str] = []
    for start in range(0, len(named), columns):
        names = list(named)[start : start + columns]
        both = np.stack([named[name] for name in names])
        tiles += [padded(both[:, 0], columns), padded(both[:, 1], columns)]
        missing = [""] * (columns - len(names))
        captions += [*map(short, names), *missing, *["deviation"] * len(names), *missing]
    title = "Mean images" + _first_of(classes)
    return _captioned(np.concatenate(tiles), captions, columns=columns, title=title)


def histograms_figure(measured: Sequence[Channel], *, images: int) -> Figure:
    """The share of the pixels of each channel that has each value, on a logarithmic scale."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.6, 3.0), layout="constrained")
    axes = figure.add_subplot()
    for channel in measured:
        label = f"{channel.name}: mean {channel.mean:.1f}, standard deviation {channel.std:.1f}"
        _histogram(axes, np.array(channel.histogram), channel.name, label=label)
    axes.set_yscale("log")
    axes.set_xlabel("value")
    axes.set_ylabel("share of pixels")
    axes.set_title(f"Pixels of {images:,} images")
    axes.legend(loc="best", fontsize=8.5)
    return figure


def singles_figure(images: Pixels, rows: Sequence[SplitRow]) -> Figure:
    """Single images, each above the histogram of its own pixels."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.6, 3.2), layout="constrained")
    for place, row in enumerate(rows):
        axes = figure.add_subplot(2, SINGLES, place + 1)
        _picture(axes, thumbnails(images, [row.row])[0])
        axes.set_title(short(row.label), fontsize=8.5, parse_math=False)
        axes = figure.add_subplot(2, SINGLES, SINGLES + place + 1)
        for channel in channels(totals(images, [row.row])):
            # 32 values a bin: a single image has too few pixels for more.
            _histogram(axes, np.array(channel.histogram).reshape(32, -1).sum(axis=1), channel.name, label=None)
        axes.set_xticks([0, 128, 256])
        axes.set_yticks([])
        axes.tick_params(labelsize=7)
    return figure


def sizes_figure(sizes: Sizes) -> Figure:
    """Widths, heights and aspect ratios of the files, before they were resized."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.6, 3.0), layout="constrained")
    if len(sizes) == 1:
        width, height, count = sizes[0]
        figure.set_figheight(0.9)
        _say(figure, f"All {count:,} development images had {width} x {height} pixels.")
        return figure
    widths, heights, counts = (np.array(values) for values in zip(*sizes, strict=True))
    axes = figure.add_subplot(1, 2, 1)
    axes.scatter(widths, heights, s=8 + 80 * counts / counts.max(), color=COLOURS[0], alpha=0.45, linewidths=0)
    axes.set_xlim(0, 1.08 * widths.max())
    axes.set_ylim(0, 1.08 * heights.max())
    axes.set_xlabel("width, pixels")
    axes.set_ylabel("height, pixels")
    axes.set_title("Sizes before resizing")
    axes = figure.add_subplot(1, 2, 2)
    ratios = np.log2(widths / heights)
    reach = max(1.0, float(np.abs(ratios).max()))
    axes.hist(ratios, weights=counts, bins=41, range=(-reach, reach), color=COLOURS[0])
    ticks = [ratio for ratio in (1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8) if abs(log2(ratio)) <= reach]
    axes.set_xticks(
        [log2(ratio) for ratio in ticks], [f"{ratio:g}" if ratio >= 1 else f"1/{1 / ratio:g}" for ratio in ticks]
    )
    axes.set_xlabel("width / height")
    axes.set_ylabel("images")
    axes.set_title("Aspect ratios")
    return figure


def pairs_figure(images: Pixels, index: Sequence[IndexRow], pairs: Sequence[NearPair], *, near: int) -> Figure:
    """Nearly equal images of the development set, two and two, with their classes and how many bits they differ in.

    ``near`` is the number of development images that have such a twin; ``pairs`` are the closest.
    """
    if not pairs:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.6, 0.9), layout="constrained")
        _say(figure, f"{near} development images have a near-duplicate among them.")
        return figure
    shown = pairs[:PAIRS]
    tiles = thumbnails(images, [row for pair in shown for row in (pair.first, pair.second)])
    joined = np.concatenate([tiles[0::2], tiles[1::2]], axis=2)
    captions = [_pair_caption(index[pair.first].label, index[pair.second].label, pair.bits) for pair in shown]
    title = f"{near:,} development images have a near-duplicate among them; the closest"
    return _captioned(joined, captions, columns=min(COLUMNS // 2, len(joined)), title=title)


def _pair_caption(first: str, second: str, bits: int) -> str:
    names = short(first) if first == second else f"{short(first)} | {short(second)}"
    return f"{names}, {bits} bits"


def _captioned(tiles: Pixels, captions: Sequence[str], *, columns: int, title: str) -> Figure:
    from matplotlib.figure import Figure

    height, width = tiles.shape[1:3]
    gap = max(2, round(0.24 * height))
    sheet = grid(tiles, columns=columns, gap=gap)
    inches = 1.06 * columns * width / height
    figure = Figure(figsize=(inches + 0.2, inches * sheet.shape[0] / sheet.shape[1] + 0.5), layout="constrained")
    axes = figure.add_subplot()
    _picture(axes, sheet)
    for place, caption in enumerate(captions):
        line, column = divmod(place, columns)
        x, y = column * (width + gap) + width / 2 - 0.5, line * (height + gap) + height - 0.5
        axes.text(x, y + gap / 8, caption, ha="center", va="top", fontsize=7.5, parse_math=False)
    axes.set_title(title)
    return figure


def _picture(axes: Axes, picture: Pixels) -> None:
    axes.imshow(
        picture[..., 0] if picture.shape[-1] == 1 else picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest"
    )
    axes.set_axis_off()


def _histogram(axes: Axes, counts: NDArray[np.int64], channel: str, *, label: str | None) -> None:
    edges = np.linspace(0, 256, len(counts) + 1)
    colour = CHANNEL_COLOURS[channel]
    axes.stairs(counts / max(1, int(counts.sum())), edges, color=colour, linewidth=1.2, label=label)
    axes.set_xlim(-3, 259)


def _say(figure: Figure, text: str) -> None:
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center")


def _first_of(classes: int) -> str:
    return f" (the first {CLASSES} of {classes} classes; all: explore/all_classes.png)" if classes > CLASSES else ""
