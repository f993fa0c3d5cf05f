"""What GAN images are worth, on accuracies whose answers can be worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganaug.arms import Arm, GanArm
from ganaug.config import Grid, Study
from ganaug.io import read_csv, read_json
from ganaug.study.grid import GridFindings, Worth, analyse, break_even, equal_size, worth
from ganaug.study.grid_tables import break_even_told, cautions, exchange_interval, grid_lines, tabulate_grid, worth_told
from ganaug.study.preflight import Pace, Setup, estimate, facts, gan_steps, jobs_of
from ganaug.study.scores import read_scores
from ganaug.study.tables import DASH, tabulate

from .conftest import ARMS, GAINS, REAL, Write, cell, full_study, make_data, make_study, score_file
from .test_preflight import PACE, report, rows, setup

GRID = Grid(gan="dcgan", per_class=(10, 20, 40), ratios=(0.0, 1.0, 2.0))
# With real images alone, and with as many or twice as many GAN images.
ACCURACY = {
    "grid-n10-x0": 0.5,
    "grid-n20-x0": 0.6,
    "grid-n40-x0": 0.7,
    "grid-n10-x1": 0.55,
    "grid-n20-x1": 0.65,
    "grid-n40-x1": 0.69,
    "grid-n10-x2": 0.6,
    "grid-n20-x2": 0.6,
    "grid-n40-x2": 0.68,
}
# By which the best ratio is 2 at 10, and 1 at 20 and 40.
VALIDATION = {"grid-n10-x2": 0.9, "grid-n20-x1": 0.9, "grid-n40-x1": 0.9}


def score_files(
    accuracy: Mapping[str, float | None] = ACCURACY,
    *,
    repeats: int = 6,
    shifts: Sequence[float] = (0.0,) * 6,
    validation: Mapping[str, float | None] = VALIDATION,
) -> list[dict[str, Any]]:
    """Score files in which every cell of repeat r has its accuracy plus the shift of r."""
    return [
        score_file(
            r,
            [
                cell(arm, None if value is None else round(value + shifts[r], 6), validation=validation.get(arm, 0.5))
                for arm, value in accuracy.items()
            ],
        )
        for r in range(repeats)
    ]


def found(write: Write, files: Sequence[Mapping[str, Any]], grid: Grid = GRID) -> GridFindings:
    return analyse(read_scores(write(files)), grid=grid, classifier="lenet5", seed=0)


def gridded(study: Study) -> Study:
    return replace(study, grid=GRID)


def test_twenty_gan_images_that_replace_ten_real_ones_are_worth_half_of_one_each(write: Write) -> None:
    own = found(write, score_files()).point(10, 2).worth
    assert own is not None
    # 0.6 is what 20 real images give: 10 more than there are, for 20 GAN images.
    assert own.answer == "some"
    assert (own.size, own.exchange) == pytest.approx((20, 2))
    assert (own.low, own.high) == pytest.approx((20, 20))


def test_between_sizes_accuracy_is_linear_in_the_logarithm(write: Write) -> None:
    findings = found(write, score_files())
    between, above = findings.point(10, 1).worth, findings.point(20, 1).worth
    assert between is not None
    assert above is not None
    # Half way from 0.5 to 0.6 lies the geometric mean of 10 and 20; 10 GAN images replace 4.14 real ones.
    assert between.size == pytest.approx(math.sqrt(200))
    assert between.exchange == pytest.approx(10 / (math.sqrt(200) - 10))
    assert (above.size, above.exchange) == pytest.approx((math.sqrt(800), 20 / (math.sqrt(800) - 20)))


@pytest.mark.parametrize(
    ("own", "per_class", "expected"),
    [
        (0.6, 20, Worth("none", 1)),
        (0.4, 10, Worth("none", 1)),
        # 20 GAN images are worth more than 30 real ones, or 0.67 each of one.
        (0.71, 10, Worth("more", 1, exchange=20 / 30)),
        (0.71, 40, Worth("more", 1)),
    ],
)
def test_what_has_no_number_is_said_in_words(own: float, per_class: int, expected: Worth) -> None:
    real = [{0: 0.5}, {0: 0.6}, {0: 0.7}]
    assert worth((10, 20, 40), real, {0: own}, per_class=per_class, images=20, seed=0) == expected


def test_a_curve_that_falls_stays_at_its_highest() -> None:
    curve = np.array([[0.5, 0.7, 0.6, 0.9]] * 4)
    reached = equal_size((10, 20, 40, 80), curve, np.array([0.6, 0.7, 0.8, 0.95]))
    # 0.6 is reached on the way to 20; 0.8 half way from the 0.7 that still stands at 40 to the 0.9 at 80.
    assert reached == pytest.approx([math.sqrt(200), 20, math.sqrt(3200), math.inf])


def test_repeats_are_drawn_in_pairs(write: Write) -> None:
    """A repeat that is easier for all cells says nothing of what an image is worth."""
    shifts = (0.05, -0.05, 0.1, -0.1, 0.02, 0.08)
    own = found(write, score_files(shifts=shifts)).point(10, 2).worth
    assert own is not None
    assert (own.size, own.low, own.high) == pytest.approx((20, 20, 20))


def test_the_interval_is_that_of_drawn_repeats() -> None:
    """Of 6 drawn repeats B have 0.6 and the others 0.5; at most 1 has 7 chances in 64, none 1 in 64."""
    real = [dict.fromkeys(range(6), value) for value in (0.5, 0.6)]
    own = {r: 0.6 if r % 2 else 0.5 for r in range(6)}
    told = worth((10, 20), real, own, per_class=10, images=20, seed=3)
    assert told.size == pytest.approx(10 * math.sqrt(2))
    assert (told.low, told.high) == pytest.approx((10 * 2 ** (1 / 6), 10 * 2 ** (5 / 6)))
    # The fewer images it stands for, the more of them are worth one: 20 for 7.8 and for 1.2.
    interval = exchange_interval(told, per_class=10, images=20, largest=40)
    assert interval == f"{20 / 7.8180:.1f} to {20 / 1.2246:.1f}"


def test_below_six_repeats_there_is_no_interval(write: Write) -> None:
    findings = found(write, score_files(repeats=5))
    own = findings.point(10, 2).worth
    assert own is not None
    assert (own.n, own.low, own.high, findings.break_even.low) == (5, None, None, None)
    assert own.exchange == pytest.approx(2)
    assert cautions([findings])[0].startswith("With 5 whole repeats this is a first look")


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (Worth("some", 6, low=12, high=20), "2.0 to 10.0"),
        (Worth("some", 6, low=10, high=20), "2.0 to none"),
        (Worth("more", 6, low=20, high=40), "under 2.0"),
        (Worth("some", 6, low=10, high=40), "under 0.7 to none"),
        (Worth("none", 6, low=10, high=10), "none"),
        (Worth("some", 5), None),
    ],
)
def test_an_interval_is_open_where_sizes_end(own: Worth, told: str | None) -> None:
    assert exchange_interval(own, per_class=10, images=20, largest=40) == told


def test_the_best_ratio_is_chosen_on_validation_images(write: Write) -> None:
    """On the test set ratio 2 is the best at 10 images; validation says 1, and 1 it is."""
    assert found(write, score_files()).best == {10: 2, 20: 1, 40: 1}
    chosen = found(write, score_files(validation={**VALIDATION, "grid-n10-x1": 0.95}))
    assert (chosen.best[10], chosen.validated) == (1, True)
    blind = found(write, score_files(validation=dict.fromkeys(ACCURACY, None)))
    assert (blind.best, blind.validated) == ({10: 2, 20: 2, 40: 2}, False)
    assert "no validation images" in cautions([blind])[0]


def test_the_gain_has_its_interval(write: Write) -> None:
    point = found(write, score_files()).point(20, 1)
    assert point.gain is not None
    assert (point.gain.n, point.gain.mean, point.low, point.high) == pytest.approx((6, 0.05, 0.05, 0.05))
    assert point.accuracy.mean == pytest.approx(0.65)
    assert found(write, score_files()).point(20, 0).gain is None


def test_the_break_even_size_of_a_study(write: Write) -> None:
    own = found(write, score_files()).break_even
    # Gains of the best ratios: +0.1 at 10, +0.05 at 20, -0.01 at 40: zero after 5 sixths of the way from 20 to 40.
    assert (own.answer, own.n) == ("below", 6)
    assert own.sizes == pytest.approx((20 * 2 ** (5 / 6),))
    assert (own.low, own.high) == pytest.approx((own.sizes[0], own.sizes[0]))


@pytest.mark.parametrize(
    ("gains", "answer", "sizes"),
    [
        ((0.04, -0.04), "below", (20,)),
        ((-0.04, 0.04), "above", (20,)),
        ((0.03, 0.01), "all", ()),
        ((0.0, -0.01), "none", ()),
    ],
)
def test_where_the_gain_is_zero(gains: tuple[float, ...], answer: str, sizes: tuple[float, ...]) -> None:
    own = break_even((10, 40), [{0: gain} for gain in gains], seed=0)
    assert own.answer == answer
    assert own.sizes == pytest.approx(sizes)


def test_a_gain_that_comes_and_goes_has_no_one_break_even_size() -> None:
    own = break_even((10, 40, 160), [{0: 0.04}, {0: -0.04}, {0: 0.04}], seed=0)
    assert own.answer == "several"
    assert own.sizes == pytest.approx((20, 80))
    assert break_even((10,), [{0: 0.1}], seed=0).answer == "all"
    assert break_even((10, 20), [{0: 0.1}, {1: 0.1}], seed=0).answer == "unknown"


def test_the_break_even_size_has_an_interval() -> None:
    """+0.01 at 10; at 40 half of the repeats have +0.01 and half -0.01, so with B of 6 drawn it is 0.01 (B / 3 - 1)."""
    gains = [dict.fromkeys(range(6), 0.01), {r: 0.01 if r % 2 else -0.01 for r in range(6)}]
    own = break_even((10, 40), gains, seed=3)
    # With B = 1 it falls from 0.01 to -0.0067, and is 0 at 3 fifths of the way; with B = 5 it never is.
    assert (own.low, own.high) == pytest.approx((10 * 4**0.6, 40))
    # No gain in any draw, from the smallest size on.
    never = break_even((10, 40), [dict.fromkeys(range(6), -0.01)] * 2, seed=3)
    assert (never.answer, never.low, never.high) == ("none", 10, 10)


def test_a_failed_cell_is_left_out_with_its_repeat(write: Write) -> None:
    files = score_files()
    files[0] = score_files({**ACCURACY, "grid-n10-x2": None})[0]
    findings = found(write, files)
    point = findings.point(10, 2)
    assert point.gain is not None
    assert point.worth is not None
    assert (point.accuracy.n, point.gain.n, point.dropped, point.worth.n, findings.break_even.n) == (5, 5, 1, 5, 5)
    assert findings.point(10, 1).accuracy.n == 6
    nothing = found(write, score_files({**ACCURACY, **{name: None for name in ACCURACY if name[-1] != "0"}}))
    assert "no repeat has all the scores" in worth_told(nothing, GRID)
    assert "no repeat has all the scores" in break_even_told(nothing, GRID)


def test_the_answers_are_said_in_words(write: Write) -> None:
    findings = found(write, score_files())
    assert worth_told(findings, GRID) == (
        "lenet5: at 10 real images a class 2.0 GAN images are worth one real image (ratio 2, 95% interval 2.0 to 2.0); "
        "at 20 real images a class 2.4 GAN images are worth one real image (ratio 1, 95% interval 2.4 to 2.4); "
        "at 40 real images a class GAN images are worth no real image (ratio 1)."
    )
    assert break_even_told(findings, GRID) == (
        "lenet5: the mean gain of the best ratio falls to 0 at about 36 real images a class, the break-even size, and "
        "is above 0 with fewer (95% interval of the break-even size: 36)."
    )
    assert cautions([findings]) == []
    better = found(write, score_files({**ACCURACY, "grid-n40-x1": 0.8}))
    assert break_even_told(better, GRID) == (
        "lenet5: the mean gain of the best ratio is above 0 at all sizes measured (10 to 40 real images a class): no "
        "break-even size (95% interval of the break-even size: above 40)."
    )
    assert worth_told(better, GRID).endswith(
        "at 40 real images a class GAN images are worth more than was measured, since there is no larger size to "
        "compare with (ratio 1)."
    )
    assert "no real image (ratio 1, nor anywhere in the 95% interval)" in worth_told(
        found(write, score_files({**ACCURACY, "grid-n20-x1": 0.5})), GRID
    )
    worse = found(write, score_files({**ACCURACY, "grid-n10-x2": 0.4, "grid-n20-x1": 0.5}))
    assert break_even_told(worse, GRID) == (
        "lenet5: the mean gain of the best ratio is above 0 at none of the sizes measured (10 to 40 real images a "
        "class) (95% interval of the break-even size: below 10)."
    )


def test_a_falling_curve_is_told(write: Write) -> None:
    findings = found(write, score_files({**ACCURACY, "grid-n20-x0": 0.45}))
    assert not findings.rising
    assert "falls between some sizes" in cautions([findings])[0]


def test_the_table_has_a_line_a_cell(write: Write) -> None:
    lines = grid_lines([found(write, score_files())])
    assert len(lines) == 1 + 9
    assert lines[1] == ["lenet5", "10", "0", "0", "6", "0.500 ± 0.000", *[DASH] * 5]
    assert lines[3][1:6] == ["10", "2", "20", "6", "0.600 ± 0.000"]
    assert lines[3][6:] == ["+10.0", "+10.0 to +10.0", "20.0", "2.0", "2.0 to 2.0"]
    assert lines[9][-3:] == ["at most 40", "none", DASH]


def test_all_files_are_written(write: Write, tmp_path: Path) -> None:
    tables, picture = tmp_path / "tables", tmp_path / "grid.png"
    paths = write(score_files())
    tabulate_grid(paths, study=gridded(make_study()), seed=0, code="c", tables=tables, picture=picture)
    told = read_json(tables / "grid.json")
    assert told["classifiers"][0]["points"][2]["worth"]["exchange"] == pytest.approx(2)
    assert told["classifiers"][0]["points"][2]["accuracy"]["values"] == [0.6] * 6
    assert told["bold"] == [False, False, True, False, True, False, False, True, False]
    by_cell = {(row["per_class"], row["ratio"]): row for row in read_csv(tables / "grid.csv")}
    assert by_cell["10", "2.0"]["worth"] == "some"
    assert float(by_cell["10", "2.0"]["gain_mean"]) == pytest.approx(0.1)
    assert by_cell["10", "0.0"]["gain_mean"] == ""
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert (tables / "grid.md").read_text().count("\n") == 11
    assert (tables / "grid.tex").read_text().count(r" \\") == 10


def test_the_cells_of_a_grid_are_in_no_comparison_of_arms(write: Write, tmp_path: Path) -> None:
    """The family of comparisons, the headline and the main table are those of a study without the grid."""
    made = []
    for name, study, more in (
        ("plain", make_study(), {}),
        ("grid", gridded(make_study()), dict.fromkeys(ACCURACY, Arm(per_class=10))),
    ):
        files = full_study()
        for r, file in enumerate(files):
            file["cells"] += [cell(arm, ACCURACY[arm] + REAL[r] - 0.8) for arm in more]
        tabulate(
            write(files),
            study=study,
            arms={**ARMS, **more},
            data=make_data(),
            gan_records=[],
            seed=0,
            code="c",
            tables=tmp_path / name,
            summary=tmp_path / name / "summary.json",
        )
        made.append(tmp_path / name)
    for file in ("metrics.csv", "metrics.json", "comparisons.csv", "per_class.csv", "cells.csv"):
        assert (made[0] / file).read_bytes() == (made[1] / file).read_bytes()
    plain, grid = (read_json(folder / "summary.json") for folder in made)
    assert (grid["headline"], grid["arms"]) == (plain["headline"], plain["arms"])
    assert len(grid["cells"]) == 6 * (len(GAINS) + len(ACCURACY))


def test_preflight_counts_the_grid() -> None:
    """Sizes 10 and 20 with ratios 0 and 1: four cells a repeat, two sets of samples, and a GAN of 10 images."""
    plain = setup(arms=("real",))
    grid = Grid(gan="dcgan", per_class=(10, 20), ratios=(0.0, 1.0))
    gan = plain.gans["dcgan"]
    both = Setup(
        data=plain.data,
        study=replace(plain.study, grid=grid),
        arms={
            **ARMS,
            "grid-n10-x0": Arm(per_class=10),
            "grid-n10-x1": Arm(per_class=10, gan=GanArm("dcgan-n10", count=10)),
            "grid-n20-x0": Arm(per_class=20),
            "grid-n20-x1": Arm(per_class=20, gan=GanArm("dcgan", count=20)),
        },
        gans={"dcgan": gan, "dcgan-n10": replace(gan, per_class=10)},
        classifiers=plain.classifiers,
    )
    assert jobs_of(both) == {"GAN": 24, "sample": 12, "classic": 0, "classifier": 30, "score": 6}
    # 2 classes of 10 images are 2 batches of at most 8 an epoch each, for 10 epochs.
    assert gan_steps(both.gans["dcgan-n10"], {"cat": 20, "dog": 20}) == 40
    pace = Pace(start=0, gans={**PACE.gans, "dcgan-n10": PACE.gans["dcgan"]}, classifiers=PACE.classifiers)
    before, after = (estimate(one, pace, report=report(), rows=rows(), image_bytes=256) for one in (plain, both))
    # In 6 repeats: the second GAN's 40 steps of 0.5 s; 20 and 40 samples, each an eighth of a step; four cells of 600
    # steps of 0.1 s and 12 evaluations of their 20, 40, 40 and 80 images, and 20 of validation, 1 ms each.
    cells = 4 * 60 + 12 * (20 + 40 + 40 + 80 + 4 * 20) * 0.001
    assert after.seconds - before.seconds == pytest.approx(6 * (40 * 0.5 + 60 * 0.5 / 8 + cells))
    assert facts(both, report(), rows())[1].startswith("6 repeats of 1 arms and 4 cells of the grid: 24 GAN jobs")


def test_a_study_without_a_grid_has_none() -> None:
    assert asdict(make_study())["grid"] is None
