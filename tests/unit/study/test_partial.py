"""A report of what is scored so far, with the grid of a study and without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ganaug.arms import Arm
from ganaug.config import Compute, Study
from ganaug.errors import UserError
from ganaug.study.partial import write_partial

from .conftest import ARMS, Write, data_report, full_study, make_data, make_study
from .test_grid import ACCURACY, gridded, score_files


def partial(folder: Path, scores: list[Path], study: Study) -> str:
    """The report; the data report is there, and a score file and a GAN's record that are listed are not."""
    (folder / "data.json").write_text(json.dumps(data_report()))
    write_partial(
        folder / "partial",
        scores=[*scores, folder / "scores/r99.json"],
        gan_records=[folder / "gan/dcgan/r0/j0/status.json"],
        data_report=[folder / "data.json"],
        study=study,
        arms={**ARMS, **{name: Arm(per_class=10) for name in ACCURACY}},
        data=make_data(),
        seed=0,
        compute=Compute(device="cpu", precision="fp32", threads=1, processes=1),
        jobs={},
        benchmarks=folder / "benchmarks",
        config={"experiment": "toy", "seed": 7, "data": {"source": "digits"}},
        code_digests={},
        code="c",
    )
    return (folder / "partial/report.html").read_text(encoding="utf-8")


def test_the_grid_is_in_the_report(write: Write, tmp_path: Path) -> None:
    files = full_study()
    for file, more in zip(files, score_files(), strict=True):
        file["cells"] += more["cells"]
    html = partial(tmp_path, write(files), gridded(make_study()))
    assert "<h2>What a GAN image is worth</h2>" in html
    assert "2.0 GAN images are worth one real image (ratio 2, 95% interval 2.0 to 2.0)" in html
    assert "falls to 0 at about 36 real images a class, the break-even size" in html
    assert 'alt="Two panels of lines: test accuracy against real images a class' in html
    assert "first look" not in html
    assert (tmp_path / "partial/plots/grid.png").exists()


def test_a_grid_without_scores_says_so(write: Write, tmp_path: Path) -> None:
    """Score files from before the grid was added to the study."""
    html = partial(tmp_path, write(full_study()), gridded(make_study()))
    assert "no repeat has all the scores that tell what a GAN image is worth" in html
    assert "no repeat has all the scores that tell a break-even size" in html


def test_without_a_grid_there_is_no_such_section(write: Write, tmp_path: Path) -> None:
    html = partial(tmp_path, write(full_study()), make_study())
    assert "What a GAN image is worth" not in html
    assert not (tmp_path / "partial/plots").exists()


def test_without_any_score_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^report_partial: no scores or no data report yet"):
        partial(tmp_path, [], make_study())
