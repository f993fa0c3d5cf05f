from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganaug.arms import ClassicArm
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
from ganaug.io import read_csv, read_json, write_json
from ganaug.sets.stage import draw_samples, export_set, make_classic, make_set


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


def build(folder: Path, *, reason: str | None = None, real: bool = True, duplicates: Sequence[str] = ()) -> None:
    files, record = samples(folder, reason=reason)
    make_set(
        split=str(folder / "r0.csv"),
        dev=str(folder / "dev.npy"),
        real=real,
        duplicates=duplicates,
        classic=None,
        samples=files,
        samples_record=record,
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
    build(folder, real=False)
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
