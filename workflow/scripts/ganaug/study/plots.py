"""The plots of a study, made from score files and histories alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ganaug.arms import Arm
from ganaug.config import Study
from ganaug.io import read_csv
from ganaug.study.decision import ALPHA
from ganaug.study.scores import SPLITS, Scores, read_scores
from ganaug.study.statistics import describe, t_interval
from ganaug.study.verdict import REAL
from ganaug.style import COLOURS, FAINT, INK, STYLE, save_all

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

DASHES = ("-", "--", ":")

Curves = dict[int, list[float]]


def plot(
    score_paths: Sequence[Path],
    histories: Sequence[Path],
    gan_histories: Sequence[Path],
    *,
    study: Study,
    arms: Mapping[str, Arm],
    accuracy: Path,
    curves: Path,
    confusion: Path,
    gan: Path | None,
) -> None:
    """Draw every plot of a study.

    Args:
        score_paths: the score files.
        histories: of cells; arm and classifier are taken from ``.../{arm}/{classifier}/r{r}f{f}/history.csv``.
        gan_histories: of GANs; the name is taken from ``.../{gan}/r{r}/j{j}/history.csv``.
        study: which arms and classifiers, in which order.
        arms: what each arm is, so that controls look like controls.
        accuracy, curves, confusion: PNG files to write; beside each come an SVG and a PDF.
        gan: PNG file to write likewise, or None when the study has no GAN.

    Raises:
        UserError: there are no score files.
    """
    from matplotlib import rc_context

    scores = read_scores(score_paths)
    with rc_context(STYLE):
        save_all(accuracy_figure(scores, study, arms), accuracy)
        save_all(curves_figure(scores, histories, study, arms), curves)
        save_all(confusion_figure(scores, study), confusion)
        if gan is not None:
            save_all(gan_figure(gan_histories), gan)


def style_of(arm: str, study: Study, arms: Mapping[str, Arm]) -> tuple[str, str]:
    """Colour and dash of an arm, the same in every plot: real and its controls are grey."""
    if arm == REAL:
        return INK, "-"
    alike = [name for name in study.arms if name != REAL and arms[name].is_control == arms[arm].is_control]
    place = alike.index(arm)
    if arms[arm].is_control:
        return FAINT, DASHES[(place + 1) % len(DASHES)]
    return COLOURS[place % len(COLOURS)], DASHES[place // len(COLOURS) % len(DASHES)]


def accuracy_figure(scores: Scores, study: Study, arms: Mapping[str, Arm]) -> Figure:
    """Test accuracy by arm: every repeat a dot, joined by a line, with the mean and its 95% Student-t interval."""
    from matplotlib.figure import Figure

    names, classifiers = study.arms, study.classifiers
    figure = Figure(figsize=(7.6, (0.46 * len(names) + 1.1) * len(classifiers)), layout="constrained")
    for row, classifier in enumerate(classifiers):
        axes = figure.add_subplot(len(classifiers), 1, row + 1)
        values = [scores.by_repeat(arm, classifier, "test", "accuracy") for arm in names]
        for repeat in scores.repeats:
            line = [(found[repeat], place) for place, found in enumerate(values) if repeat in found]
            axes.plot([x for x, _ in line], [y for _, y in line], color=FAINT, alpha=0.35, linewidth=0.7, zorder=1)
        for place, (arm, found) in enumerate(zip(names, values, strict=True)):
            _accuracy_row(axes, place, list(found.values()), style_of(arm, study, arms)[0])
        if REAL in names and (real := describe(list(values[names.index(REAL)].values()))).mean is not None:
            axes.axvspan(real.mean - study.rope, real.mean + study.rope, color=FAINT, alpha=0.16, linewidth=0, zorder=0)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", visible=False)
        axes.set_title(classifier)
        axes.set_xlabel(f"test accuracy (band: ±{100 * study.rope:g} points around real, of no practical interest)")
    return figure


def _accuracy_row(axes: Axes, place: int, values: list[float], colour: str) -> None:
    axes.scatter(values, [place] * len(values), s=24, color=colour, alpha=0.5, linewidths=0, zorder=2)
    sample, interval = describe(values), t_interval(values, ALPHA)
    if sample.mean is None:
        axes.text(0.5, place, "no scores", transform=axes.get_yaxis_transform(), va="center", ha="center")
        return
    if interval:
        axes.plot(interval, [place + 0.27] * 2, color=colour, linewidth=1.8, solid_capstyle="butt", zorder=3)
    axes.scatter(
        [sample.mean], [place + 0.27], s=34, marker="D", color=colour, edgecolors="white", linewidths=0.8, zorder=4
    )


def curves_figure(scores: Scores, histories: Sequence[Path], study: Study, arms: Mapping[str, Arm]) -> Figure:
    """Accuracy and loss during training by arm: mean over cells, with a band of one standard deviation."""
    from matplotlib.figure import Figure

    curves = _cell_curves(scores, histories)
    splits = [split for split in SPLITS if any(key[2] == split for key in curves)] or ["train"]
    rows = [(classifier, metric) for classifier in study.classifiers for metric in ("accuracy", "loss")]
    figure = Figure(figsize=(1.2 + 3.7 * len(splits), 2.5 * len(rows) + 0.5), layout="constrained")
    for row, (classifier, metric) in enumerate(rows):
        for column, split in enumerate(splits):
            axes = figure.add_subplot(len(rows), len(splits), row * len(splits) + column + 1)
            for arm in study.arms:
                colour, dash = style_of(arm, study, arms)
                _band(axes, curves.get((arm, classifier, split, metric), {}), label=arm, colour=colour, dash=dash)
            note = " (snapshots)" if split == "test" else ""
            axes.set_title(f"{classifier}: {split} {metric}{note}")
            axes.set_xlabel("optimiser step" if row == len(rows) - 1 else "")
            if metric == "loss" and axes.lines:
                axes.set_ylim(bottom=0)
            if not axes.lines:
                _empty(axes, "no history")
    _legend(figure)
    return figure


def _cell_curves(scores: Scores, histories: Sequence[Path]) -> dict[tuple[str, str, str, str], Curves]:
    """Values by step, by (arm, classifier, split, metric); what has no value is left out."""
    curves: dict[tuple[str, str, str, str], Curves] = {}
    for path in histories:
        rows, (arm, classifier) = read_csv(path), path.parts[-4:-2]
        for split in ("train", "validation"):
            for metric in ("accuracy", "loss"):
                _collect(curves.setdefault((arm, classifier, split, metric), {}), rows, f"{split}_{metric}")
    for cell in scores.cells:
        for point in cell.curve:
            for metric in ("accuracy", "loss"):
                found = curves.setdefault((cell.arm, cell.classifier, "test", metric), {})
                found.setdefault(int(point["step"]), []).append(point[metric])
    return {key: found for key, found in curves.items() if found}


def _collect(curves: Curves, rows: Sequence[Mapping[str, str]], column: str) -> None:
    for row in rows:
        value = float(row[column] or "nan")
        if math.isfinite(value):
            curves.setdefault(int(row["step"]), []).append(value)


def _band(axes: Axes, curves: Curves, *, label: str, colour: str, dash: str) -> None:
    steps = sorted(curves)
    samples = [describe(curves[step]) for step in steps]
    means = [sample.mean or 0.0 for sample in samples]
    spreads = [sample.std or 0.0 for sample in samples]
    if not steps:
        return
    low = [mean - spread for mean, spread in zip(means, spreads, strict=True)]
    high = [mean + spread for mean, spread in zip(means, spreads, strict=True)]
    axes.fill_between(steps, low, high, color=colour, alpha=0.12, linewidth=0)
    axes.plot(steps, means, color=colour, linestyle=dash, linewidth=1.6, label=label)


def gan_figure(histories: Sequence[Path]) -> Figure:
    """GAN training: losses, and the discriminator's mean output on real and on generated images."""
    from matplotlib.figure import Figure

    names = sorted({path.parts[-4] for path in histories})
    figure = Figure(figsize=(8.6, 2.6 * max(1, len(names)) + 0.4), layout="constrained")
    if not names:
        _empty(figure.add_subplot(), "no GAN history")
    for row, name in enumerate(names):
        tables = [read_csv(path) for path in histories if path.parts[-4] == name]
        panels = (
            ("losses", (("d_loss", "discriminator"), ("g_loss", "generator"))),
            ("discriminator says real", (("d_real", "of real images"), ("d_fake", "of generated images"))),
        )
        for column, (title, lines) in enumerate(panels):
            axes = figure.add_subplot(len(names), 2, 2 * row + column + 1)
            for (field, label), colour in zip(lines, COLOURS, strict=False):
                curves: Curves = {}
                for rows in tables:
                    _collect(curves, rows, field)
                _band(axes, curves, label=label, colour=colour, dash="-")
            axes.set_title(f"{name}: {title}")
            axes.set_xlabel("optimiser step")
            axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))  # a critic's loss falls below 0
            if axes.lines:
                axes.legend(loc="best", fontsize=8.5)
    return figure


def confusion_figure(scores: Scores, study: Study) -> Figure:
    """One confusion matrix an arm and classifier, summed over repeats and fits of the test set, shaded by row share."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    classes = len(scores.classes)
    pairs = [(arm, classifier) for classifier in study.classifiers for arm in study.arms]
    columns = min(3, len(pairs))
    rows = math.ceil(len(pairs) / columns)
    side = min(5.2, max(2.3, 0.29 * classes + 0.8))
    figure = Figure(
        figsize=(side * columns + 0.6, (side + 0.45) * rows), layout=ConstrainedLayoutEngine(h_pad=0.1, w_pad=0.1)
    )
    for place, (arm, classifier) in enumerate(pairs):
        axes = figure.add_subplot(rows, columns, place + 1)
        title = arm if len(study.classifiers) == 1 else f"{arm}, {classifier}"
        matrices = [cell.splits["test"].confusion for cell in scores.of(arm, classifier) if "test" in cell.splits]
        axes.set_title(title)
        if not matrices:
            _empty(axes, "no scores")
            continue
        _matrix(axes, _total(matrices), scores.classes)
        if place % columns == 0:
            axes.set_ylabel("true class")
        if place >= len(pairs) - columns:
            axes.set_xlabel("predicted class")
    return figure


def _total(matrices: Sequence[tuple[tuple[int, ...], ...]]) -> NDArray[np.int64]:
    import numpy as np

    total: NDArray[np.int64] = np.asarray(matrices, dtype=np.int64).sum(axis=0)
    return total


def _matrix(axes: Axes, counts: NDArray[np.int64], classes: tuple[str, ...]) -> None:
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / totals.clip(min=1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    names = [name if len(name) <= 12 else f"{name[:11]}…" for name in classes]
    long = max(map(len, names)) > 2
    size = 8.5 if len(classes) <= 12 else 6.5
    axes.set_xticks(range(len(names)), names, rotation=90 if long else 0, fontsize=size, parse_math=False)
    axes.set_yticks(range(len(names)), names, fontsize=size, parse_math=False)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for true, row in enumerate(counts):
        for predicted, count in enumerate(row):
            if count:
                colour = "white" if shares[true, predicted] > 0.55 else INK
                text = str(count) if count < 10_000 else f"{count / 1000:.0f}k"
                fit = size - 1.2 * max(0, len(text) - 2) if len(classes) > 4 else size
                axes.text(predicted, true, text, color=colour, fontsize=max(4.5, fit), ha="center", va="center")


def _empty(axes: Axes, text: str) -> None:
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center")


def _legend(figure: Figure) -> None:
    known = {line.get_label(): line for axes in figure.axes for line in axes.lines}
    if known:
        figure.legend(list(known.values()), list(map(str, known)), loc="outside upper center", ncols=min(6, len(known)))
