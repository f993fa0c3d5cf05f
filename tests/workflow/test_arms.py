"""A study with an arm of every kind, from images to scores: what is fair between arms, and what none may touch."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganaug.images import open_images, open_set, open_split
from ganaug.io import digest, load_tensors, read_csv, read_json
from tests.workflow.project import Project

ADDED = ["oversample", "mixup", "gan", "gan-online", "judged", "sure", "gan-auxnorm", "gan-pretrain", "both"]
STEPS = 12
CONFIG: dict[str, Any] = {
    "experiment": "arms",
    # Zeros and ones with 12 images, the others with 6.
    "data": {"per_class": None, "imbalance": {str(digit): 12 if digit < 2 else 6 for digit in range(10)}},
    "gans": {"dcgan": {"epochs": 3, "snapshots": [], "architecture": {"ngf": 4, "ndf": 4}}},
    "classifiers": {"fast": {"preset": "fastcnn", "batch_size": 16}, "tuned": {"preset": "fastcnn", "batch_size": 16}},
    "arms": {
        "gan": {"gan": {"ratio": 1}},
        "judged": {"gan": {"name": "dcgan", "ratio": 1, "pool": 3, "keep": "discriminator"}},
        "sure": {"gan": {"name": "dcgan", "ratio": 0.5, "pool": 4, "keep": "confidence"}},
        "both": {"gans": [{"name": "dcgan", "ratio": 0.5}, {"name": "other", "balance": True}]},
    },
    "study": {
        "arms": ["real", "duplicate", *ADDED],
        "classifiers": ["fast", "tuned"],
        "repeats": 1,
        "steps": STEPS,
        "eval_every": 6,
    },
    "compute": {"device": "cpu"},
}
CONFIG["gans"]["other"] = {"preset": "dcgan-32", **CONFIG["gans"]["dcgan"]}
CONFIG["classifiers"]["tuned"] |= {"weights": "gan/fast", "frozen": 0.5}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results, once every cell is scored."""
    project = Project.copy(tmp_path_factory.mktemp("arms"))
    outcome = project.run("score_all", config=project.write(CONFIG))
    assert outcome.returncode == 0, outcome.stdout
    return project.results / "arms"


def test_every_arm_is_scored_by_both_classifiers(done: Path) -> None:
    cells = read_json(done / "scores/r0.json")["cells"]
    assert {(cell["arm"], cell["classifier"]) for cell in cells if cell["state"] == "ok"} == {
        (arm, classifier) for arm in CONFIG["study"]["arms"] for classifier in ("fast", "tuned")
    }


def test_every_arm_gets_the_same_steps_whatever_its_images(done: Path) -> None:
    histories = sorted(done.glob("cells/*/*/r0f0/history.csv"))
    assert len(histories) == 2 * (2 + len(ADDED))
    assert {tuple(row["step"] for row in read_csv(path)) for path in histories} == {("6", str(STEPS))}
    sizes = {name: len(open_set(done / f"sets/{name}/r0.csv")) for name in CONFIG["study"]["arms"]}
    # 72 real images; gan-online holds eight parts of 72, of which an epoch sees one.
    assert sizes["real"] == 72
    assert sizes["duplicate"] == sizes["gan"] == sizes["judged"] == 144
    assert sizes["gan-online"] == 72 * 9
    assert sizes["sure"] == 72 + 36
    # 8 classes of 6 are brought to 12: 48 images; of the other GAN, beside 36 of dcgan.
    assert sizes["oversample"] == 72 + 48
    assert sizes["both"] == 72 + 36 + 48


def test_no_arm_holds_an_image_of_validation_or_test(done: Path) -> None:
    dev = open_images(done / "data/p0/dev/images.npy")
    rows = open_split(done / "data/r0.csv")
    held = {dev[row.row].tobytes() for row in rows if row.role == "validation"}
    held |= {image.tobytes() for image in open_images(done / "data/p0/test/images.npy")}
    for path in sorted(done.glob("sets/*/r0.csv")):
        own = open_set(path)
        real = [row for row in own if row.origin in ("real", "duplicate")]
        assert {row.images for row in real} <= {"results/arms/data/p0/dev/images.npy"}
        assert not held & {dev[row.row].tobytes() for row in real}, path


def test_no_arm_changes_what_it_is_scored_on(done: Path) -> None:
    """Every cell was made from the same file of development images, which is still as the data stage left it."""
    recorded = {
        read_json(path)["inputs"]["results/arms/data/p0/dev/images.npy"]
        for path in done.glob("cells/*/*/r0f0/status.json")
    }
    assert recorded == {digest(done / "data/p0/dev/images.npy")}
    scores = read_json(done / "scores/r0.json")
    assert scores["inputs"]["results/arms/data/p0/test/images.npy"] == digest(done / "data/p0/test/images.npy")
    sizes = {(cell["splits"]["validation"]["n"], cell["splits"]["test"]["n"]) for cell in scores["cells"]}
    assert len(sizes) == 1


def test_labels_stay_with_their_images(done: Path) -> None:
    """A sample of a class is listed under it, however it was chosen."""
    for name in ("gan", "judged", "sure", "both", "gan-online"):
        rows = [row for row in open_set(done / f"sets/{name}/r0.csv") if row.origin == "gan"]
        assert all(row.source.split("/")[1] == row.label for row in rows)
    even = Counter(row.label for row in open_set(done / "sets/oversample/r0.csv"))
    assert set(even.values()) == {12}


def test_judged_samples_are_those_that_the_discriminator_prefers(done: Path) -> None:
    rows = [row for row in open_set(done / "sets/judged/r0.csv") if row.origin == "gan"]
    scores = np.load(done / "pools/dcgan/last/x1p3/r0/scores.npy")
    taken = np.zeros(len(scores), dtype=bool)
    taken[[row.row for row in rows]] = True
    assert taken.sum() == 72
    assert scores[taken].mean() > scores[~taken].mean()


def test_a_classifier_begins_with_another_cell(done: Path) -> None:
    """For half of the steps only its last layer learns: the first evaluation is of a body as the other cell left it."""
    first = read_csv(done / "cells/real/tuned/r0f0/history.csv")[0]
    assert first["step"] == "6"
    record = read_json(done / "cells/real/tuned/r0f0/status.json")
    assert "results/arms/cells/gan/fast/r0f0/model.safetensors" in record["inputs"]
    begun = load_tensors(done / "cells/gan/fast/r0f0/model.safetensors")[0]
    own = load_tensors(done / "cells/real/tuned/r0f0/model.safetensors")[0]
    assert own.keys() == begun.keys()
    # What whitens patches is never trained: it came from the other cell, and was not measured anew.
    [whitening] = [name for name in own if name == "body.0.weight"]
    assert own[whitening].equal(begun[whitening])
