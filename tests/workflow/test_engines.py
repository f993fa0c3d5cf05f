"""Snakemake and DVC on one project: whichever ran last, neither has anything left to do."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests.workflow.engines_project import Repository, executed
from tests.workflow.project import images_folder

STUDY = Counter({"tabulate_scores": 1, "plot_study": 1, "write_report": 1})
QUALITY = Counter(
    {"embed_real": 2, "measure_floor": 1, "embed_samples_dcgan": 2, "measure_samples_dcgan": 2, "tabulate_gans": 1}
)
ALL = (
    QUALITY
    + STUDY
    + Counter(
        {
            "download_source": 1,
            "preprocess_images": 1,
            "split_repeat": 2,
            "tell_plan": 1,
            "explore_data": 1,
            "write_data_card": 1,
            "train_gan_dcgan": 2,
            "sample_gan": 2,
            "make_set": 6,
            "train_classifier": 6,
            "score_repeat": 2,
            "draw_samples": 1,
            "draw_pairs": 1,
        }
    )
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Results that Snakemake made and DVC has not seen. Every test leaves it on the branch main, clean."""
    repository = Repository.create(tmp_path_factory.mktemp("engines") / "project")
    assert repository.snakemake() == ALL
    return repository


@pytest.fixture(scope="module")
def first_repro(repository: Repository) -> Counter[str]:
    """The jobs that the first `dvc repro` executed; its results are committed and pushed to a local folder."""
    jobs = repository.repro()
    repository.dvc("remote", "add", "--default", "store", str(repository.folder.parent / "store"))
    repository.commit("results")
    assert "pushed" in repository.dvc("push")
    return jobs


def test_after_snakemake_dvc_repro_executes_no_job(repository: Repository, first_repro: Counter[str]) -> None:
    assert first_repro == Counter()
    repository.assert_nothing_to_do()
    lock = yaml.safe_load((repository.folder / "dvc.lock").read_text(encoding="utf-8"))
    versioned = {out["path"] for stage in lock["stages"].values() for out in stage["outs"]}
    made = {f"results/digits/{path.name}" for path in (repository.folder / "results/digits").iterdir()}
    assert made - versioned == {"results/digits/logs"}
    assert versioned - made == {".snakemake/metadata"}


@pytest.mark.usefixtures("first_repro")
def test_branches_with_other_results(repository: Repository) -> None:
    """A branch with another parameter, and a comment in a script, of which git changes the modification time."""
    repository.git("switch", "--quiet", "--create", "wide")
    repository.configure({"study": {"rope": 0.5}})
    with (repository.folder / "workflow/scripts/download_source.py").open("a", encoding="utf-8") as script:
        script.write("# a comment\n")
    assert repository.repro() == STUDY
    repository.commit("another region of practical equivalence")
    repository.assert_nothing_to_do()
    report = repository.folder / "results/digits/summary.json"
    assert json.loads(report.read_text())["rope"] == 0.5

    compared = json.loads(repository.dvc("metrics", "diff", "main", "wide", "--all", "--json"))
    accuracy = compared["results/digits/tables/metrics.json"]["lenet5.gan.accuracy"]
    assert accuracy["old"] == accuracy["new"] == gan_accuracy(repository)
    plots = json.loads(repository.dvc("plots", "diff", "main", "wide", "--json"))
    points = [point for plot in plots["data"]["accuracy"] for point in plot["content"]["data"]["values"]]
    cells = Counter((point["rev"], point["arm"]) for point in points)
    assert cells == {(rev, arm): 2 for rev in ("main", "wide") for arm in ("real", "duplicate", "gan")}

    repository.git("switch", "--quiet", "main")
    repository.dvc("checkout")
    repository.assert_nothing_to_do()
    assert json.loads(report.read_text())["rope"] == 0.005


@pytest.mark.usefixtures("first_repro")
def test_a_clone_pulls_all_that_both_engines_need(repository: Repository, tmp_path: Path) -> None:
    clone = repository.clone(tmp_path / "clone")
    clone.dvc("pull")
    clone.assert_nothing_to_do()
    clone.configure({"study": {"rope": 0.5}})
    assert clone.planned() == STUDY


def test_dvc_sees_changed_images_where_its_first_stage_names_them(tmp_path: Path) -> None:
    """As the README has it: DVC looks at no more than the files that dvc.yaml lists."""
    repository = Repository.create(tmp_path / "project")
    images = images_folder(tmp_path / "images", {"cat": 24, "dog": 24})
    repository.configure({"data": {"source": "folder", "path": str(images), "per_class": 2, "validation": 1}})
    path = repository.folder / "dvc.yaml"
    pipeline = yaml.safe_load(path.read_text(encoding="utf-8"))
    pipeline["stages"]["data"]["deps"].append(str(images))
    path.write_text(yaml.safe_dump(pipeline), encoding="utf-8")
    made = ("download_source", "preprocess_images", "tell_plan", "explore_data", "write_data_card")
    stage = Counter({**dict.fromkeys(made, 1), "split_repeat": 2})
    assert executed(repository.dvc("repro", "data")) == stage
    assert executed(repository.dvc("repro", "data")) == Counter()
    (images / "cat/000.png").write_bytes((images / "cat/001.png").read_bytes())
    assert executed(repository.dvc("repro", "data")) == stage


def gan_accuracy(repository: Repository) -> float:
    """Mean test accuracy of the arm gan, as the summary has it."""
    summary = json.loads((repository.folder / "results/digits/summary.json").read_text(encoding="utf-8"))
    return float(summary["arms"]["gan"]["lenet5"]["test"]["accuracy"]["mean"])


@pytest.mark.slow
def test_dvc_repro_runs_everything_and_then_what_an_edit_needs(tmp_path: Path) -> None:
    """Slow: it trains everything, then the GANs and what follows again. The fast tests begin with Snakemake."""
    repository = Repository.create(tmp_path / "project")
    assert repository.repro() == ALL
    repository.commit("results")
    repository.assert_nothing_to_do()
    assert repository.repro() == Counter()

    repository.configure({"gans": {"dcgan": {"epochs": 2}}})
    needed = {"train_gan_dcgan": 2, "sample_gan": 2, "make_set": 2, "train_classifier": 2, "score_repeat": 2}
    kept = Counter({"embed_real": 2, "measure_floor": 1})  # the real images and their classifier are as they were
    assert repository.repro() == QUALITY - kept + STUDY + Counter({**needed, "draw_samples": 1, "draw_pairs": 1})
    repository.commit("shorter GANs")
    repository.assert_nothing_to_do()


@pytest.mark.slow
def test_dvc_follows_the_name_of_the_experiment(tmp_path: Path) -> None:
    """Slow: it trains everything, of a study without a GAN and with classic images."""
    repository = Repository.create(tmp_path / "project")
    repository.configure({"experiment": "plain", "study": {"arms": ["real", "classic"]}})
    assert "train_gan_dcgan" not in repository.repro()
    repository.commit("results")
    repository.assert_nothing_to_do()
    assert "results/plain/tables/metrics.json" in repository.dvc("metrics", "show", "--json")
