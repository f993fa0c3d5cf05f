"""Who is sealed as test set, who validates and who trains; whole groups always, by hashes of their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ganaug.config import TestSplit
from ganaug.errors import UserError
from ganaug.images import IndexRow, SplitRow, labels_of
from ganaug.seeds import rank

Mask = NDArray[np.bool_]
JOINS_SHOWN = 3


def seal(
    index: Sequence[IndexRow], *, seed: int, test: TestSplit, official: Mask, joined: Mapping[str, str]
) -> list[Mask]:
    """Which rows are the test set of each part: one mask, or one a fold.

    Args:
        index: every image of the data set.
        official: which rows lie in the data set's own test folder (used by that method only).
        joined: groups of the source that became part of another one, by their names, for messages.

    Raises:
        UserError: a class has no image on one of the sides, or another number of groups than the folds need.
    """
    masks = _masks(index, seed=seed, test=test, official=official, joined=joined)
    for mask in masks:
        _check_sides(index, mask, test)
    return masks


def _masks(
    index: Sequence[IndexRow], *, seed: int, test: TestSplit, official: Mask, joined: Mapping[str, str]
) -> list[Mask]:
    if test.method == "official":
        return [official]
    if test.method == "leave_one_group_out":
        assert test.folds is not None
        return _one_group_each(index, seed=seed, folds=test.folds, rounds=test.rounds, joined=joined)
    if test.method == "hash" and test.folds is not None:
        return _folds(index, seed=seed, folds=test.folds, joined=joined)
    assert test.fraction is not None
    if test.method == "stratified":
        return [_stratified(index, seed=seed, fraction=test.fraction)]
    return [_threshold(index, seed=seed, fraction=test.fraction)]


def _threshold(index: Sequence[IndexRow], *, seed: int, fraction: float) -> Mask:
    """A group is sealed by its own hash alone, so that added images move no other."""
    return np.array([rank(seed, "test", row.group) < fraction for row in index])


def _fewest_first(index: Sequence[IndexRow]) -> list[tuple[str, dict[str, list[int]]]]:
    """Classes and their groups; those with little choice first, where groups occur in several classes."""
    return sorted(groups_by_class(index).items(), key=lambda item: (len(item[1]), item[0]))


def _by_hash(groups: Iterable[str], *names: str | int, seed: int) -> list[str]:
    return sorted(groups, key=lambda group: (rank(seed, *names, group), group))


def _stratified(index: Sequence[IndexRow], *, seed: int, fraction: float) -> Mask:
    """Groups of each class are sealed, in the order of their hashes, until its share of images is closest.

    Either side gets at least one group where the class has two, and of two that are as close the smaller test set is
    taken. A group that occurs in several classes is dealt with the one of them that has the fewest groups.
    """
    side_of: dict[str, bool] = {}
    for _, groups in _fewest_first(index):
        size = sum(map(len, groups.values()))
        before = sum(len(rows) for group, rows in groups.items() if side_of.get(group))
        new = _by_hash((group for group in groups if group not in side_of), "test", seed=seed)
        sealed = list(accumulate((len(groups[group]) for group in new), initial=before))
        allowed = [count for count, images in enumerate(sealed) if 0 < images < size]
        count = min(allowed, key=lambda count: abs(sealed[count] - fraction * size), default=0)
        side_of |= {group: position < count for position, group in enumerate(new)}
    return np.array([side_of[row.group] for row in index])


def _one_group_each(
    index: Sequence[IndexRow], *, seed: int, folds: int, rounds: int, joined: Mapping[str, str]
) -> list[Mask]:
    """Fold k seals the k-th group of every class, in the order of their hashes.

    In the n-th round (from 0) the groups of class c are taken n * c places further on, so that those of any two
    neighbouring classes meet once in as many rounds as there are groups.
    """
    fold_of: dict[str, int] = {}
    for label, groups in groups_by_class(index).items():
        joins = _joins(groups, joined)
        if len(groups) != folds:
            raise UserError(
                f"data.test.folds: leave_one_group_out needs as many folds as each class has groups, and class {label} "
                f"has {len(groups)} for {folds} folds{joins}; correct it, or set data.test.method to hash"
            )
        for fold, group in enumerate(_by_hash(groups, "test", seed=seed)):
            if rounds > 1 and group in fold_of:
                raise UserError(
                    f"data.test.rounds: the classes share {group}, which cannot meet itself; leave rounds out"
                )
            if fold_of.setdefault(group, fold) != fold:
                raise UserError(
                    f"data.test.method: leave_one_group_out cannot seal one group of every class, as class {label} "
                    f"shares {group} with another class, but not all of its groups{joins}; set it to hash"
                )
    place = {label: number for number, label in enumerate(labels_of(index))}
    turn = np.array([place[row.label] for row in index])
    dealt = np.array([fold_of[row.group] for row in index])
    return [(dealt - number * turn) % folds == fold for number in range(rounds) for fold in range(folds)]


def _joins(groups: Collection[str], joined: Mapping[str, str]) -> str:
    """Why there are fewer of these groups than their owner may have counted."""
    names = [old for old in sorted(joined) if joined[old] in groups]
    told = ", ".join(f"{old} joined {joined[old]}" for old in names[:JOINS_SHOWN])
    more = f", {len(names) - JOINS_SHOWN} others too" if len(names) > JOINS_SHOWN else ""
    return f" ({told}{more}: they share images)" if names else ""


def _folds(index: Sequence[IndexRow], *, seed: int, folds: int, joined: Mapping[str, str]) -> list[Mask]:
    """Groups of each class are dealt, in the order of their hashes, to the fold that has the fewest of them.

    A group that occurs in several classes is dealt with the one of them that has the fewest groups.
    """
    fold_of: dict[str, int] = {}
    for label, groups in _fewest_first(index):
        if len(groups) < folds:
            raise UserError(
                f"data.test.folds: class {label} has {len(groups)} groups for {folds} folds{_joins(groups, joined)}; "
                f"lower folds to {len(groups)} or add groups"
            )
        dealt = Counter(fold_of[group] for group in groups if group in fold_of)
        for group in _by_hash((group for group in groups if group not in fold_of), "test", seed=seed):
            fold_of[group] = min(range(folds), key=lambda fold: dealt[fold])
            dealt[fold_of[group]] += 1
    return _fold_masks(index, fold_of, folds=folds)


def _fold_masks(index: Sequence[IndexRow], fold_of: Mapping[str, int], *, folds: int) -> list[Mask]:
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
            raise UserError(f"data.test: class {label} ({len(groups)} groups) has no {where}; {_advice(test)}")


def _advice(test: TestSplit) -> str:
    if test.method == "official":
        return "add images that can be read"
    if test.method == "hash" and test.folds is None:
        return (
            "set data.test.method to stratified or data.test.folds, which deal out the groups of every class, or "
            "change data.test.fraction"
        )
    return "add groups, such as objects or patients, that have images of this class"


def train_amounts(
    labels: Sequence[str], *, per_class: int | None, imbalance: float | Mapping[str, int] | None
) -> dict[str, int | None]:
    """How many training images each class gets; None: all that there are.

    With an imbalance of R, class k of K (in sorted order) gets ``per_class * R ** (-k / (K - 1))``, rounded: the
    long-tailed sets of Cui et al. 2019, "Class-balanced loss based on effective number of samples".

    Raises:
        UserError: the imbalance leaves a class without images, or names other classes than ``labels``.
    """
    if imbalance is None:
        return dict.fromkeys(labels, per_class)
    if isinstance(imbalance, Mapping):
        named = {str(label): count for label, count in imbalance.items()}  # YAML reads a class called 7 as a number
        if unknown := sorted(set(named) - set(labels)):
            raise UserError(f"data.imbalance: no class {unknown[0]!r}; the classes are {', '.join(labels)}")
        if missing := sorted(set(labels) - set(named)):
            raise UserError(f"data.imbalance: lacks class {missing[0]!r}; name every class, or set it to a number")
        return {label: named[label] for label in labels}
    assert per_class is not None
    amounts = {label: round(per_class * imbalance ** (-k / (len(labels) - 1))) for k, label in enumerate(labels)}
    if empty := [label for label, amount in amounts.items() if amount == 0]:
        raise UserError(
            f"data.imbalance: {imbalance:g} leaves class {empty[0]} no training image of {per_class}; lower it or "
            "raise data.per_class"
        )
    return dict(amounts)


def split(
    index: Sequence[IndexRow],
    *,
    seed: int,
    repeat: int,
    per_class: int | None,
    validation: int,
    imbalance: float | Mapping[str, int] | None = None,
) -> list[SplitRow]:
    """Train and validation rows of one repeat, drawn from the development pool.

    Whole groups, in the order of their hashes, go to validation as long as one of their classes has fewer than
    ``validation`` images there, then to train. Of these as many are used as are wanted, in the order of the hashes of
    groups, then of images: ``validation`` of every class, and for training those of `train_amounts`, so that a smaller
    training set is part of a larger one. Train rows come first, then validation, by class and row.

    Raises:
        UserError: a class has too few images or groups, which names it and the key to lower; or see `train_amounts`.
    """
    by_class = groups_by_class(index)
    amounts = train_amounts(list(by_class), per_class=per_class, imbalance=imbalance)
    classes_of: dict[str, list[str]] = {}
    for label, groups in by_class.items():
        for group in groups:
            classes_of.setdefault(group, []).append(label)
    train: dict[str, list[int]] = {label: [] for label in by_class}
    held: dict[str, list[int]] = {label: [] for label in by_class}
    for group in _by_hash(classes_of, "split", repeat, seed=seed):
        lacking = any(len(held[label]) < validation for label in classes_of[group])
        for label in classes_of[group]:
            (held if lacking else train)[label] += sorted(
                by_class[label][group], key=lambda row: rank(seed, "split", repeat, index[row].source)
            )
    for label, wanted in amounts.items():
        counts = {"train": len(train[label]), "held": len(held[label])}
        _check_pools(label, **counts, wanted=wanted, validation=validation, imbalance=imbalance)
    return [
        *(_row(index, row, "train") for label, wanted in amounts.items() for row in sorted(train[label][:wanted])),
        *(_row(index, row, "validation") for label in amounts for row in sorted(held[label][:validation])),
    ]


def _row(index: Sequence[IndexRow], row: int, role: Literal["train", "validation"]) -> SplitRow:
    image = index[row]
    return SplitRow(row=row, role=role, label=image.label, group=image.group, source=image.source)


def _check_pools(
    label: str,
    *,
    train: int,
    held: int,
    wanted: int | None,
    validation: int,
    imbalance: float | Mapping[str, int] | None,
) -> None:
    there = train + held
    needed = validation + (wanted or 1)
    if held < validation or train == 0:
        key, most = "data.validation", max(0, there - (wanted or 1))
    elif wanted is not None and train < wanted:
        key = "data.imbalance" if isinstance(imbalance, Mapping) else "data.per_class"
        most = train if imbalance is None or isinstance(imbalance, Mapping) else 0  # a long tail has no such number
    else:
        return
    # Whole groups go to one side: lowering the number helps only as far as the groups allow, which varies.
    divided = there < needed
    groups = "" if divided else ", and groups are never divided between train and validation"
    advice = f"lower {key} to {most}" if most and divided else f"lower {key}"
    raise UserError(
        f"{key}: class {label} has {there} images outside the test set, {needed} are needed "
        f"({validation} for validation, {wanted or 'at least 1'} for training){groups}; "
        f"{advice} or add images"
    )
