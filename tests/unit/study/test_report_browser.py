"""The report in a browser: nothing fails, nothing is fetched, nothing sticks out; and its colours can be told apart."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

import ganaug
from ganaug.config import Compute
from ganaug.study.cost import count_cost
from ganaug.study.forest import CONTROL, LOOKS
from ganaug.study.per_class import tabulate_gains
from ganaug.study.report import write_report
from ganaug.study.tables import tabulate
from ganaug.style import INK
from tests.browser import CHROMIUM, visit

from .conftest import ARMS, GAINS, REAL, Write, cell, data_report, make_data, make_study, score_file

STYLE = Path(ganaug.__file__).parent / "study/page.style.css.j2"
# A word that no line of a phone holds, as file names and classes are.
LONG = "Pneumonoultramicroscopicsilicovolcanoconiosis_suspected_2019_batch_07"
CLASSES = (LONG, "dog")
TEXTS = [
    *((ink, ground) for ink in ("ink", "soft") for ground in ("page", "card", "faint")),
    *((name, f"{name}-bg") for name in ("helps", "hurts", "same", "open", "alarm")),
]

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here to open a page in")


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (1500, 300), "white").save(path)
    return path


@pytest.fixture
def page(write: Write, tmp_path: Path) -> Path:
    """A report of two classifiers with a failed cell, pictures wider than any screen, and every table."""
    files = [
        score_file(
            r,
            [
                cell(arm, None if (arm, r) == ("mixed", 2) else round(REAL[r] + GAINS[arm][r], 6), classifier=name,
                     classes=CLASSES)
                for name in ("lenet5", "simplecnn")
                for arm in GAINS
            ],
            classes=CLASSES,
        )
        for r in range(6)
    ]  # fmt: skip
    study, paths, tables = make_study(classifiers=("lenet5", "simplecnn")), write(files), tmp_path / "tables"
    summary = tmp_path / "summary.json"
    tabulate(
        paths,
        study=study,
        arms=ARMS,
        data=make_data(),
        gan_records=[],
        seed=0,
        code="c",
        tables=tables,
        summary=summary,
    )
    tabulate_gains(paths, study=study, tables=tables)
    (tmp_path / "data.json").write_text(json.dumps(data_report(CLASSES)), encoding="utf-8")
    stages = {"gan": ["train_gan/g"], "samples": [], "classic": [], "set": [], "training": []}
    costs = count_cost(
        tmp_path / "benchmarks",
        jobs=dict.fromkeys(GAINS, stages),
        summary=json.loads(summary.read_text(encoding="utf-8")),
        compute=Compute(device="cpu", precision="fp32", threads=1, processes=1),
    )
    out = tmp_path / "report.html"
    write_report(
        out,
        summary=summary,
        data_report=tmp_path / "data.json",
        pictures=[picture(tmp_path / f"plots/{name}.png") for name in ("accuracy", "forest", "per_class", "samples-g")],
        exploration=None,
        benchmarks=tmp_path / "benchmarks",
        config={"experiment": LONG, "seed": 0, "data": {"source": "folder"}},
        code_digests={f"train_gan ({LONG})": "cafe" * 16},
        class_gains=tables / "per_class_gains.csv",
        costs=costs,
    )
    return out


@needs_browser
@pytest.mark.parametrize("width", [1200, 390])
def test_the_report_in_a_browser(page: Path, tmp_path: Path, width: int) -> None:
    seen = visit(page, width=width, folder=tmp_path)
    assert seen.found["width"] == width
    assert seen.console == []
    assert (seen.requests, seen.found["fetched"]) == ([], [])
    assert seen.found["images"] == 4
    assert (seen.found["broken"], seen.found["unnamed"]) == ([], 0)
    assert (seen.found["page"], seen.found["wide"]) == (width, [])
    headings = seen.found["headings"]
    assert headings.count(1) == 1
    assert headings[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))
    assert (seen.found["headers"], seen.found["language"]) == (0, "en")


@needs_browser
def test_what_is_wrong_with_a_page_is_found(tmp_path: Path) -> None:
    """The test above can fail: a page with every fault that it looks for."""
    page = tmp_path / "faulty.html"
    page.write_text(
        '<html><body><h2>first</h2><img src="http://example.test/x.png"><table><tr><th>a</th></tr></table>'
        '<div style="width: 2000px">wide</div><script>console.error("oh")</script></body></html>',
        encoding="utf-8",
    )
    seen = visit(page, width=390, folder=tmp_path)
    assert len(seen.console) == 1
    assert '"oh"' in seen.console[0]
    assert seen.found["fetched"] == ["http://example.test/x.png"]
    assert any("example.test" in line for line in seen.requests)
    assert (len(seen.found["broken"]), seen.found["unnamed"], seen.found["headers"]) == (1, 1, 1)
    assert seen.found["page"] > 2000 - 1
    assert [one[:10] for one in seen.found["wide"]] == ["<div style"]
    assert (seen.found["headings"], seen.found["language"]) == ([2], "")


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` (WCAG 2.2, "relative luminance")."""
    channels = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    # The lightest grey that is said to pass on white at 4.5, and the next one, which does not.
    assert contrast("#767676", "#ffffff") >= 4.5 > contrast("#777777", "#ffffff")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_has_contrast(theme: str) -> None:
    light, dark = re.findall(r":root \{(.*?)\}", STYLE.read_text(encoding="utf-8"), re.DOTALL)[:2]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light if theme == "light" else dark))
    assert {ink for ink, _ in TEXTS} <= set(colours)
    for ink, ground in TEXTS:
        assert contrast(colours[ink], colours[ground]) >= 4.5, (theme, ink, ground)


def test_a_figure_is_told_by_shape_and_can_be_seen_on_white() -> None:
    looks = [*LOOKS.values(), CONTROL]
    assert len({marker for marker, _ in looks}) == len(looks)
    assert contrast(INK, "#ffffff") >= 4.5
    for _, colour in looks:
        assert contrast(colour, "#ffffff") >= 3  # of what is no text
