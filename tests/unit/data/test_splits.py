from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from ganaug import config
from ganaug.data.splits import seal, split, train_amounts
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
    masks = seal(index, seed=seed, test=test, official=official(index), joined={})
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
    [mask] = seal(index, seed=seed, test=config.TestSplit("hash", 0.5, None), official=official(index), joined={})
    sides = {(row.group, bool(inside)) for row, inside in zip(index, mask, strict=True)}
    assert len(sides) == 24


def test_a_class_without_a_side_is_told():
    index = rows({"a": {"a0": 9}, "b": {f"b{n}": 1 for n in range(50)}})
    with pytest.raises(UserError, match=r"data.test: class a \(1 groups\) has no .*data.test.folds"):
        seal(index, seed=0, test=HASH, official=official(index), joined={})


@pytest.mark.parametrize("seed", range(3))
def test_five_folds_leave_one_cow_and_one_horse_out(seed):
    folds = sealed_groups(COWS, seed, config.TestSplit("hash", None, 5))
    assert [sorted(group[:-1] for group in fold) for fold in folds] == [["cow", "horse"]] * 5
    assert set.union(*folds) == {row.group for row in COWS}


def test_more_folds_than_groups_are_told():
    with pytest.raises(UserError, match=r"data.test.folds: class cow has 5 groups for 6 folds"):
        seal(COWS, seed=0, test=config.TestSplit("hash", None, 6), official=official(COWS), joined={})


def test_a_group_of_two_classes_lies_in_one_fold():
    index = rows({"a": {"a0": 1, "a1": 1, "a2": 1, "both": 1}, "b": {"b0": 1, "b1": 1, "b2": 1, "both": 1}})
    for seed in range(4):
        masks = seal(index, seed=seed, test=config.TestSplit("hash", None, 3), official=official(index), joined={})
        assert sum(masks).tolist() == [1] * len(index)
        for mask in masks:
            assert mask[3] == mask[7]  # the two rows of the group


def test_folds_of_classes_that_share_groups_stay_even():
    # Four patients have the illness, and all eight have healthy images: two patients a fold, one of them ill.
    patients = {f"p{n}": 1 for n in range(8)}
    index = rows({"healthy": patients, "ill": {f"p{n}": 1 for n in range(4)}})
    for seed in range(4):
        for mask in seal(index, seed=seed, test=config.TestSplit("hash", None, 4), official=official(index), joined={}):
            assert Counter(index[row].label for row in np.flatnonzero(mask)) == {"healthy": 2, "ill": 1}


def stratified(fraction: float) -> config.TestSplit:
    return config.TestSplit(method="stratified", fraction=fraction, folds=None)


def shares(index: list[IndexRow], fraction: float, seed: int = 0) -> dict[str, int]:
    """How many images of each class are sealed."""
    [mask] = seal(index, seed=seed, test=stratified(fraction), official=official(index), joined={})
    return dict(Counter(row.label for row, inside in zip(index, mask, strict=True) if inside))


@pytest.mark.parametrize("seed", range(4))
def test_stratified_seals_the_same_share_of_every_class(seed):
    index = rows({"a": {f"a{n}": 1 for n in range(10)}, "b": {f"b{n}": 1 for n in range(100)}})
    assert shares(index, 0.3, seed) == {"a": 3, "b": 30}
    assert shares(index, 0.77, seed) == {"a": 8, "b": 77}


@pytest.mark.parametrize(
    # Five groups of four in a class of 20: 0.45 asks for 9 images, and 8 are closer than 12.
    ("fraction", "images"),
    [(0.45, 8), (0.55, 12), (0.8, 16), (0.3, 4), (0.01, 4), (0.99, 16)],
    ids=["below", "above", "exactly", "as close: the smaller", "at least one", "at least one left"],
)
def test_stratified_seals_whole_groups(fraction, images):
    assert shares(COWS, fraction) == {"cow": images, "horse": images}


def test_stratified_takes_groups_in_the_order_of_their_hashes():
    index = singles(20, "a", "b")
    [groups] = sealed_groups(index, 7, stratified(0.25))
    for label in ("a", "b"):
        ranked = sorted((f"{label}{n:03d}" for n in range(20)), key=lambda group: rank(7, "test", group))
        assert groups & set(ranked) == set(ranked[:5])


def test_stratified_needs_two_groups_a_class():
    with pytest.raises(UserError, match=r"data.test: class a \(1 groups\) has no test set; add groups"):
        shares(rows({"a": {"a0": 9}, "b": {"b0": 5, "b1": 5}}), 0.5)


@pytest.mark.parametrize("seed", range(8))
def test_stratified_divides_the_rare_class_of_patients_who_have_two(seed):
    index = rows({"healthy": {f"p{n}": 1 for n in range(20)}, "ill": {"p0": 1, "p1": 1}})
    assert shares(index, 0.5, seed) == {"healthy": 10, "ill": 1}


def leave_out(folds: int) -> config.TestSplit:
    return config.TestSplit(method="leave_one_group_out", fraction=None, folds=folds)


@pytest.mark.parametrize("seed", range(3))
def test_each_fold_leaves_one_cow_and_one_horse_out(seed):
    folds = sealed_groups(COWS, seed, leave_out(5))
    ranked = {
        animal: sorted((f"{animal}{n}" for n in range(5)), key=lambda group: rank(seed, "test", group))
        for animal in ("cow", "horse")
    }
    assert folds == [set(pair) for pair in zip(ranked["cow"], ranked["horse"], strict=True)]


@pytest.mark.parametrize("seed", range(3))
def test_five_rounds_of_five_folds_are_all_pairs_of_a_cow_and_a_horse(seed):
    test = config.TestSplit(method="leave_one_group_out", fraction=None, folds=5, rounds=5)
    pairs = sealed_groups(COWS, seed, test)
    assert len({frozenset(pair) for pair in pairs}) == len(pairs) == 25
    assert pairs[:5] == sealed_groups(COWS, seed, leave_out(5))
    for start in range(0, 25, 5):
        assert set.union(*pairs[start : start + 5]) == {f"{animal}{n}" for animal in ("cow", "horse") for n in range(5)}


def test_rounds_of_patients_who_have_images_of_both_classes_are_refused():
    index = rows({label: {f"p{n}": 2 for n in range(3)} for label in ("healthy", "ill")})
    test = config.TestSplit(method="leave_one_group_out", fraction=None, folds=3, rounds=2)
    with pytest.raises(UserError, match=r"data.test.rounds: the classes share p\d, which cannot meet itself"):
        seal(index, seed=0, test=test, official=official(index), joined={})


@pytest.mark.parametrize("folds", [4, 6])
def test_another_number_of_folds_than_groups_is_told(folds):
    with pytest.raises(UserError, match=rf"data.test.folds: .* class cow has 5 for {folds} folds"):
        seal(COWS, seed=0, test=leave_out(folds), official=official(COWS), joined={})


def test_a_class_of_another_number_of_groups_is_told():
    index = rows({"cow": {"c0": 1, "c1": 1}, "horse": {"h0": 1, "h1": 1, "h2": 1}})
    with pytest.raises(UserError, match=r"data.test.folds: .* class horse has 3 for 2 folds"):
        seal(index, seed=0, test=leave_out(2), official=official(index), joined={})


def test_each_fold_leaves_one_patient_out_who_has_images_of_both_classes():
    index = rows({label: {f"p{n}": 2 for n in range(3)} for label in ("healthy", "ill")})
    folds = sealed_groups(index, 0, leave_out(3))
    assert [len(fold) for fold in folds] == [1, 1, 1]
    assert set.union(*folds) == {"p0", "p1", "p2"}


def test_groups_that_only_some_classes_share_cannot_be_left_out_one_by_one():
    # By hash the shared group is the first, second or third of its class; only where it is the same one of both is
    # there a fold for it.
    index = rows({"a": {"both": 1, "a0": 1, "a1": 1}, "b": {"both": 1, "b0": 1, "b1": 1}})
    refused = 0
    for seed in range(6):
        place = [
            sorted(names, key=lambda g: rank(seed, "test", g)).index("both")
            for names in (("both", "a0", "a1"), ("both", "b0", "b1"))
        ]
        if place[0] == place[1]:
            assert (
                sum(seal(index, seed=seed, test=leave_out(3), official=official(index), joined={})).tolist() == [1] * 6
            )
        else:
            refused += 1
            with pytest.raises(UserError, match=r"data.test.method: .* class b shares both with another class"):
                seal(index, seed=seed, test=leave_out(3), official=official(index), joined={})
    assert 0 < refused < 6


def test_official_takes_the_folders():
    index = singles(2, "a", "b")
    [mask] = seal(
        index, seed=0, test=config.TestSplit("official", None, None), official=official(index, 1, 2), joined={}
    )
    assert mask.tolist() == [False, True, True, False]
    with pytest.raises(UserError, match=r"data.test: class b .* has no test set"):
        seal(index, seed=0, test=config.TestSplit("official", None, None), official=official(index, 1), joined={})


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


@pytest.mark.parametrize("repeat", range(6))
def test_validation_has_enough_of_each_class_of_patients_who_have_two(repeat):
    # One patient gives enough healthy images; five are needed for the illness.
    index = rows({"healthy": {f"p{n}": 6 for n in range(10)}, "ill": {f"p{n}": 1 for n in range(10)}})
    drawn = split(index, seed=0, repeat=repeat, per_class=5, validation=5)
    assert Counter((row.role, row.label) for row in drawn) == {
        (role, label): 5 for role in ("train", "validation") for label in ("healthy", "ill")
    }
    assert len({(row.group, row.role) for row in drawn}) == len({row.group for row in drawn})


def test_a_long_tail_falls_evenly_in_the_logarithm():
    assert train_amounts(["a", "b", "c"], per_class=8, imbalance=4) == {"a": 8, "b": 4, "c": 2}
    assert train_amounts(["a", "b"], per_class=50, imbalance=3) == {"a": 50, "b": 17}


def test_the_long_tail_of_cifar10():
    # The lists in common use cut the fraction off, here it is rounded: the published numbers, or one more.
    published = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
    amounts = train_amounts([str(k) for k in range(10)], per_class=5000, imbalance=100)
    assert list(amounts.values()) == [5000, 2997, 1797, 1077, 646, 387, 232, 139, 83, 50]
    assert all(0 <= amount - floor <= 1 for amount, floor in zip(amounts.values(), published, strict=True))


def test_a_tail_without_images_is_told():
    with pytest.raises(UserError, match=r"^data.imbalance: 50 leaves class c no training image of 20; lower it"):
        train_amounts(["a", "b", "c"], per_class=20, imbalance=50)


def test_amounts_by_class():
    amounts = train_amounts(["7", "cat"], per_class=None, imbalance={"cat": 2, 7: 3})  # as YAML reads 7
    assert amounts == {"7": 3, "cat": 2}
    with pytest.raises(UserError, match=r"^data.imbalance: no class 'cow'; the classes are cat, dog"):
        train_amounts(["cat", "dog"], per_class=None, imbalance={"cat": 1, "dog": 1, "cow": 1})
    with pytest.raises(UserError, match=r"^data.imbalance: lacks class 'dog'; name every class"):
        train_amounts(["cat", "dog"], per_class=None, imbalance={"cat": 1})


def test_imbalance_is_of_training_alone_and_a_part_of_the_balanced_set():
    index = singles(30, "a", "b", "c")
    draw = lambda imbalance: split(index, seed=0, repeat=1, per_class=16, imbalance=imbalance, validation=5)  # noqa: E731
    few, all_ = draw(4.0), draw(None)
    assert Counter((row.role, row.label) for row in few) == {
        ("train", "a"): 16,
        ("train", "b"): 8,
        ("train", "c"): 4,
        **{("validation", label): 5 for label in "abc"},
    }
    assert set(few) < set(all_)


@pytest.mark.parametrize(
    ("imbalance", "per_class", "advice"),
    [
        ({"a": 5, "b": 9}, None, "data.imbalance: class b .* lower data.imbalance to 7 or"),
        (2.0, 18, "data.per_class: class a .* lower data.per_class or"),
    ],
)
def test_too_few_images_for_an_imbalance_name_the_key(imbalance, per_class, advice):
    with pytest.raises(UserError, match=advice):
        split(singles(10, "a", "b"), seed=0, repeat=0, per_class=per_class, imbalance=imbalance, validation=3)
