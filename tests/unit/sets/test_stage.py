from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganaug.arms import Arm, ClassicArm, GanArm
from ganaug.errors import UserError
from ganaug.images import (
    ImageFiles,
    IndexRow,
    SetRow,
    SplitRow,
    open_image_set,
    open_set,
    save_image_set,
    save_set,
    save_split,
)
from ganaug.io import read_csv, read_json, save_array, write_json
from ganaug.sets.stage import Pool, RealFeatures, draw_samples, export_set, make_classic, make_set

WHOLE = Arm()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two cows (value 10, 20) and a horse (30) to train on, and a cow (40) to validate on."""
    images = np.stack([np.full((8, 8, 1), value, np.uint8) for value in (10, 20, 30, 40)])
    index = [IndexRow(label, f"g{k}", "real", f"{label}-{k}") for k, label in enumerate(["cow", "cow", "horse", "cow"])]
    save_image_set(tmp_path / "dev.npy", tmp_path / "dev.csv", images, index)
    roles = ("train", "train", "train", "validation")
    save_split(
        tmp_path / "r0.csv",
        [
            SplitRow(k, role, row.label, row.group, row.source)
            for k, (row, role) in enumerate(zip(index, roles, strict=True))
        ],
    )
    return tmp_path


def samples(folder: Path, *, reason: str | None) -> tuple[ImageFiles, str]:
    count = 0 if reason else 2
    index = [IndexRow("cow", f"s{k}", "gan", f"s{k}", "dcgan", "1", str(k)) for k in range(count)]
    files = ImageFiles(str(folder / "s.npy"), str(folder / "s.csv"))
    save_image_set(files.images, files.index, np.full((count, 8, 8, 1), 99, np.uint8), index)
    write_json(folder / "s.json", {"state": "failed" if reason else "ok", "reason": reason})
    return files, str(folder / "s.json")


def plain_pool(folder: Path, *, reason: str | None = None) -> Pool:
    files, record = samples(folder, reason=reason)
    return Pool(
        part=GanArm("dcgan", count=2),
        amount="n2",
        files=files,
        record=record,
        features=None,
        probabilities=None,
        scores=None,
    )


def build(
    folder: Path,
    *,
    reason: str | None = None,
    arm: Arm = WHOLE,
    duplicates: Sequence[str] = (),
    pools: Sequence[Pool] | None = None,
    real_features: RealFeatures | None = None,
) -> None:
    make_set(
        split=str(folder / "r0.csv"),
        dev=str(folder / "dev.npy"),
        arm=arm,
        duplicates=duplicates,
        classic=None,
        pools=[plain_pool(folder, reason=reason)] if pools is None else pools,
        real_features=real_features,
        repeat=0,
        root=0,
        code="c",
        out=str(folder / "set.csv"),
        record=str(folder / "set.json"),
    )


def test_a_set_is_the_real_rows_and_then_what_is_added(folder: Path) -> None:
    build(folder, duplicates=["n1"])
    rows = open_set(folder / "set.csv")
    assert [(row.origin, row.label, row.row) for row in rows] == [
        ("real", "cow", 0),
        ("real", "cow", 1),
        ("real", "horse", 2),
        ("duplicate", "cow", 0),
        ("duplicate", "horse", 2),
        ("gan", "cow", 0),
        ("gan", "cow", 1),
    ]
    assert read_json(folder / "set.json")["images"] == {"cow": 5, "horse": 2}


def test_no_validation_image_is_in_a_set(folder: Path) -> None:
    build(folder, arm=Arm(real=False))
    assert {row.origin for row in open_set(folder / "set.csv")} == {"gan"}
    build(folder)
    assert "cow-3" not in {row.source for row in open_set(folder / "set.csv")}


def test_failed_samples_make_an_empty_set_that_says_why(folder: Path) -> None:
    build(folder, reason="GAN dcgan: cow: diverged at step 3")
    assert open_set(folder / "set.csv") == []
    record = read_json(folder / "set.json")
    assert (record["state"], record["reason"]) == ("failed", "GAN dcgan: cow: diverged at step 3")


def test_classic_images_keep_the_label_and_the_group_of_their_source(folder: Path) -> None:
    out = ImageFiles(str(folder / "c.npy"), str(folder / "c.csv"))
    make_classic(
        split=str(folder / "r0.csv"),
        dev=str(folder / "dev.npy"),
        arm=ClassicArm(count=3),
        amount="n3",
        per_class=None,
        repeat=0,
        root=0,
        code="c",
        out=out,
        record=str(folder / "c.json"),
    )
    made = open_image_set(out.images, out.index)
    assert [(row.label, row.group, row.origin) for row in made.index] == [
        ("cow", "g0", "classic"),
        ("cow", "g1", "classic"),
        ("cow", "g0", "classic"),
        *[("horse", "g2", "classic")] * 3,
    ]
    # Flat images stay flat; brightness changes by at most a fifth: cows of 10 and 20, a horse of 30.
    assert made.images[:3].max() <= 24
    assert made.images[3:].min() >= 24


def test_classic_images_come_from_the_real_images_of_their_arm(folder: Path) -> None:
    out = ImageFiles(str(folder / "c.npy"), str(folder / "c.csv"))
    make_classic(
        split=str(folder / "r0.csv"),
        dev=str(folder / "dev.npy"),
        arm=ClassicArm(ratio=2),
        amount="x2",
        per_class=1,
        repeat=0,
        root=0,
        code="c",
        out=out,
        record=str(folder / "c.json"),
    )
    # Twice the one cow and the one horse.
    assert [row.group for row in open_image_set(out.images, out.index).index] == ["g0", "g0", "g2", "g2"]


def test_an_oversampled_set_is_even(folder: Path) -> None:
    build(folder, duplicates=["e"], pools=[])
    rows = open_set(folder / "set.csv")
    assert [(row.origin, row.row) for row in rows] == [("real", 0), ("real", 1), ("real", 2), ("duplicate", 2)]
    assert read_json(folder / "set.json")["images"] == {"cow": 2, "horse": 2}


def test_an_arm_may_take_fewer_real_images(folder: Path) -> None:
    build(folder, arm=Arm(per_class=1), duplicates=["n1"], pools=[])
    assert [(row.origin, row.row) for row in open_set(folder / "set.csv")] == [
        ("real", 0),
        ("real", 2),
        ("duplicate", 0),
        ("duplicate", 2),
    ]


# Of each class six samples: these features of cows, and those of horses 100 further. The real images lie at 0, 10
# (cows) and 100 (horse), the held-out cow at 11.
COWS = (0.0, 5.0, 5.5, 20.0, 30.0, 40.0)
CERTAIN = (0.99, 0.6, 0.95, 0.5, 0.9, 0.8)


def curated(folder: Path, name: str, *, judged: int | None = 12, seen: int = 12, **part: object) -> Pool:
    """A pool in a folder of its own: three times two samples a class."""
    own = folder / name
    own.mkdir()
    labels = ["cow"] * 6 + ["horse"] * 6
    index = [
        IndexRow(label, f"{name}{k}", "gan", f"{name}{k}", name, "1", str(k % 6)) for k, label in enumerate(labels)
    ]
    files = ImageFiles(str(own / "images.npy"), str(own / "index.csv"))
    save_image_set(files.images, files.index, np.full((12, 8, 8, 1), 99, np.uint8), index)
    write_json(own / "record.json", {"state": "ok", "reason": None})
    features = np.array([*COWS, *(100 + value for value in COWS)], np.float32)[:, None]
    # The second column, of horses, is 1 - that of cows.
    sure = np.array([*CERTAIN, *(1 - value for value in CERTAIN)], np.float32)
    save_array(own / "features.npy", features[:seen])
    save_array(own / "probabilities.npy", np.stack([sure, 1 - sure], axis=1)[:seen])
    # For certain the fifth and sixth of each class, whatever is drawn.
    save_array(own / "scores.npy", np.array([-60, -60, -60, -60, 60, 60] * 2, np.float32)[: judged or 0])
    return Pool(
        part=GanArm(name, count=2, pool=3, **part),  # type: ignore[arg-type]
        amount="n2",
        files=files,
        record=str(own / "record.json"),
        features=str(own / "features.npy"),
        probabilities=str(own / "probabilities.npy"),
        scores=None if judged is None else str(own / "scores.npy"),
    )


@pytest.fixture
def real(folder: Path) -> RealFeatures:
    features = RealFeatures(str(folder / "train.npy"), str(folder / "validation.npy"))
    save_array(features.train, np.array([[0], [10], [100]], np.float32))
    save_array(features.validation, np.array([[11]], np.float32))
    return features


def taken(folder: Path) -> list[str]:
    return [row.source for row in open_set(folder / "set.csv") if row.origin == "gan"]


@pytest.mark.parametrize(
    ("how", "cows", "horses"),
    [
        # By the column of the class in the probabilities.
        ({"keep": "confidence"}, [0, 2], [0, 2]),
        # Distances to cows at 0 and 10: 5, 5, 5, 15, 25, 35; to the horse at 100: 0, 5, 5.5 ...
        ({"keep": "density"}, [0, 1], [0, 1]),
        ({"keep": "discriminator"}, [4, 5], [4, 5]),
        # The first is a copy of a training image; 5.5 is nearer to 5 than the held-out cow to a training image, 1. Of
        # horses there is no other real image to measure by: an exact copy alone goes.
        ({"drop_copies": True}, [1, 3], [1, 2]),
        ({"keep": "confidence", "drop_copies": True}, [4, 5], [2, 4]),
    ],
)
def test_of_a_pool_the_wanted_samples_are_taken(
    folder: Path, real: RealFeatures, how: dict[str, object], cows: list[int], horses: list[int]
) -> None:
    build(folder, pools=[curated(folder, "g", **how)], real_features=real)
    assert taken(folder) == [f"g{k}" for k in cows] + [f"g{6 + k}" for k in horses]
    assert read_json(folder / "set.json")["state"] == "ok"
    assert [row.row for row in open_set(folder / "set.csv")] == [0, 1, 2, *cows, *(6 + k for k in horses)]


def test_several_gans_fill_one_set(folder: Path, real: RealFeatures) -> None:
    pools = [curated(folder, "g", keep="confidence"), plain_pool(folder), curated(folder, "h", keep="discriminator")]
    build(folder, arm=Arm(real=False), pools=pools, real_features=real)
    assert taken(folder) == ["g0", "g2", "g6", "g8", "s0", "s1", "h4", "h5", "h10", "h11"]
    assert {Path(row.images).parent.name for row in open_set(folder / "set.csv")} == {"g", "h", folder.name}
    assert read_json(folder / "set.json")["images"] == {"cow": 6, "horse": 4}


def test_a_pool_is_taken_in_turns(folder: Path, real: RealFeatures) -> None:
    # Two of each class in each of two turns: four of the six samples.
    pool = curated(folder, "g", keep="confidence", turns=2)
    build(folder, pools=[pool], real_features=real)
    rows = [(row.turn, row.source) for row in open_set(folder / "set.csv")]
    assert [turn for turn, _ in rows[:3]] == [0, 0, 0]
    assert rows[3:] == [(1, "g0"), (1, "g2"), (2, "g4"), (2, "g5"), (1, "g6"), (1, "g8"), (2, "g10"), (2, "g11")]


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        # Three turns of two of each class; of cows two are copies.
        ({"drop_copies": True, "turns": 3}, "GAN g: 4 of 6 samples are no copies, and 6 are asked for"),
        (
            {"keep": "confidence", "seen": 0},
            "GAN g: the classifier of the real images failed, so nothing tells its samples apart",
        ),
        (
            {"keep": "discriminator", "judged": 0},
            "GAN g: it failed after this snapshot, so no discriminator tells its samples apart",
        ),
    ],
)
def test_too_few_samples_make_a_failed_set_that_says_why(
    folder: Path, real: RealFeatures, how: dict[str, object], reason: str
) -> None:
    build(folder, pools=[curated(folder, "g", **how), plain_pool(folder)], real_features=real)  # type: ignore[arg-type]
    assert open_set(folder / "set.csv") == []
    record = read_json(folder / "set.json")
    assert (record["state"], record["reason"]) == ("failed", reason)
    assert record["images"] == {"cow": 0, "horse": 0}


def test_exported_files_are_the_images_of_the_set(folder: Path) -> None:
    build(folder)
    export_set(training_set=str(folder / "set.csv"), manifest=str(folder / "out/manifest.csv"))
    listed = read_csv(folder / "out/manifest.csv")
    values = [np.asarray(Image.open(folder / "out" / row["file"]))[0, 0] for row in listed]
    assert values == [10, 20, 30, 99, 99]
    assert [row["label"] for row in listed] == ["cow", "cow", "horse", "cow", "cow"]


def test_a_class_may_be_called_as_the_manifest_is(folder: Path) -> None:
    row = SetRow(str(folder / "dev.npy"), 1, "manifest.csv", "g1", "real", "manifest.csv/1.png")
    save_set(folder / "set.csv", [row])
    export_set(training_set=str(folder / "set.csv"), manifest=str(folder / "out/manifest.csv"))
    [listed] = read_csv(folder / "out/manifest.csv")
    assert listed["file"] == "images/manifest.csv/000000-real.png"
    assert np.asarray(Image.open(folder / "out" / listed["file"]))[0, 0] == 20


def test_an_export_leaves_nothing_of_an_earlier_one(folder: Path) -> None:
    out, elsewhere = folder / "out", folder / "elsewhere"
    for old in (out / "images/cow/000009-gan.png", out / "emu/000000-gan.png", elsewhere / "kept.png"):
        old.parent.mkdir(parents=True)
        old.touch()
    (out / "link").symlink_to(elsewhere)
    build(folder)
    export_set(training_set=str(folder / "set.csv"), manifest=str(out / "manifest.csv"))
    files = {path.relative_to(out).as_posix() for path in out.rglob("*.png")}
    assert files == {row["file"] for row in read_csv(out / "manifest.csv")}
    assert sorted(path.name for path in out.iterdir()) == ["images", "manifest.csv"]
    assert sorted(path.name for path in (out / "images").iterdir()) == ["cow", "horse"]
    assert (elsewhere / "kept.png").exists()


def test_an_empty_set_is_not_exported(folder: Path) -> None:
    build(folder, reason="GAN dcgan: cow: diverged at step 3")
    with pytest.raises(UserError, match=r"set\.csv: empty, since the GAN of this arm failed; set\.json beside it"):
        export_set(training_set=str(folder / "set.csv"), manifest=str(folder / "out/manifest.csv"))
    assert not (folder / "out").exists()


def test_the_picture_is_drawn_with_and_without_samples(folder: Path) -> None:
    for reason in (None, "diverged"):
        files, _ = samples(folder, reason=reason)
        draw_samples(
            split=str(folder / "r0.csv"), dev=str(folder / "dev.npy"), samples=files, picture=str(folder / "p.png")
        )
        picture = np.asarray(Image.open(folder / "p.png"))
        # 2 classes; 10 real, a gap, 10 samples; 8 pixels enlarged four times with a gap of one.
        assert picture.shape == ((2 * 9 - 1) * 4, (21 * 9 - 1) * 4)
        assert picture[0, 0] == 10
        assert picture[0, 11 * 9 * 4] == (99 if reason is None else 220)
