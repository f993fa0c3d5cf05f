"""The report: what it says first, what it warns of, and that no name can break out of it."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import ganaug
from ganaug.config import Data, Study
from ganaug.io import write_json
from ganaug.study.gans import Measured
from ganaug.study.report import banners, print_summary, tracks, write_report
from ganaug.study.tables import tabulate

from .conftest import ARMS, Write, cell, data_report, full_study, make_data, make_study, score_file
from .test_gans import compare, full, gan, history, quality

CONFIG = {"experiment": "toy", "seed": 7, "data": {"source": "digits"}}
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def summarise(paths: list[Path], folder: Path, *, study: Study, data: Data, gan_records: Sequence[Path] = ()) -> Path:
    summary = folder / "summary.json"
    tabulate(
        paths,
        study=study,
        arms=ARMS,
        data=data,
        gan_records=gan_records,
        seed=0,
        code="c",
        tables=folder / "tables",
        summary=summary,
    )
    return summary


def report(
    summary: Path,
    folder: Path,
    *,
    data: Mapping[str, Any],
    pictures: Sequence[Path] = (),
    exploration: Path | None = None,
    gans: Path | None = None,
) -> str:
    (folder / "data.json").write_text(json.dumps(data))
    out = folder / "report.html"
    write_report(
        out,
        summary=summary,
        data_report=folder / "data.json",
        pictures=pictures,
        exploration=exploration,
        benchmarks=folder / "benchmarks",
        config=CONFIG,
        code_digests={"train_gan (dcgan)": "cafe"},
        gans=gans,
    )
    return out.read_text()


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.partition("<body>")[2]).split())


def test_deviations_of_a_gans_many_numbers_stand_below_their_means(write: Write, tmp_path: Path) -> None:
    files = [quality(tmp_path / f"q{k}.json", kid) for k, kid in enumerate((0.2, 0.4))]
    past = history(tmp_path / "h.csv", {"cat": [1]})
    (tmp_path / "gans").mkdir()
    compare([Measured("dcgan", "last", "n10", files, [[past]] * 2)], tmp_path / "gans", gans={"dcgan": gan()})
    summary = summarise(write(full_study()), tmp_path, study=make_study(), data=make_data())
    html = report(summary, tmp_path, data=data_report(), gans=tmp_path / "gans/gans.json")
    assert '<td class="num">0.300<span class="pm below">± 0.141</span></td>' in html


def test_gans_are_told_apart_in_tables_with_the_closest_pairs(write: Write, tmp_path: Path) -> None:
    past, picture = history(tmp_path / "h.csv", {"cat": [1]}), tmp_path / "memorised-dcgan-last-n10.png"
    picture.write_bytes(PIXEL)
    (tmp_path / "gans").mkdir()
    files = [full(tmp_path / f"q{k}.json", equal=k) for k in range(2)]
    compare([Measured("dcgan", "last", "n10", files, [[past]] * 2)], tmp_path / "gans", gans={"dcgan": gan()})
    summary = summarise(write(full_study()), tmp_path, study=make_study(), data=make_data())
    html = report(summary, tmp_path, data=data_report(), gans=tmp_path / "gans/gans.json", pictures=[picture])
    section = html[html.index('<section id="gans">') : html.index('<section id="data">')]
    headings = ("Distance to real images", "Fidelity and diversity", "Memorisation and GAN-test", "Training")
    assert [section.count(f"<h3>{heading}</h3>") for heading in headings] == [1] * 4
    assert section.count("<tr><td>real images</td>") == 3
    assert "copies, 1 of them in all repeats together as good as equal to a training image" in section
    assert base64.b64encode(PIXEL).decode() in section
    assert "<td>synthetic</td>" in section
    assert '<section id="pictures">' not in html


def test_a_gan_that_diverged_is_told_even_if_no_cell_failed(write: Write, tmp_path: Path) -> None:
    records = [tmp_path / f"gan/dcgan/r{r}/j0/status.json" for r in (0, 1)]
    for path, reason in zip(records, (None, "cat: diverged at step 90: d_loss nan, g_loss 1"), strict=True):
        write_json(path, {"state": "failed" if reason else "ok", "reason": reason})
    summary = summarise(write(full_study()), tmp_path, study=make_study(), data=make_data(), gan_records=records)
    text = text_of(report(summary, tmp_path, data=data_report()))
    assert "dcgan 1 cat: diverged at step 90: d_loss nan, g_loss 1" in text
    assert "Failed cells" not in text


def test_it_opens_with_the_answer_and_stands_alone(write: Write, tmp_path: Path) -> None:
    picture = tmp_path / "samples-dcgan-last.png"
    picture.write_bytes(PIXEL)
    summary = summarise(write(full_study()), tmp_path, study=make_study(), data=make_data())
    html = report(summary, tmp_path, data=data_report(), pictures=[picture])
    first = re.search(r"<h1>(.*?)</h1>", html, re.DOTALL)
    assert first is not None
    assert text_of(f"<body>{first[1]}").startswith(
        "On toy (20 real training images a class), GAN augmentation (arm gan) helps"
    )
    assert base64.b64encode(PIXEL).decode() in html
    assert "Real images beside synthetic ones, a row a class (dcgan-last)" in html
    assert not re.search(r'(src|href)="(?!data:)', html)
    assert "<script" not in html
    assert 'class="banner"' not in html


def test_the_images_are_shown_below_the_data(write: Write, tmp_path: Path) -> None:
    explored = tmp_path / "explore/record.json"
    counts = {"train": {"cat": 20, "dog": 30}, "validation": {"cat": 4, "dog": 3}, "test": {"cat": 9, "dog": 9}}
    names = ("counts", "means", "singles")
    write_json(explored, {"counts": counts, "outputs": {f"{name}.png": "ef" * 32 for name in names}})
    for name in names:
        explored.with_name(f"{name}.png").write_bytes(PIXEL + name.encode())
    summary = summarise(write(full_study()), tmp_path, study=make_study(), data=make_data())
    html = report(summary, tmp_path, data=data_report(), exploration=explored)
    section = html[html.index('<section id="images">') : html.index('<section id="reproduce">')]
    assert html.index('<section id="data">') < html.index(section)
    assert "The 50 training and 7 validation images of the first repeat" in section
    places = [section.index(base64.b64encode(PIXEL + name.encode()).decode()) for name in names]
    assert places == sorted(places)
    assert places[1] < section.index("More pictures") < places[2]
    assert "<img" not in report(summary, tmp_path, data=data_report())


def test_files_that_were_left_out_are_told(write: Write, tmp_path: Path) -> None:
    summary = summarise(write(full_study()), tmp_path, study=make_study(), data=make_data())
    left_out = {"suffixes": {".heic": 3}, "unlisted": 2}
    html = report(summary, tmp_path, data={**data_report(), "left_out": left_out})
    said = "Files left out: 3 whose names are not those of images (.heic: 3), 2 that data.labels does not list."
    assert said in text_of(html)
    assert "left out: " not in text_of(report(summary, tmp_path, data=data_report()))


def test_it_says_how_to_reproduce_it(write: Write, tmp_path: Path) -> None:
    folder = tmp_path / "benchmarks" / "train"
    folder.mkdir(parents=True)
    (folder / "r0.tsv").write_text("s\th:m:s\tmax_rss\n10.5\t0:00:10\t300.0\n")
    (folder / "r1.tsv").write_text("s\th:m:s\tmax_rss\n2.0\t0:00:02\tNA\n")
    summary = summarise(write(full_study()), tmp_path, study=make_study(), data=make_data())
    text = text_of(report(summary, tmp_path, data=data_report()))
    assert "train 2 12.5 6.2 300" in text
    assert "root seed 7" in text
    assert "seed: 7 data: source: digits" in text
    assert "abab" in text
    assert "cdcd" in text
    assert re.search(r"torch \d+\.\d+", text)
    assert "conditional on this test set" in text


def test_after_many_looks_it_says_how_they_are_allowed_for(write: Write, tmp_path: Path) -> None:
    paths = write(full_study())
    for most in (None, 30):
        study = replace(make_study(), settle=most)
        summary = summarise(paths, tmp_path, study=study, data=make_data())
        text = text_of(report(summary, tmp_path, data=data_report()))
        assert ("These intervals are confidence sequences" in text) == (most is not None)
        assert ("until all were settled or 30 repeats were run" in text) == (most is not None)
        assert ("Intervals are Student-t over repeats, adjusted together" in text) == (most is None)


def test_red_banners(write: Write, tmp_path: Path) -> None:
    files = [score_file(r, [cell("real", 0.8), cell("gan", None if r == 1 else 0.9)]) for r in range(2)]
    study, data = make_study(arms=("real", "gan")), make_data(leaky=True, validation=0)
    summary = summarise(write(files), tmp_path, study=study, data=data)
    html = report(summary, tmp_path, data=data_report())
    assert html.count('class="banner"') == 4
    text = text_of(html)
    assert "the GANs saw the test images" in text
    assert "data.validation is 0" in text
    assert "1 of 4 cells failed" in text
    assert "2 of 6 repeats are scored" in text
    assert "loss is NaN at step 120" in text


def test_a_control_that_differs_is_a_banner(write: Write, tmp_path: Path) -> None:
    files = [score_file(r, [cell("real", 0.8), cell("duplicate", 0.83 + r / 1000)]) for r in range(6)]
    summary = summarise(write(files), tmp_path, study=make_study(arms=("real", "duplicate")), data=make_data())
    told = banners(json.loads(summary.read_text()))
    assert len(told) == 1
    assert told[0].startswith("The control duplicate differs from real with lenet5 by +3.2 points")


def test_class_names_cannot_inject_markup(write: Write, tmp_path: Path) -> None:
    classes = ("<script>alert(1)</script>", "dog")
    files = [score_file(0, [cell("real", 0.8, classes=classes)], classes=classes)]
    summary = summarise(write(files), tmp_path, study=make_study(), data=make_data())
    html = report(summary, tmp_path, data=data_report(classes))
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_intervals_share_one_scale() -> None:
    near = {"low": -0.01, "high": 0.03, "mean": 0.01}
    far = {"low": -0.5, "high": -0.3, "mean": -0.4}
    none = {"low": None, "high": None, "mean": None}
    drawn = tracks([near, near, far, none], 0.005)
    # reaches 0.03, 0.03 and 0.5: the scale ends at twice the median, 0.06, so 0.03 stands half-way right of 0
    assert drawn[0].high == pytest.approx(187.5)
    assert (drawn[2].low, drawn[2].cut_low, drawn[2].mean) == (0, True, None)
    assert drawn[3].low is None
    assert tracks([{"low": 0.0, "high": 0.0, "mean": 0.0}], 0.0)[0].mean == pytest.approx(125)


def test_the_terminal_gets_the_table_and_the_verdict(write: Write, tmp_path: Path) -> None:
    path = summarise(write(full_study()), tmp_path, study=make_study(), data=make_data())
    text = print_summary(json.loads(path.read_text()))
    gan = next(line for line in text.splitlines() if line.startswith("gan "))
    # deviations from 0.85: -1, 2, -1, 0, -1, 1 points, sum of squares 8, divided by 5: the square root is 1.26
    assert " ".join(gan.split()) == "gan lenet5 6 0.850 ± 0.013 0.850 ± 0.013 +5.0 helps"
    assert "GAN augmentation (arm gan) helps lenet5" in " ".join(text.split())
    script = Path(ganaug.__file__).parents[1] / "print_verdict.py"
    shown = subprocess.run([sys.executable, script, path], capture_output=True, text=True, encoding="utf-8", check=True)
    assert shown.stdout == text + "\n"


def test_a_partial_study_is_reported(write: Write, tmp_path: Path) -> None:
    files = full_study(arms=("real",), repeats=1)
    summary = summarise(write(files), tmp_path, study=make_study(classifiers=("lenet5", "simplecnn")), data=make_data())
    text = text_of(report(summary, tmp_path, data=data_report()))
    assert "nothing can be said of GAN augmentation (arm gan) with lenet5 yet" in text
    assert "This is a partial report: 1 of 6 repeats are scored." in text
