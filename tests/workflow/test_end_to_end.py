"""One tiny run, looked at from many sides."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganaug.code import code_digest
from tests.workflow.project import TINY, Project, complaints, images_folder

CONFIG = "config/experiments/tiny.yaml"
ARMS = TINY["study"]["arms"]
REPEATS = range(TINY["study"]["repeats"])
# What holds the digest of a rule's code: its script, and the network that it loads by a name from the config.
NETWORKS = {
    "gan/dcgan/r0/j0/status.json": ("train_gan", "gan.networks.dcgan"),
    "gan/identity/r0/j0/status.json": ("train_gan", "gan.networks.identity"),
    "samples/dcgan/last/n12/r0/record.json": ("sample_gan", "gan.networks.dcgan"),
    "samples/identity/last/n12/r0/record.json": ("sample_gan", "gan.networks.identity"),
    "cells/real/lenet5/r0f0/status.json": ("train_classifier", "classify.networks.lenet5"),
    "scores/r0.json": ("score_repeat", "classify.networks.lenet5"),
}


@pytest.fixture(scope="module")
def results(tiny: Project) -> Path:
    return tiny.results / "tiny"


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def cells_of(results: Path, repeat: int) -> dict[str, dict[str, Any]]:
    return {cell["arm"]: cell for cell in read_json(results / f"scores/r{repeat}.json")["cells"]}


def test_a_second_run_executes_no_job(tiny: Project) -> None:
    outcome = tiny.run(config=CONFIG)
    assert outcome.returncode == 0, outcome.stdout
    assert "Nothing to be done" in outcome.stdout
    assert complaints(outcome.stdout) == []


def test_every_stage_left_its_files(results: Path) -> None:
    for name in ("summary.json", "report.html", "tables/metrics.csv", "tables/metrics.md", "tables/metrics.tex"):
        assert (results / name).stat().st_size > 0
    for r in REPEATS:
        assert {path.name for path in (results / f"gan/dcgan/r{r}/j0").iterdir()} == {
            "G-e20.safetensors",
            "G-last.safetensors",
            "D-last.safetensors",
            "history.csv",
            "status.json",
            "grid.png",
            "film.gif",
        }
    for picture in ("accuracy", "curves", "confusion", "gan", "samples-dcgan-last-n12", "samples-dcgan-e20-n6"):
        assert Image.open(results / f"plots/{picture}.png").size > (100, 100)
    assert not list(results.rglob(".*"))  # the names of files that are not whole yet
    assert not list(results.parents[1].glob(".ganaug/resume/*/*"))


def test_every_plot_and_every_table_comes_in_the_formats_of_papers(results: Path) -> None:
    for name in ("accuracy", "forest", "per_class", "curves", "confusion", "gan"):
        assert {path.suffix for path in (results / "plots").glob(f"{name}.*")} == {".png", ".svg", ".pdf"}, name
    tables = {path.stem for path in (results / "tables").glob("*.csv")}
    assert tables == {"metrics", "comparisons", "cells", "per_class", "per_class_gains", "gans", "gan_classes", "cost"}
    for name in tables:
        assert {path.suffix for path in (results / "tables").glob(f"{name}.*")} >= {".csv", ".md", ".tex"}, name


def test_every_arm_has_its_cost(results: Path) -> None:
    """Of an arm all jobs left a time, those of the GAN that it uses among them."""
    rows = {row["arm"]: row for row in read_csv(results / "tables/cost.csv")}
    assert list(rows) == ARMS
    assert all(float(row["hours"]) > 0 for row in rows.values())
    with (results / "benchmarks/train_gan/dcgan-r0-j0.tsv").open(encoding="utf-8") as handle:
        [job] = csv.DictReader(handle, delimiter="\t")
    for arm in ("gan", "mixed", "synthetic"):
        assert float(rows[arm]["gan_hours"]) == pytest.approx(float(job["s"]) / 3600)
    assert float(rows["classic"]["gan_hours"]) == 0
    assert float(rows["classic"]["classic_hours"]) > 0


def test_every_artefact_has_a_record_of_what_made_it(results: Path) -> None:
    records = [*results.glob("gan/*/r0/j0/status.json"), *results.glob("cells/*/*/r0f0/status.json")]
    records += [*results.glob("classic/*/r0/record.json"), *results.glob("samples/*/*/*/r0/record.json")]
    records += results.glob("sets/*/r0.json")
    assert len(records) == 3 + len(ARMS) + 2 + 5 + len(ARMS)
    for path in records:
        record = read_json(path)
        assert {"state", "reason", "inputs", "config", "code", "seeds", "outputs"} <= set(record), path
        assert record["inputs"]
        assert record["outputs"]


def test_a_gan_that_copies_is_found_out(results: Path) -> None:
    [path] = results.glob("quality/identity/*/*/r0.json")
    record = read_json(path)
    copies = record["memorisation"]
    assert copies["equal"] == copies["samples"] == record["train"]["n_made"] > 0
    assert copies["closer"] == copies["copying"] == 1
    # They are its own training images, of the class that was asked for: what the network learnt, it knows.
    seen = cells_of(results, 0)["real"]["splits"]["train"]["accuracy"]
    assert record["guesses"]["gan_test"]["accuracy"] == pytest.approx(seen)
    # Of the GAN that diverged there is nothing to compare, and its record says so.
    [broken] = results.glob("quality/broken/*/*/r0.json")
    assert "without generated images" in read_json(broken)["memorisation"]["reasons"]["closer"]
    gan, snap, amount = path.parts[-4:-1]
    assert Image.open(results / f"plots/memorised-{gan}-{snap}-{amount}.png").size > (100, 100)
    html = (results / "report.html").read_text(encoding="utf-8")
    assert "100% of the samples of identity (last) are nearer to a training image than any held-out image is" in html


def test_the_training_sets_have_the_sizes_that_the_config_asks_for(results: Path) -> None:
    sizes = {"real": 6, "duplicate": 18, "classic": 18, "gan": 18, "mixed": 18, "synthetic": 12, "copied-only": 6}
    for arm, size in sizes.items():
        rows = read_csv(results / f"sets/{arm}/r0.csv")
        assert {sum(row["label"] == str(digit) for row in rows) for digit in range(10)} == {size}, arm


def test_the_summary_has_every_arm(results: Path) -> None:
    summary = read_json(results / "summary.json")
    assert [(cell["arm"], cell["repeat"]) for cell in summary["cells"]] == [(arm, r) for r in REPEATS for arm in ARMS]
    assert {row["arm"] for row in read_csv(results / "tables/metrics.csv")} == set(ARMS)
    assert "not settled" in summary["headline"]  # one repeat settles nothing, whatever the means


class Loads(HTMLParser):
    """What a browser would fetch, and the text of the first heading."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.heading = ""
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "h1" and not self.heading
        self.fetched += [
            value or "" for name, value in attrs if name in ("src", "srcset") or (name, tag) == ("href", "link")
        ]

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "h1"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.heading += data


def test_the_report_is_one_file_and_opens_with_the_verdict(results: Path) -> None:
    text = (results / "report.html").read_text(encoding="utf-8")
    page = Loads()
    page.feed(text)
    assert page.fetched
    assert all(source.startswith("data:") for source in page.fetched)
    assert not re.search(r"url\(|@import", text)
    assert "not settled" in text[: text.index("</h1>")]
    assert text.index("</h1>") < text.index("<table")


def test_every_arm_trains_for_the_same_steps(results: Path) -> None:
    for arm in ARMS:
        for r in REPEATS:
            folder = results / f"cells/{arm}/lenet5/r{r}f0"
            record = read_json(folder / "status.json")
            if record["state"] == "ok":
                assert record["steps"] == 6
                assert record["selected_step"] in (3, 6)
                assert [row["step"] for row in read_csv(folder / "history.csv")] == ["3", "6"]


def test_only_the_score_opens_the_test_set(tiny: Project, results: Path) -> None:
    readers = {}
    for path in (tiny.folder / ".snakemake/metadata").iterdir():
        job = read_json(path)
        readers.setdefault(job["rule"], set()).update(job["input"])
    assert len(readers) > 10
    assert [rule for rule, files in readers.items() if any("/test/" in file for file in files)] == ["score_repeat"]
    for path in results.rglob("status.json"):
        assert not any("/test/" in file for file in read_json(path)["inputs"])


def test_no_test_image_is_in_a_training_or_validation_set(results: Path) -> None:
    sealed = {row["source"] for row in read_csv(results / "data/p0/test/index.csv")}
    assert len(sealed) > 800
    for r in REPEATS:
        assert sealed.isdisjoint(row["source"] for row in read_csv(results / f"data/r{r}.csv"))
        for arm in ARMS:
            assert sealed.isdisjoint(row["source"] for row in read_csv(results / f"sets/{arm}/r{r}.csv"))


def test_repeats_draw_other_images_and_other_generators(finished: Project) -> None:
    generators = [f"results/tiny/gan/dcgan/r{r}/j0/G-last.safetensors" for r in (0, 1)]
    outcome = finished.run(*generators, config=CONFIG)  # a repeat that the study does not have yet
    assert outcome.returncode == 0, outcome.stdout
    first, second = ({row["source"] for row in read_csv(finished.results / f"tiny/data/r{r}.csv")} for r in (0, 1))
    assert first != second
    assert (finished.folder / generators[0]).read_bytes() != (finished.folder / generators[1]).read_bytes()


@pytest.mark.parametrize("record", NETWORKS)
def test_the_code_of_a_rule_counts_the_network_that_it_runs(tiny: Project, results: Path, record: str) -> None:
    script, network = NETWORKS[record]
    path = tiny.folder / f"workflow/scripts/{script}.py"
    recorded = read_json(results / record)["code"]
    assert recorded == code_digest(path, (f"ganaug.{network}",))
    assert recorded != code_digest(path)


def test_an_edit_to_a_classifier_network_trains_and_scores_its_cells(finished: Project) -> None:
    networks = finished.library / "classify/networks"
    for name, jobs in {
        "simplecnn": {},  # which the study does not use
        "lenet5": {"train_classifier": len(ARMS) * len(REPEATS), "score_repeat": len(REPEATS)},
    }.items():
        with (networks / f"{name}.py").open("a", encoding="utf-8") as module:
            module.write("\nUNUSED = 1\n")
        planned = finished.jobs("score_all", config=CONFIG)
        assert {rule: count for rule, count in planned.items() if rule != "score_all"} == jobs


@pytest.mark.parametrize(("arm", "twin"), [("copied", "duplicate"), ("copied-only", "real")])
def test_the_identity_generator_scores_as_the_real_images_do(results: Path, arm: str, twin: str) -> None:
    for r in REPEATS:
        cells = cells_of(results, r)
        assert cells[arm]["state"] == "ok"
        assert cells[arm]["splits"] == cells[twin]["splits"]
        assert cells[arm]["digest"] == cells[twin]["digest"]


def test_arms_differ_where_their_images_do(results: Path) -> None:
    cells = cells_of(results, 0)
    assert len({cells[arm]["digest"] for arm in ("real", "duplicate", "classic", "gan", "mixed", "synthetic")}) == 6


def test_predictions_are_the_scores(results: Path) -> None:
    rows = read_csv(results / "scores/r0-predictions.csv")
    probabilities = np.load(results / "scores/r0-probabilities.npy")
    cells = list(cells_of(results, 0).values())
    assert probabilities.shape == (len(ARMS), len(rows), 10)
    for cell, own in zip(cells, probabilities, strict=True):
        if cell["state"] == "ok":
            right = sum(row["label"] == row[f"{cell['arm']}/lenet5/f0"] for row in rows)
            assert cell["splits"]["test"]["accuracy"] == pytest.approx(right / len(rows))
            assert [str(k) for k in own.argmax(axis=1)] == [row[f"{cell['arm']}/lenet5/f0"] for row in rows]


def test_a_diverged_gan_is_a_failed_row_and_no_error(results: Path) -> None:
    for r in REPEATS:
        assert re.search(r"diverged at step 1\b", read_json(results / f"gan/broken/r{r}/j0/status.json")["reason"])
        cells = cells_of(results, r)
        assert [arm for arm, cell in cells.items() if cell["state"] != "ok"] == ["broken"]
        assert cells["broken"]["splits"] is None
        assert "diverged at step 1" in cells["broken"]["reason"]
        column = [row["broken/lenet5/f0"] for row in read_csv(results / f"scores/r{r}-predictions.csv")]
        assert set(column) == {""}
    listed = [row for row in read_csv(results / "tables/cells.csv") if row["state"] != "ok"]
    assert {(row["arm"], row["repeat"]) for row in listed} == {("broken", str(r)) for r in REPEATS}
    report = (results / "report.html").read_text(encoding="utf-8")
    assert "1 of 9 cells failed" in report
    assert "diverged at step 1" in report


def test_every_cell_is_tracked(tiny: Project) -> None:
    import sqlite3

    with sqlite3.connect(tiny.folder / "mlflow.db") as store:
        runs = store.execute("SELECT key, value FROM tags WHERE key IN ('arm', 'repeat')").fetchall()
    assert {value for key, value in runs if key == "arm"} >= set(ARMS)
    assert {value for key, value in runs if key == "repeat"} == {"0"}


def test_a_training_set_is_exported_as_png_files(finished: Project) -> None:
    outcome = finished.run("results/tiny/export/mixed/r0/manifest.csv", config=CONFIG)
    assert outcome.returncode == 0, outcome.stdout
    results = finished.results / "tiny"
    folder = results / "export/mixed/r0"
    rows, listed = read_csv(results / "sets/mixed/r0.csv"), read_csv(folder / "manifest.csv")
    assert [(row["label"], row["origin"], row["source"]) for row in listed] == [
        (row["label"], row["origin"], row["source"]) for row in rows
    ]
    for row, shown in zip(rows[::20], listed[::20], strict=True):
        stored = np.load(finished.folder / row["images"], mmap_mode="r")[int(row["row"])]
        assert np.array_equal(np.asarray(Image.open(folder / shown["file"])), stored[..., 0])


def test_grids_of_samples_are_drawn_when_they_are_asked_for(finished: Project) -> None:
    grids = [f"results/tiny/grids/dcgan-{name}.png" for name in ("e20", "last-classes")]
    outcome = finished.run(*grids, config=CONFIG)
    assert outcome.returncode == 0, outcome.stdout
    # 50 columns of 1,000, 20 of 200; images of 16 pixels and a gap of one, enlarged twice.
    sizes = [Image.open(finished.folder / grid).size for grid in grids]
    assert sizes == [(2 * (50 * 17 - 1), 2 * (20 * 17 - 1)), (2 * (20 * 17 - 1), 2 * (10 * 17 - 1))]
    assert finished.jobs(*grids, config=CONFIG) == {}


def test_leaks_are_told_in_red(project: Project) -> None:
    """A leaky study without validation, as some papers have it, on a folder of one's own."""
    images_folder(project.folder / "images", {"cat": 24, "dog": 24})
    gan = {"epochs": 2, "batch_size": 16, "nz": 4, "architecture": {"ngf": 2, "ndf": 2}, "snapshots": []}
    bare = {
        "experiment": "bare",
        "data": {"source": "folder", "path": "images", "per_class": None, "validation": 0, "leaky": True},
        "gans": {"dcgan": gan},
        "study": {"arms": ["real", "duplicate", "gan"], "repeats": 1, "steps": 4, "eval_every": 2, "select": "last"},
        "arms": {"gan": {"gan": {"ratio": 1}}},
        "compute": {"device": "cpu"},
    }
    outcome = project.run("results/bare/report.html", config=project.write(bare))
    assert outcome.returncode == 0, outcome.stdout
    results = project.results / "bare"
    for cell in cells_of(results, 0).values():
        assert cell["splits"]["validation"] is None
        assert [point["step"] for point in cell["curve"]] == [2, 4]
        assert cell["curve"][-1]["accuracy"] == cell["splits"]["test"]["accuracy"]
    seen = read_json(results / "gan/dcgan/r0/j0/status.json")
    assert seen["images"] == {"cat": 24, "dog": 24}  # all of them, the test images too
    assert "results/bare/data/p0/leaked/images.npy" in seen["inputs"]
    banners = re.findall(
        r'class="banner"[^>]*>(.*?)</', (results / "report.html").read_text(encoding="utf-8"), re.DOTALL
    )
    assert any("data.leaky is true" in banner for banner in banners)
    assert any("data.validation is 0" in banner for banner in banners)
