"""Reading score files, averaging fits and pairing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganaug.errors import UserError
from ganaug.study.scores import read_scores

from .conftest import Write, cell, score_file


def test_fits_are_averaged_before_repeats(write: Write) -> None:
    cells = [cell("real", 0.6, fit=0), cell("real", 0.8, fit=1)]
    scores = read_scores(write([score_file(1, cells), score_file(0, [cell("real", 0.5)])]))
    assert scores.repeats == (0, 1)
    assert scores.by_repeat("real", "lenet5", "test", "accuracy") == pytest.approx({0: 0.5, 1: 0.7})


def test_pairs_are_made_within_repeat_and_fit(write: Write) -> None:
    cells = [cell("real", 0.6), cell("real", 0.8, fit=1), cell("gan", 0.7), cell("gan", 0.82, fit=1)]
    differences, dropped = read_scores(write([score_file(0, cells)])).paired("gan", "real", "lenet5")
    assert differences == pytest.approx({0: 0.06})  # mean of 0.10 and 0.02
    assert dropped == 0


def test_a_failed_cell_drops_its_pair_and_nothing_else(write: Write) -> None:
    first = score_file(0, [cell("real", 0.6), cell("real", 0.9, fit=1), cell("gan", 0.7), cell("gan", None, fit=1)])
    second = score_file(1, [cell("real", 0.6), cell("gan", None)])
    differences, dropped = read_scores(write([first, second])).paired("gan", "real", "lenet5")
    assert differences == pytest.approx({0: 0.1})
    assert dropped == 2


def test_an_arm_that_is_missing_pairs_with_nothing(write: Write) -> None:
    assert read_scores(write([score_file(0, [cell("real", 0.6)])])).paired("gan", "real", "lenet5") == ({}, 0)


def test_no_scores_is_a_users_error() -> None:
    with pytest.raises(UserError, match="none yet"):
        read_scores([])


def test_other_json_and_mixed_experiments_are_refused(write: Write, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("{}")
    with pytest.raises(UserError, match="not a score file"):
        read_scores([other])
    with pytest.raises(UserError, match="its classes differs"):
        read_scores(write([score_file(0, []), score_file(1, [], classes=("a", "b"))]))
    with pytest.raises(UserError, match="a cell is not whole"):
        read_scores(write([score_file(0, [{"arm": "real"}])]))
