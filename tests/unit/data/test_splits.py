from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from ganaug import config
from ganaug.data.splits import seal, split
from ganaug.errors import UserError
from ganaug.images import IndexRow
from ganaug.seeds import rank


def rows(counts: dict[str, dict[str, int]]) -> list[IndexRow]:
    """An index of so many images in each group of each class."""
    return [
        IndexRow(label=label, group=group, origin="real", source=f"{label}/{group}/{number}")
        for label, groups in sorted(counts.items())
        for group, count in sorted(groups.items())
        for number in range(count)
    ]


def singles(count: int, *labels: str) -> list[IndexRow]:
    return rows({label: {f"{label}{number:03d}": 1 for number in range(count)} for label in labels})


HASH = config.TestSplit(method="hash", fraction=0.3, folds=None)
COWS = rows({animal: {f"{animal}{n}": 4 for n in range(5)} for animal in ("cow", "horse")})


def official(index: list[IndexRow], *test: int) -> np.ndarray:
    return np.isin(np.arange(len(index)), test)


def sealed_groups(index: list[IndexRow], seed: int, test: config.TestSplit) -> list[set[str]]:
    masks = seal(index, seed=seed, test=test, official=official(index))
    return [{row.group for row, inside in zip(index, mask, strict=True) if inside} for mask in masks]


def test_a_group_is_sealed_by_its_own_hash():
    index = singles(200, "a", "b")
    [groups] = sealed_groups(index, 1, HASH)
    assert groups == {row.group for row in index if rank(1, "test", row.group) < 0.3}
    assert 80 <= len(groups) <= 160  # 400 draws of 0.3: 120, standard deviation 9


def test_the_hash_split_stays_when_images_are_added():
    [few] = sealed_groups(singles(100, "a", "b"), 3, HASH)
    [many] = sealed_groups(singles(150, "a", "b", "c"), 3, HASH)
    before = {row.group for row in singles(100, "a", "b")}
    assert few == many & before
    assert few != sealed_groups(singles(100, "a", "b"), 4, HASH)[0]


@pytest.mark.parametrize("seed", range(4))
def test_groups_never_cross_the_test_set(seed):
    index = rows({label: {f"{label}{n}": 3 for n in range(12)} for label in ("a", "b")})
    [mask] = seal(index, seed=seed, test=config.TestSplit("hash", 0.5, None), official=official(index))
    sides = {(row.group, bool(inside)) for row, inside in zip(index, mask, strict=True)}
    assert len(sides) == 24


def test_a_class_without_a_side_is_told():
    index = rows({"a": {"a0": 9}, "b": {f"b{n}": 1 for n in range(50)}})
    with pytest.raises(UserError, match=r"data.test: class a \(1 groups\) has no .*data.test.folds"):
        seal(index, seed=0, test=HASH, official=official(index))


@pytest.mark.parametrize("seed", range(3))
def test_five_folds_leave_one_cow_and_one_horse_out(seed):
    folds = sealed_groups(COWS, seed, config.TestSplit("hash", None, 5))
    assert [sorted(group[:-1] for group in fold) for fold in folds] == [["cow", "horse"]] * 5
    assert set.union(*folds) == {row.group for row in COWS}


def test_more_folds_than_groups_are_told():
    with pytest.raises(UserError, match=r"data.test.folds: class cow has 5 groups for 6 folds"):
        seal(COWS, seed=0, test=config.TestSplit("hash", None, 6), official=official(COWS))


def test_a_group_of_two_classes_lies_in_one_fold():
    index = rows({"a": {"a0": 1, "a1": 1, "a2": 1, "both": 1}, "b": {"b0": 1, "b1": 1, "b2": 1, "both": 1}})
    for seed in range(4):
        masks = seal(index, seed=seed, test=config.TestSplit("hash", None, 3), official=official(index))
        assert sum(masks).tolist() == [1] * len(index)
        for mask in masks:
            assert mask[3] == mask[7]  # the two rows of the group


def test_official_takes_the_folders():
    index = singles(2, "a", "b")
    [mask] = seal(index, seed=0, test=config.TestSplit("official", None, None), official=official(index, 1, 2))
    assert mask.tolist() == [False, True, True, False]
    with pytest.raises(UserError, match=r"data.test: class b .* has no test set"):
        seal(index, seed=0, test=config.TestSplit("official", None, None), official=official(index, 1))


def test_a_repeat_takes_exactly_what_is_asked_for():
    index = singles(30, "a", "b")
    drawn = split(index, seed=0, repeat=2, per_class=12, validation=5)
    assert [(row.role, row.label) for row in drawn] == (
        [("train", "a")] * 12 + [("train", "b")] * 12 + [("validation", "a")] * 5 + [("validation", "b")] * 5
    )
    assert len({row.row for row in drawn}) == 34
    assert all((index[row.row].source, index[row.row].group) == (row.source, row.group) for row in drawn)


def test_repeats_and_seeds_differ_and_are_reproducible():
    index = singles(30, "a", "b")
    draw = lambda seed, repeat: split(index, seed=seed, repeat=repeat, per_class=12, validation=5)  # noqa: E731
    assert draw(0, 0) == draw(0, 0)
    assert draw(0, 0) != draw(0, 1)
    assert draw(0, 0) != draw(1, 0)


def test_all_the_rest_trains_without_a_limit():
    drawn = split(singles(9, "a", "b"), seed=0, repeat=0, per_class=None, validation=2)
    assert Counter((row.role, row.label) for row in drawn) == {
        ("train", "a"): 7,
        ("train", "b"): 7,
        ("validation", "a"): 2,
        ("validation", "b"): 2,
    }


def test_without_validation_everything_is_training():
    assert {row.role for row in split(singles(3, "a", "b"), seed=0, repeat=0, per_class=3, validation=0)} == {"train"}


@pytest.mark.parametrize("repeat", range(6))
def test_groups_never_train_and_validate(repeat):
    drawn = split(COWS, seed=0, repeat=repeat, per_class=9, validation=3)
    roles = {(row.group, row.role) for row in drawn}
    assert len(roles) == len({group for group, _ in roles})
    # Objects have 4 images: 3 of one validate, and 4 + 4 + 1 of three others train.
    assert Counter((row.label, row.role) for row in drawn)[("cow", "train")] == 9
    assert sorted(Counter(row.group for row in drawn if row.label == "cow").values()) == [1, 3, 4, 4]


@pytest.mark.parametrize("repeat", range(6))
def test_a_group_of_two_classes_keeps_one_role(repeat):
    index = rows({"a": {"both": 2, "a0": 2, "a1": 2}, "b": {"both": 2, "b0": 2, "b1": 2}})
    drawn = split(index, seed=0, repeat=repeat, per_class=1, validation=1)
    assert len({row.role for row in drawn if row.group == "both"}) <= 1
    assert len(drawn) == 4


def test_too_few_images_name_class_numbers_and_key():
    with pytest.raises(UserError) as caught:
        split(singles(10, "a", "b"), seed=0, repeat=0, per_class=9, validation=3)
    assert str(caught.value).startswith(
        "data.per_class: class a has 10 images outside the test set, 12 are needed (3 for validation, 9 for training)"
    )
    assert "lower data.per_class to 7 or add images" in str(caught.value)


def test_validation_that_takes_everything_is_told():
    for validation in (10, 20):
        with pytest.raises(UserError, match=r"^data.validation: class a has 10 images .* lower data.validation to 9"):
            split(singles(10, "a", "b"), seed=0, repeat=0, per_class=None, validation=validation)
    # Two objects of 4: validation of 5 takes both, though 8 images would be enough.
    index = rows({"a": {"a0": 4, "a1": 4}, "b": {"b0": 4, "b1": 4}})
    with pytest.raises(UserError, match=r"data.validation: class a .* groups are never divided"):
        split(index, seed=0, repeat=0, per_class=3, validation=5)
