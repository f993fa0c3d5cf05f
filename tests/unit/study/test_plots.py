"""The plots: what they draw, and that they are the same bytes every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganaug.arms import Arm, ClassicArm, DuplicateArm
from ganaug.study.plots import (
    COLOURS,
    FAINT,
    accuracy_figure,
    confusion_figure,
    curves_figure,
    gan_figure,
    plot,
    style_of,
)
from ganaug.study.scores import read_scores

from .conftest import ARMS, GAINS, Write, cell, full_study, make_study, score_file

CELL_HEAD = "step,epoch,seconds,train_loss,train_accuracy,validation_loss,validation_accuracy\n"
GAN_HEAD = "label,epoch,step,d_loss,g_loss,d_real,d_fake,images_per_second\n"


def history(folder: Path, arm: str, repeat: int, text: str) -> Path:
    path = folder / "cells" / arm / "lenet5" / f"r{repeat}f0" / "history.csv"
    path.parent.mkdir(parents=True)
    path.write_text(CELL_HEAD + text)
    return path


def gan_history(folder: Path, repeat: int, text: str) -> Path:
    path = folder / "gan" / "dcgan" / f"r{repeat}" / "j0" / "history.csv"
    path.parent.mkdir(parents=True)
    path.write_text(GAN_HEAD + text)
    return path


def test_every_repeat_is_a_dot_and_the_mean_a_diamond(write: Write) -> None:
    axes = accuracy_figure(read_scores(write(full_study())), make_study(), ARMS).axes[0]
    dots = [collection.get_offsets() for collection in axes.collections]
    assert [len(offsets) for offsets in dots] == [6, 1] * len(GAINS)
    assert dots[1][0][0] == pytest.approx(0.80)  # type: ignore[index]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(GAINS)


def test_curves_are_means_over_repeats_and_skip_what_is_empty(write: Write, tmp_path: Path) -> None:
    paths = [
        history(tmp_path, "real", 0, "50,1,1,0.4,0.6,,\n100,2,2,0.2,0.8,,\n"),
        history(tmp_path, "real", 1, "50,1,1,0.6,0.8,,\n100,2,2,nan,0.9,,\n"),
    ]
    figure = curves_figure(read_scores(write(full_study(repeats=2))), paths, make_study(arms=("real",)), ARMS)
    train_accuracy, train_loss = figure.axes  # there is no validation curve, so it gets no panel
    assert list(train_accuracy.lines[0].get_ydata()) == pytest.approx([0.7, 0.85])
    assert list(train_loss.lines[0].get_ydata()) == pytest.approx([0.5, 0.2])


def test_test_curves_appear_where_there_is_no_validation(write: Write) -> None:
    snapshots = [{"step": 50, "loss": 0.5, "accuracy": 0.7}, {"step": 100, "loss": 0.4, "accuracy": 0.8}]
    scores = read_scores(write([score_file(0, [cell("real", 0.8, validation=None, curve=snapshots)])]))
    figure = curves_figure(scores, [], make_study(arms=("real",)), ARMS)
    titles = [axes.get_title() for axes in figure.axes]
    place = titles.index("lenet5: test accuracy (snapshots)")
    assert list(figure.axes[place].lines[0].get_ydata()) == pytest.approx([0.7, 0.8])


def test_gan_losses_are_means_over_classes_and_repeats(tmp_path: Path) -> None:
    paths = [
        gan_history(tmp_path, 0, "cat,1,10,1.0,2.0,0.6,0.4,9\ndog,1,10,2.0,2.0,0.6,0.4,9\n"),
        gan_history(tmp_path, 1, "cat,1,10,3.0,5.0,0.6,0.4,9\n"),
    ]
    losses, outputs = gan_figure(paths).axes
    assert [list(line.get_ydata()) for line in losses.lines] == [pytest.approx([2.0]), pytest.approx([3.0])]
    assert [list(line.get_ydata()) for line in outputs.lines] == [pytest.approx([0.6]), pytest.approx([0.4])]


def test_confusion_is_summed_over_repeats(write: Write) -> None:
    figure = confusion_figure(read_scores(write(full_study(repeats=2))), make_study(arms=("real",)))
    # right: 800 + 820 of 1,000 cats each, the rest are called dogs, and the other way round
    assert sorted(text.get_text() for text in figure.axes[0].texts) == ["1620", "1620", "380", "380"]


def test_arms_keep_their_style_and_differ() -> None:
    arms = {
        **ARMS,
        "more": Arm(duplicate=DuplicateArm(ratio=10)),
        **{f"arm{number}": Arm(classic=ClassicArm(ratio=1)) for number in range(8)},
    }
    study = make_study(arms=tuple(arms))
    styles = {arm: style_of(arm, study, arms) for arm in arms}
    assert len(set(styles.values())) == len(arms)


def test_a_control_is_grey_whatever_its_name() -> None:
    arms = {"real": Arm(), "twice": Arm(duplicate=DuplicateArm(ratio=1)), "duplicate": Arm(classic=ClassicArm(ratio=1))}
    study = make_study(arms=tuple(arms))
    assert style_of("twice", study, arms)[0] == FAINT
    assert style_of("duplicate", study, arms)[0] == COLOURS[0]


def test_plot_writes_the_same_bytes_twice_even_with_nothing_to_draw(write: Write, tmp_path: Path) -> None:
    scores = write([score_file(0, [cell("real", 0.8), cell("gan", None)])])
    for run in ("a", "b"):
        plot(
            scores,
            [],
            [],
            study=make_study(),
            arms=ARMS,
            accuracy=tmp_path / run / "accuracy.png",
            curves=tmp_path / run / "curves.png",
            confusion=tmp_path / run / "confusion.png",
            gan=tmp_path / run / "gan.png",
        )
    names = [f"{name}.{kind}" for name in ("accuracy", "confusion", "curves", "gan") for kind in ("pdf", "png", "svg")]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == names
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)
