"""An edit to code reruns what it can change, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.workflow.project import Project

CONFIG = "config/experiments/tiny.yaml"
STUDY = {"tabulate_scores", "tabulate_gans", "plot_study", "write_report"}
TRAINED = ("dcgan", "identity", "broken")
TRAINING = {f"train_gan_{gan}" for gan in TRAINED}
QUALITY = {f"{stage}_samples_{gan}" for stage in ("embed", "measure") for gan in TRAINED}


@contextmanager
def appended(paths: list[Path], text: str) -> Iterator[None]:
    before = {path: path.read_bytes() for path in paths}
    for path, content in before.items():
        path.write_bytes(content + text.encode())
    try:
        yield
    finally:
        for path, content in before.items():
            path.write_bytes(content)


def test_an_edit_to_the_study_trains_nothing(tiny: Project) -> None:
    modules = sorted((tiny.library / "study").glob("*.py"))
    assert len(modules) > 5
    with appended(modules, "\nUNUSED = 1\n"):
        assert tiny.jobs(config=CONFIG).keys() == {"all", *STUDY}


def test_an_edit_to_the_gan_training_trains_the_gans_and_what_follows(tiny: Project) -> None:
    with appended([tiny.library / "gan/training.py"], "\nUNUSED = 1\n"):
        jobs = tiny.jobs(config=CONFIG)
    follows = {"sample_gan", "make_set", "train_classifier", "score_repeat", "draw_samples", "draw_pairs"}
    assert jobs.keys() == {"all", *TRAINING, *follows, *QUALITY, *STUDY}
    # Six of the nine arms hold samples; the others are not trained again.
    assert jobs["make_set"] == jobs["train_classifier"] == 6
    assert jobs["score_repeat"] == 1


def test_an_edit_to_one_family_trains_its_gans_alone(tiny: Project) -> None:
    with appended([tiny.library / "gan/networks/identity.py"], "\nUNUSED = 1\n"):
        jobs = tiny.jobs(config=CONFIG)
    assert jobs.keys() & TRAINING == {"train_gan_identity"}
    assert jobs["train_classifier"] == 2


def test_a_comment_reruns_nothing(tiny: Project) -> None:
    with appended(sorted(tiny.library.rglob("*.py")), "\n# A comment.\n"):
        assert tiny.jobs(config=CONFIG) == {}
