"""`snakemake preflight`, and the first lines of every run."""

from __future__ import annotations

import re
from collections import Counter

from tests.workflow.engines_project import executed
from tests.workflow.project import TINY, Project

SMALL = {"arms": ["real", "twice"], "repeats": 1, "steps": 6, "eval_every": 3}


def preflight_lines(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith("preflight: ")]


def test_it_tells_what_will_run_and_trains_nothing(project: Project) -> None:
    config = project.write(TINY)
    first = project.run("preflight", config=config)
    assert first.returncode == 0, first.stdout
    assert set(executed(first.stdout)) == {"download_source", "preprocess_images", "split_repeat", "preflight"}
    said = preflight_lines(first.stdout)
    assert "the images are not read yet" in said[0]
    assert said[1].startswith("preflight: 10 classes, 6 training and 4 validation images a class, no groups; 1 test")
    assert re.fullmatch(r"preflight: about \d+ min on \d cores? and \d+ MiB of disk, from a few steps.*", said[3])
    assert any("advice: 1 repeats give no verdict" in line for line in said)

    second = project.run("preflight", config=config)
    assert executed(second.stdout) == Counter(preflight=1)

    run = project.run("results/tiny/data/r1.csv", config=config)
    assert preflight_lines(run.stdout)[0] == said[1]
    assert "about" in preflight_lines(run.stdout)[2]

    # Of other settings neither the time nor, of other images, the counts.
    project.write({**TINY, "compute": {"device": "cpu", "threads": 2}})
    run = project.run("results/tiny/data/r2.csv", config=config)
    assert preflight_lines(run.stdout)[:3] == [*said[1:3], "preflight: how long it takes: snakemake preflight"]
    project.write({**TINY, "data": {"per_class": 5, "validation": 4}})
    run = project.run("results/tiny/data/r3.csv", config=config)
    assert [line[:42] for line in preflight_lines(run.stdout)] == ["preflight: the images are not read yet; wh"]


def test_a_run_that_reads_the_images_itself_tells_what_will_run_before_it_trains(project: Project) -> None:
    config = project.write({**TINY, "arms": {"twice": {"duplicate": {"ratio": 1}}}, "study": SMALL})
    wanted = ("data_all", "results/tiny/cells/real/lenet5/r0f0/model.safetensors")
    run = project.run(*wanted, "--cores", "1", config=config)
    assert run.returncode == 0, run.stdout
    said = preflight_lines(run.stdout)
    assert "the images are not read yet" in said[0]
    assert said[1].startswith("preflight: 10 classes, 6 training and 4 validation images a class, no groups; 1 test")
    assert said[2] == "preflight: 1 repeats of 2 arms: 0 GAN jobs, 0 of samples, 0 of classic images, 2 classifiers"
    assert any("advice: 1 repeats give no verdict" in line for line in said)
    assert run.stdout.index(said[2]) < run.stdout.index("Training lenet5")
    again = project.run(*wanted, "--forcerun", "train_classifier", config=config)
    assert executed(again.stdout) == Counter(train_classifier=1)
    assert len(preflight_lines(again.stdout)) == len(said) - 1
