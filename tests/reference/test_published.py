"""Figures that others published: those that take seconds are held against ours, for the others the command is sound."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from ganaug.data.splits import train_amounts
from ganaug.study.proportions import wilson
from ganaug.study.statistics import describe, p_value, t_interval
from tests.workflow.configs import DEFAULT, parsed
from tests.workflow.project import ROOT

PUBLISHED: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("published.yaml").read_text(encoding="utf-8"))
COMMANDS = {one["command"]: one for one in PUBLISHED if "command" in one}
CIFAR10 = Path(os.environ.get("GANAUG_MIRROR", ""), "cifar10-jpeg.tar.gz")


def figures(check: str) -> Any:
    [one] = [one for one in PUBLISHED if one.get("check") == check]
    return one["figures"]


def test_every_figure_has_a_source_a_protocol_and_one_way_to_get_ours() -> None:
    for one in PUBLISHED:
        assert {"name", "source", "protocol", "figures"} < set(one), one["name"]
        assert ("check" in one) != ("command" in one), one["name"]
        assert "command" in one or f"test_{one['check']}" in globals(), one["name"]


def test_wilson_interval() -> None:
    for successes, trials, low, high in figures("wilson_interval"):
        assert wilson(successes / trials, trials) == pytest.approx((low, high), abs=5e-5)


def test_paired_t() -> None:
    told = figures("paired_t")
    assert describe(told["differences"]).mean == pytest.approx(told["mean"])
    assert p_value(told["differences"]) == pytest.approx(told["p"], abs=5e-7)
    assert t_interval(told["differences"], 0.05) == pytest.approx((told["low"], told["high"]), abs=5e-7)


def test_long_tail() -> None:
    counts = figures("long_tail")
    ours = train_amounts(list("abcdefghij"), per_class=5000, imbalance=100)
    assert list(ours.values()) == pytest.approx(counts, abs=1)


@pytest.mark.skipif(not CIFAR10.is_file(), reason="the archive cifar10-jpeg.tar.gz is not in GANAUG_MIRROR")
def test_near_duplicates(tmp_path: Path) -> None:
    from dataclasses import replace

    from ganaug.data.fingerprint import describe as described
    from ganaug.data.integrity import neighbours
    from ganaug.data.splits import seal
    from ganaug.data.stage import load

    raw = yaml.safe_load((ROOT / "config/experiments/cifar10-small.yaml").read_text(encoding="utf-8"))
    data = replace(parsed(raw).data, path=str(tmp_path / CIFAR10.name))
    whole = load(data, described(data), scratch=tmp_path, workers=2)
    [sealed] = seal(whole.index, seed=0, test=data.test, official=whole.official, joined={})
    [near] = neighbours(whole.decoded.hashes[whole.rows], [sealed], bits=DEFAULT["data"]["near_bits"])
    share = float((near.across.row[sealed] >= 0).mean())
    published = figures("near_duplicates")
    assert published / 4 < share <= published


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_runs_an_experiment_of_this_folder(command: str) -> None:
    words = shlex.split(command)
    assert words[:2] == ["snakemake", "--configfile"]
    experiment = parsed(yaml.safe_load((ROOT / words[2]).read_text(encoding="utf-8")))
    assert experiment.experiment.startswith("reference-")
    shown = COMMANDS[command]["shows"]
    named = [name for name in (*experiment.study.arms, *experiment.study.classifiers) if name in shown.split()]
    assert named or "tables/" in shown
