from ganaug.images import IndexRow, SplitRow
from ganaug.sets.arms import duplicate_rows, real_rows, synthetic_rows

SPLIT = [
    SplitRow(row=4, role="train", label="cow", group="g1", source="c1"),
    SplitRow(row=7, role="train", label="cow", group="g2", source="c2"),
    SplitRow(row=9, role="train", label="horse", group="g3", source="h1"),
    SplitRow(row=2, role="validation", label="cow", group="g4", source="c3"),
]


def test_real_rows_are_the_training_rows_in_order() -> None:
    rows = real_rows(SPLIT, images="dev.npy")
    assert [(row.images, row.row, row.source, row.origin) for row in rows] == [
        ("dev.npy", 4, "c1", "real"),
        ("dev.npy", 7, "c2", "real"),
        ("dev.npy", 9, "h1", "real"),
    ]


def test_duplicates_go_round_each_class() -> None:
    rows = duplicate_rows(real_rows(SPLIT, images="dev.npy"), amounts=["n3"])
    assert [(row.label, row.row, row.origin) for row in rows] == [
        ("cow", 4, "duplicate"),
        ("cow", 7, "duplicate"),
        ("cow", 4, "duplicate"),
        ("horse", 9, "duplicate"),
        ("horse", 9, "duplicate"),
        ("horse", 9, "duplicate"),
    ]


def test_a_ratio_counts_the_real_images_of_each_class() -> None:
    rows = duplicate_rows(real_rows(SPLIT, images="dev.npy"), amounts=["x1.5"])
    # 1.5 times 2 cows is 3; 1.5 times 1 horse rounds to 2.
    assert [row.label for row in rows] == ["cow"] * 3 + ["horse"] * 2


def test_synthetic_rows_point_at_every_image_of_their_set() -> None:
    index = [IndexRow(label="cow", group="g", origin="gan", source=f"dcgan/cow/{k}") for k in range(2)]
    rows = synthetic_rows(index, images="s.npy")
    assert [(row.images, row.row, row.origin) for row in rows] == [("s.npy", 0, "gan"), ("s.npy", 1, "gan")]


def test_amounts_are_rounded_one_by_one_as_the_arm_that_is_matched_does() -> None:
    # 2.5 and 2.5 times 1 horse are 2 and 2 (halves go to the even number), not 5.
    rows = duplicate_rows(real_rows(SPLIT, images="dev.npy"), amounts=["x2.5", "x2.5"])
    assert [row.label for row in rows].count("horse") == 4
