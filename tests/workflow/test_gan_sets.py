"""Which sets of samples are made, measured and shown."""

from __future__ import annotations

import re
from typing import Any

from ganaug.study.preflight import jobs_of, planned
from tests.workflow.configs import parsed
from tests.workflow.project import Project

STYLE: dict[str, Any] = {
    "experiment": "style",
    "gans": {
        "style": {"preset": "stylegan2-32", "epochs": 2},
        "plain": {"preset": "dcgan-32", "epochs": 2, "snapshots": [1]},
    },
    "arms": {
        "one": {"gan": {"name": "style", "ratio": 1}},
        "two": {"gan": {"name": "style", "ratio": 1, "mix": 2}},
        "more": {"gan": {"name": "style", "ratio": 3, "mix": 2}},
        "most": {"gan": {"name": "style", "count": 50, "mix": 2}},
        "cut": {"gan": {"name": "style", "ratio": 3, "truncation": 0.7, "mix": 4}},
        "best": {"gan": {"name": "plain", "ratio": 3, "snapshot": "best", "truncation": 0.7}},
        "duplicate": {"duplicate": {"match": "one"}},
    },
    "study": {"arms": ["real", "duplicate", "one", "two", "more", "most", "cut", "best"], "repeats": 1},
    "compute": {"device": "cpu"},
}


def planned_files(project: Project, config: str) -> set[str]:
    """Every file that a whole run would make, below the folder of the experiment."""
    outcome = project.run("--summary", config=config)
    assert outcome.returncode == 0, outcome.stdout
    names = (line.split("\t")[0] for line in outcome.stdout.splitlines())
    return {name.removeprefix("results/style/") for name in names if name.startswith("results/style/")}


def test_samples_that_are_drawn_in_another_way_are_measured_too(project: Project) -> None:
    files = planned_files(project, project.write(STYLE))
    measured = {name.removesuffix("/r0.json") for name in files if name.startswith("quality/")}
    assert measured == {
        "quality/real",
        # Of equal draws the most samples: 60 = 3 x 20 of two latents each, not 50 or 20.
        "quality/style/last/n20",
        "quality/style/last/n60-m2",
        "quality/style/last/n60-t0.7-m4",
        # A best snapshot is one of all, picked from samples as they come.
        *(f"quality/plain/{snap}/n100{draw}" for snap in ("e1", "last") for draw in ("", "-t0.7")),
    }
    pictured = {name for name in files if name.startswith("plots/samples-")}
    drawn = ("plain-best-n60-t0.7", "style-last-n20", "style-last-n60-m2", "style-last-n60-t0.7-m4")
    assert (
        len({name for name in files if re.fullmatch("samples/.*/images.npy", name)})
        == jobs_of(planned(parsed(STYLE)))["sample"]
    )
    assert pictured == {f"plots/samples-{name}.png" for name in drawn}
    # Samples of a best snapshot are not measured: the last one stands in.
    compared = {name for name in files if name.startswith("plots/memorised-")}
    assert compared == {f"plots/memorised-{name}.png" for name in ("plain-last-n100", *drawn[1:])}


def test_a_best_snapshot_waits_for_no_other_gan(project: Project) -> None:
    study = {"arms": ["real", "duplicate", "one", "best"], "repeats": 1}
    wanted = "results/style/cells/best/lenet5/r0f0/model.safetensors"
    alone = project.jobs(wanted, config=project.write({**STYLE, "study": study}))
    assert alone["pick_snapshot_plain"] == alone["embed_samples_plain"] == 1
    assert "train_gan_style" not in alone
    more = {**STYLE, "gans": {**STYLE["gans"], "other": {"preset": "dcgan-32", "epochs": 2, "snapshots": []}}}
    config = project.write({**more, "study": {**study, "gans": ["other"]}})
    assert project.jobs(wanted, config=config) == alone
