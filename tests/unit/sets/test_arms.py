from ganaug.images import IndexRow, SetRow, SplitRow
from ganaug.sets.arms import duplicate_rows, in_turns, real_rows, synthetic_rows

SPLIT = [
    SplitRow(row=4, role="train", label="cow", group="g1", source="c1"),
    SplitRow(row=7, role="train", label="cow", group="g2", source="c2"),
    SplitRow(row=9, role="train", label="horse", group="g3", source="h1"),
    SplitRow(row=2, role="validation", label="cow", group="g4", source="c3"),
]


def test_real_rows_are_the_training_rows_in_order() -> None:
    rows = real_rows(SPLIT, images="dev.npy", per_class=None)
    assert [(row.images, row.row, row.source, row.origin) for row in rows] == [
        ("dev.npy", 4, "c1", "real"),
        ("dev.npy", 7, "c2", "real"),
        ("dev.npy", 9, "h1", "real"),
    ]


def test_duplicates_go_round_each_class() -> None:
    rows = duplicate_rows(real_rows(SPLIT, images="dev.npy", per_class=None), amounts=["n3"])
    assert [(row.label, row.row, row.origin) for row in rows] == [
        ("cow", 4, "duplicate"),
        ("cow", 7, "duplicate"),
        ("cow", 4, "duplicate"),
        ("horse", 9, "duplicate"),
        ("horse", 9, "duplicate"),
        ("horse", 9, "duplicate"),
    ]


def test_a_ratio_counts_the_real_images_of_each_class() -> None:
    rows = duplicate_rows(real_rows(SPLIT, images="dev.npy", per_class=None), amounts=["x1.5"])
    # 1.5 times 2 cows is 3; 1.5 times 1 horse rounds to 2.
    assert [row.label for row in rows] == ["cow"] * 3 + ["horse"] * 2


def test_synthetic_rows_point_at_every_image_of_their_set() -> None:
    index = [IndexRow(label="cow", group="g", origin="gan", source=f"dcgan/cow/{k}") for k in range(2)]
    rows = synthetic_rows(index, images="s.npy")
    assert [(row.images, row.row, row.origin) for row in rows] == [("s.npy", 0, "gan"), ("s.npy", 1, "gan")]


def test_amounts_are_rounded_one_by_one_as_the_arm_that_is_matched_does() -> None:
    # 2.5 and 2.5 times 1 horse are 2 and 2 (halves go to the even number), not 5.
    rows = duplicate_rows(real_rows(SPLIT, images="dev.npy", per_class=None), amounts=["x2.5", "x2.5"])
    assert [row.label for row in rows].count("horse") == 4


def test_of_fewer_real_images_each_class_has_its_first() -> None:
    one = real_rows(SPLIT, images="dev.npy", per_class=1)
    assert [(row.label, row.row) for row in one] == [("cow", 4), ("horse", 9)]
    assert set(one) < set(real_rows(SPLIT, images="dev.npy", per_class=None))


def test_oversampling_makes_every_class_even() -> None:
    split = [SplitRow(k, "train", "cow" if k < 5 else "horse", f"g{k}", f"s{k}") for k in range(7)]
    rows = duplicate_rows(real_rows(split, images="dev.npy", per_class=None), amounts=["e"])
    # Five cows, two horses: three more horses, the two in turn.
    assert [(row.label, row.row, row.origin) for row in rows] == [("horse", k, "duplicate") for k in (5, 6, 5)]


def rows_of(labels: str) -> list[SetRow]:
    return [SetRow("s.npy", k, label, f"g{k}", "gan", f"s{k}") for k, label in enumerate(labels)]


def test_each_turn_has_an_equal_part_of_every_class() -> None:
    turned = in_turns(rows_of("aaaaaabbb"), turns=3)
    assert [row.turn for row in turned] == [1, 1, 2, 2, 3, 3, 1, 2, 3]
    # Wherever the classes stand: of a the second, and of b the third and fourth, come in turn 2.
    assert [row.turn for row in in_turns(rows_of("abbbab"), turns=2)] == [1, 1, 1, 2, 2, 2]


def test_one_turn_is_no_turn() -> None:
    assert in_turns(rows_of("aab"), turns=1) == rows_of("aab")
