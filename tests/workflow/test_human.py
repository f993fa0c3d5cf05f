"""`snakemake human_eval` and `snakemake human_score`, as README.md has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ganaug.io import read_json, write_json
from tests.workflow.project import Project, complaints

CONFIG = "config/experiments/tiny.yaml"


def answer(path: Path, key: dict[str, Any], *, rater: str, fooled: int) -> None:
    """The answers of one who took the generated image for real in the first ``fooled`` pairs."""
    other = {"left": "right", "right": "left"}
    sides = [other[pair["real"]] if k < fooled else pair["real"] for k, pair in enumerate(key["pairs"])]
    given = [{"pair": k, "side": side, "ms": 1000} for k, side in enumerate(sides, start=1)]
    facts = {"experiment": "tiny", "page": key["page"], "rater": rater, "date": "2026-01-01T00:00:00Z"}
    write_json(path, {**facts, "answers": given})


def test_a_page_its_answers_and_the_report(finished: Project) -> None:
    results = finished.results / "tiny"
    outcome = finished.run("human_score", config=CONFIG)
    assert outcome.returncode == 1
    [line] = complaints(outcome.stdout)
    assert "no answers yet; put what the page of human_eval downloads into results/tiny/human/answers" in line
    assert finished.jobs("human_eval", config=CONFIG) == {}  # it was made for the score
    key = read_json(results / "human/key.json")
    # Three GANs, of which one diverged; of each class there are 10 real images.
    assert len(key["pairs"]) == 50
    assert {pair["gan"] for pair in key["pairs"]} == {"dcgan", "identity"}
    assert key["without_samples"] == ["broken (last)"]

    # Nothing of this is asked for by a run of the study.
    assert finished.jobs(config=CONFIG) == {}
    assert "Can people tell?" not in (results / "report.html").read_text(encoding="utf-8")
    for k, rater in enumerate(("Ann", "Bob")):
        answer(results / f"human/answers/{rater}.json", key, rater=rater, fooled=10 * (k + 1))
        assert finished.jobs("human_score", config=CONFIG) == {"human_score": 1}
        assert finished.run("human_score", config=CONFIG).returncode == 0
        assert finished.jobs("human_score", config=CONFIG) == {}
        assert finished.jobs(config=CONFIG) == {"all": 1, "write_report": 1}
        assert finished.run(config=CONFIG).returncode == 0
        report = (results / "report.html").read_text(encoding="utf-8")
        assert "Can people tell?" in report
        assert rater in report
    rows = read_json(results / "tables/human.json")["rows"]
    assert (rows[0]["n"], rows[0]["fooled"]) == (100, 30)
    # A study of other settings neither makes the page anew nor loses what was answered.
    assert "human_score" not in finished.jobs("--config", "seed=5", config=CONFIG)


def test_a_study_without_a_gan_has_no_page(project: Project) -> None:
    config = project.write({"experiment": "none", "study": {"arms": ["real", "classic"]}})
    for target in ("human_eval", "human_score"):
        outcome = project.run(target, config=config)
        assert outcome.returncode == 1
        [line] = complaints(outcome.stdout)
        assert "human_eval: no GAN is in this study; name an arm with one under study.arms" in line
    assert project.jobs(config=config)["write_report"] == 1
