"""What holds of every split of every data set: nothing crosses, and shares and amounts are what was asked for."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from ganaug import config
from ganaug.data.groups import joined
from ganaug.data.integrity import check_sealed
from ganaug.data.splits import Mask, seal, split, train_amounts
from ganaug.errors import UserError
from ganaug.images import IndexRow

CLASSES = ("a", "b", "c")
quick = settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(0, 2**32)
fractions = st.floats(0.01, 0.99)


@st.composite
def indexes(draw: st.DrawFn, *, shared: bool = True) -> list[IndexRow]:
    """Images of two or three classes in groups of any size; with ``shared``, some groups have images of several."""
    names = [f"g{number}" for number in range(12)]
    index = []
    for label in CLASSES[: draw(st.integers(2, 3))]:
        sizes = draw(st.dictionaries(st.sampled_from(names), st.integers(1, 5), min_size=2))
        for group, size in sorted(sizes.items()):
            name = group if shared else f"{label}-{group}"
            index += [IndexRow(label, name, "real", f"{label}/{group}/{number}") for number in range(size)]
    return index


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[IndexRow], config.TestSplit]:
    """An index, and a test set that can often be taken from it."""
    method = draw(st.sampled_from(["hash", "folds", "stratified", "leave_one_group_out"]))
    if method in ("hash", "stratified"):
        return draw(indexes()), config.TestSplit(method, draw(fractions), None)
    folds = draw(st.integers(2, 4))
    if method == "folds":
        return draw(indexes()), config.TestSplit("hash", None, folds)
    shared = draw(st.booleans())
    index = [
        IndexRow(label, f"{group}" if shared else f"{label}{group}", "real", f"{label}/{group}/{number}")
        for label in CLASSES
        for group in range(folds)
        for number in range(draw(st.integers(1, 5)))
    ]
    return index, config.TestSplit("leave_one_group_out", None, folds)


def sealed(index: list[IndexRow], test: config.TestSplit, seed: int) -> list[Mask]:
    """The masks, or none where the data do not allow such a test set."""
    try:
        return seal(index, seed=seed, test=test, official=np.zeros(len(index), dtype=bool), joined={})
    except UserError:
        return []


def pick(index: list[IndexRow], mask: Mask) -> list[IndexRow]:
    return [row for row, inside in zip(index, mask, strict=True) if inside]


@st.composite
def copied(draw: st.DrawFn) -> tuple[list[IndexRow], list[bytes], config.TestSplit]:
    """A case where some images are equal, whatever their groups: their digests, and the groups that come of it."""
    index, test = draw(cases())
    rows = st.integers(0, len(index) - 1)
    digests = [str(number).encode() for number in range(len(index))]
    for one, other in draw(st.lists(st.tuples(rows, rows), max_size=3)):
        digests[one] = digests[other]
    groups = joined([row.group for row in index], digests)
    return [replace(row, group=group) for row, group in zip(index, groups, strict=True)], digests, test


@quick
@given(copied(), seeds, st.integers(0, 3), st.integers(0, 4), st.integers(1, 4) | st.none())
def test_no_group_and_no_duplicate_crosses(
    case: tuple[list[IndexRow], list[bytes], config.TestSplit],
    seed: int,
    repeat: int,
    validation: int,
    per_class: int | None,
) -> None:
    index, digests, test = case
    digest_of = {row.source: digest for row, digest in zip(index, digests, strict=True)}
    drawn_from = 0
    for mask in sealed(index, test, seed):
        check_sealed(index, digests, test=mask, dev=~mask, advice="")
        dev = pick(index, ~mask)
        try:
            rows = split(dev, seed=seed, repeat=repeat, per_class=per_class, validation=validation)
        except UserError:
            continue
        drawn_from += 1
        places: defaultdict[str | bytes, set[str]] = defaultdict(set)
        for row in pick(index, mask):
            places[row.group].add("test")
            places[digest_of[row.source]].add("test")
        for drawn in rows:
            assert dev[drawn.row] == IndexRow(drawn.label, drawn.group, "real", drawn.source)
            places[drawn.group].add(drawn.role)
            places[digest_of[drawn.source]].add(drawn.role)
        assert all(len(place) == 1 for place in places.values())
        assert len({drawn.row for drawn in rows}) == len(rows)
    assume(drawn_from)  # hypothesis fails where too few cases come this far


@quick
@given(cases(), seeds)
def test_every_class_is_on_both_sides_and_folds_hold_every_image_once(
    case: tuple[list[IndexRow], config.TestSplit], seed: int
) -> None:
    index, test = case
    masks = sealed(index, test, seed)
    if test.method != "leave_one_group_out":  # which these cases always allow
        assume(masks)
    for mask in masks:
        assert {row.label for row in pick(index, mask)} == {row.label for row in pick(index, ~mask)}
    if test.folds is not None:
        assert len(masks) == test.folds
        assert np.sum(masks, axis=0).tolist() == [1] * len(index)
    if test.method == "leave_one_group_out":
        for mask in masks:
            groups = {(row.label, row.group) for row in pick(index, mask)}
            assert sorted(label for label, _ in groups) == sorted({row.label for row in index})


@quick
@given(indexes(shared=False), fractions, seeds)
def test_a_stratified_share_is_within_one_group_of_the_fraction(
    index: list[IndexRow], fraction: float, seed: int
) -> None:
    test = config.TestSplit("stratified", fraction, None)
    [mask] = seal(index, seed=seed, test=test, official=np.zeros(len(index), dtype=bool), joined={})
    images, inside = Counter(row.label for row in index), Counter(row.label for row in pick(index, mask))
    sizes = Counter((row.label, row.group) for row in index)
    for label, count in images.items():
        largest = max(size for (of, _), size in sizes.items() if of == label)
        assert abs(inside[label] - fraction * count) <= largest


@quick
@given(indexes(), seeds, st.integers(0, 3), st.integers(0, 4), st.integers(1, 4))
def test_a_repeat_has_what_was_asked_for_and_fewer_images_are_part_of_more(
    index: list[IndexRow], seed: int, repeat: int, validation: int, per_class: int
) -> None:
    try:
        rows = split(index, seed=seed, repeat=repeat, per_class=per_class, validation=validation)
    except UserError:
        reject()
    labels = {row.label for row in index}
    wanted = {("train", label): per_class for label in labels} | {("validation", label): validation for label in labels}
    assert Counter((row.role, row.label) for row in rows) == Counter(wanted)
    fewer = split(index, seed=seed, repeat=repeat, per_class=1, validation=validation)
    assert set(fewer) <= set(rows)


@quick
@given(st.integers(2, 30), st.integers(1, 5000), st.floats(1.001, 1000))
def test_a_long_tail_only_falls_and_ends_at_its_ratio(classes: int, per_class: int, ratio: float) -> None:
    labels = [f"{number:02d}" for number in range(classes)]
    try:
        amounts = list(train_amounts(labels, per_class=per_class, imbalance=ratio).values())
    except UserError:
        assert per_class / ratio <= 0.5 + 1e-9
        return
    assert amounts[0] == per_class
    assert amounts[-1] == pytest.approx(per_class / ratio, abs=0.5 + 1e-9)
    assert amounts == sorted(amounts, reverse=True)
    assert amounts[-1] >= 1
