"""`snakemake preflight`, and the first lines of every run."""

from __future__ import annotations

import re
from collections import Counter

from tests.workflow.engines_project import executed
from tests.workflow.project import TINY, Project


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
