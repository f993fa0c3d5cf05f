"""Who is sealed as test set, who validates and who trains; whole groups always, by hashes of their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ganaug.config import TestSplit
from ganaug.errors import UserError
from ganaug.images import IndexRow, SplitRow, labels_of
from ganaug.seeds import rank

Mask = NDArray[np.bool_]


def seal(index: Sequence[IndexRow], *, seed: int, test: TestSplit, official: Mask) -> list[Mask]:
    """Which rows are the test set of each part: one mask, or one a fold.

    Args:
        index: every image of the data set.
        official: which rows lie in the data set's own test folder (used by that method only).

    Raises:
        UserError: a class has no image on one of the sides, or fewer groups than there are folds.
    """
    if test.method == "official":
        masks = [official]
    elif test.folds is not None:
        masks = _folds(index, seed=seed, folds=test.folds)
    else:
        assert test.fraction is not None
        masks = [_threshold(index, seed=seed, fraction=test.fraction)]
    for mask in masks:
        _check_sides(index, mask, test)
    return masks


def _threshold(index: Sequence[IndexRow], *, seed: int, fraction: float) -> Mask:
    """A group is sealed by its own hash alone, so that added images move no other."""
    return np.array([rank(seed, "test", row.group) < fraction for row in index])


def _folds(index: Sequence[IndexRow], *, seed: int, folds: int) -> list[Mask]:
    """Groups of each class are dealt to the folds in the order of their hashes.

    A group that occurs in two classes is dealt with the first of them.
    """
    fold_of: dict[str, int] = {}
    for label, groups in groups_by_class(index).items():
        if len(groups) < folds:
            raise UserError(
                f"data.test.folds: class {label} has {len(groups)} groups for {folds} folds; lower folds to "
                f"{len(groups)} or add groups"
            )
        new = sorted((group for group in groups if group not in fold_of), key=lambda g: (rank(seed, "test", g), g))
        fold_of |= {group: position % folds for position, group in enumerate(new)}
    fold = np.array([fold_of[row.group] for row in index])
    return [fold == part for part in range(folds)]


def groups_by_class(index: Sequence[IndexRow]) -> dict[str, dict[str, list[int]]]:
    """Rows by class and group; classes in sorted order."""
    rows: dict[str, dict[str, list[int]]] = {label: {} for label in labels_of(index)}
    for number, row in enumerate(index):
        rows[row.label].setdefault(row.group, []).append(number)
    return rows


def _check_sides(index: Sequence[IndexRow], sealed: Mask, test: TestSplit) -> None:
    for label, groups in groups_by_class(index).items():
        counts = [sum(int(sealed[row]) == side for rows in groups.values() for row in rows) for side in (0, 1)]
        if min(counts) == 0:
            where = "test set" if counts[1] == 0 else "development images"
            advice = (
                "add images that can be read"
                if test.method == "official"
                else "set data.test.folds, which deals out the groups of every class, or change data.test.fraction"
            )
            raise UserError(f"data.test: class {label} ({len(groups)} groups) has no {where}; {advice}")


def split(
    index: Sequence[IndexRow], *, seed: int, repeat: int, per_class: int | None, validation: int
) -> list[SplitRow]:
    """Train and validation rows of one repeat, drawn from the development pool.

    In each class whole groups, in the order of their hashes, go to validation until it has ``validation`` images,
    then to train until it has ``per_class`` (None: all the rest). Of the last group of each only as many images are
    used as are wanted, in the order of their hashes. Train rows come first, then validation, by class and row.

    Raises:
        UserError: a class has too few images or groups; names it and the key to lower.
    """
    role_of: dict[str, str] = {}
    train: list[int] = []
    held: list[int] = []
    for label, groups in groups_by_class(index).items():
        pools: dict[str, list[int]] = {"train": [], "validation": []}
        for group in sorted(groups, key=lambda g: (rank(seed, "split", repeat, g), g)):
            # A group that also occurs in an earlier class keeps the role that it has there.
            default = "validation" if len(pools["validation"]) < validation else "train"
            pools[role_of.setdefault(group, default)] += sorted(
                groups[group], key=lambda row: rank(seed, "split", repeat, index[row].source)
            )
        _check_pools(label, pools, per_class=per_class, validation=validation)
        train += sorted(pools["train"][:per_class])
        held += sorted(pools["validation"][:validation])
    return [*(_row(index, row, "train") for row in train), *(_row(index, row, "validation") for row in held)]


def _row(index: Sequence[IndexRow], row: int, role: Literal["train", "validation"]) -> SplitRow:
    image = index[row]
    return SplitRow(row=row, role=role, label=image.label, group=image.group, source=image.source)


def _check_pools(label: str, pools: Mapping[str, Sequence[int]], *, per_class: int | None, validation: int) -> None:
    train, held = len(pools["train"]), len(pools["validation"])
    there = train + held
    needed = validation + (per_class or 1)
    if held < validation or train == 0:
        key, most = "data.validation", max(0, there - (per_class or 1))
    elif per_class is not None and train < per_class:
        key, most = "data.per_class", train
    else:
        return
    # Whole groups go to one side: lowering the number helps only as far as the groups allow, which varies.
    divided = there < needed
    groups = "" if divided else ", and groups are never divided between train and validation"
    advice = f"lower {key} to {most}" if most and divided else f"lower {key}"
    raise UserError(
        f"{key}: class {label} has {there} images outside the test set, {needed} are needed "
        f"({validation} for validation, {per_class or 'at least 1'} for training){groups}; "
        f"{advice} or add images"
    )
