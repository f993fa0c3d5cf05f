from __future__ import annotations

import errno
import os
import tarfile
import zipfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganaug import config
from ganaug.config import Data
from ganaug.data import archive as archive_module
from ganaug.data import decode as decode_module
from ganaug.data import pool
from ganaug.data.fingerprint import describe
from ganaug.data.integrity import neighbours
from ganaug.data.sources import mirror
from ganaug.data.splits import split
from ganaug.data.stage import Part, divide, load, preprocess
from ganaug.errors import UserError
from ganaug.images import IndexRow, open_image_set, save_images
from ganaug.io import digest, read_json

OFFICIAL = config.TestSplit(method="official", fraction=None, folds=None)


def run(data: Data, out: Path, *, seed: int = 0, workers: int = 2) -> dict[str, Any]:
    preprocess(data, seed=seed, record=describe(data), code="c0de", workers=workers, out=out)
    return dict(read_json(out / "report.json"))


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def read(out: Path, part: int, name: str) -> tuple[np.ndarray, list[IndexRow]]:
    both = open_image_set(out / f"p{part}/{name}/images.npy", out / f"p{part}/{name}/index.csv")
    return both.images, both.index


@pytest.fixture
def official(make_image, tmp_path) -> Path:
    """Two classes, two training images and one test image each, all different."""
    tone = 0
    for label in ("cat", "dog"):
        for name in ("train/{}/1.png", "train/{}/2.png", "test/{}/1.png"):
            make_image("src/" + name.format(label), tone=(tone := tone + 1))
    return tmp_path / "src"


def test_an_official_split_arrives_as_image_sets(official, make_data, tmp_path):
    report = run(make_data(path=str(official), test=OFFICIAL), tmp_path / "data")
    images, index = read(tmp_path / "data", 0, "dev")
    assert images.shape == (4, 8, 8, 1)
    assert images.dtype == np.uint8
    assert [(row.label, row.source, row.origin) for row in index] == [
        ("cat", "train/cat/1.png", "real"),
        ("cat", "train/cat/2.png", "real"),
        ("dog", "train/dog/1.png", "real"),
        ("dog", "train/dog/2.png", "real"),
    ]
    test_images, test_index = read(tmp_path / "data", 0, "test")
    assert [row.source for row in test_index] == ["test/cat/1.png", "test/dog/1.png"]
    for image, row in zip([*images, *test_images], [*index, *test_index], strict=True):
        assert np.array_equal(image[..., 0], np.asarray(Image.open(official / row.source)))
    assert report["classes"] == ["cat", "dog"]
    assert (report["image_size"], report["channels"], report["seed"], report["code"]) == (8, 1, 0, "c0de")
    assert "bicubic" in report["resize"]
    [part] = report["parts"]
    assert (part["dev"], part["test"]) == ({"cat": 2, "dog": 2}, {"cat": 1, "dog": 1})
    assert part["groups"] == {"dev": 4, "test": 2}
    assert report["config"]["test"] == {"method": "official", "fraction": None, "folds": None, "rounds": 1}
    assert not {"path", "per_class", "validation"} & set(report["config"])


def test_files_are_written_whole_and_the_report_has_their_digests(official, make_data, tmp_path):
    report = run(make_data(path=str(official), test=OFFICIAL), tmp_path / "data")
    names = {f"p0/{name}/{file}" for name in ("dev", "test") for file in ("images.npy", "index.csv")}
    written = {path.relative_to(tmp_path / "data").as_posix() for path in (tmp_path / "data").rglob("*.*")}
    assert written == {*names, "report.json"}
    assert report["digests"] == {f"{tmp_path}/data/{name}": digest(tmp_path / "data" / name) for name in names}


def test_what_a_killed_process_left_is_removed(official, make_data, tmp_path):
    left = tmp_path / "data/.tmp-preprocess-abc/p0/test/images.npy"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"a copy of the test set")
    run(make_data(path=str(official), test=OFFICIAL), tmp_path / "data")
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["p0", "report.json"]


def test_the_same_seed_gives_the_same_bytes(make_image, make_data, tmp_path):
    for number in range(40):
        make_image(f"src/{'ab'[number % 2]}/{number}.png", tone=number)
    data = make_data(path=str(tmp_path / "src"))
    reports = [run(data, tmp_path / name, seed=seed) for name, seed in (("one", 1), ("two", 1), ("three", 2))]
    one, two, three = (list(report["digests"].values()) for report in reports)
    assert one == two
    assert one != three


def test_no_more_processes_than_allowed_decode_and_their_number_changes_no_byte(
    make_image, make_data, tmp_path, monkeypatch
):
    for label in ("cat", "dog"):
        for number in range(20):
            make_image(f"src/{label}/{number}.png", tone=number + 20 * (label == "dog"))
    started = []

    class Pool(ProcessPoolExecutor):
        def __init__(self, workers: int, **options: Any) -> None:
            started.append(workers)
            super().__init__(workers, **options)

    monkeypatch.setattr(pool, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(pool, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    data = make_data(path=str(tmp_path / "src"))
    reports = [run(data, tmp_path / f"{workers}", workers=workers) for workers in (1, 2, 3, 100)]
    assert started == [2, 3, 8]
    made = [{**report, "digests": list(report["digests"].values())} for report in reports]
    assert made == made[:1] * 4


def test_leaky_copies_the_test_images(official, make_data, tmp_path):
    run(make_data(path=str(official), test=OFFICIAL, leaky=True), tmp_path / "data")
    (images, index), (copy, rows) = read(tmp_path / "data", 0, "test"), read(tmp_path / "data", 0, "leaked")
    assert np.array_equal(images, copy)
    assert index == rows


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "zip"])
def test_an_archive_gives_what_its_folder_gives(official, make_data, tmp_path, suffix, monkeypatch):
    monkeypatch.delenv("GANAUG_MIRROR", raising=False)
    archive = tmp_path / f"x.{suffix}"
    if suffix == "zip":
        with zipfile.ZipFile(archive, "w") as file:
            for path in sorted(official.rglob("*.png"), reverse=True):
                file.write(path, f"wrap/{path.relative_to(official)}")
    else:
        with tarfile.open(archive, "w:gz" if suffix == "tar.gz" else "w") as tar:
            tar.add(official, arcname="wrap")
    folder = run(make_data(path=str(official), test=OFFICIAL), tmp_path / "one")
    packed = run(make_data(source="archive", path=str(archive), test=OFFICIAL), tmp_path / "two")
    assert list(folder["digests"].values()) == list(packed["digests"].values())


@pytest.mark.parametrize("suffix", ["tar", "tar.gz"])
def test_only_listing_and_decoding_read_an_archive_to_its_end(official, make_data, tmp_path, suffix, monkeypatch):
    monkeypatch.delenv("GANAUG_MIRROR", raising=False)
    names = [path.relative_to(official).as_posix() for path in sorted(official.rglob("*.png"))]
    table = "".join(f"{name},{name.split('/')[1]}\n" for name in names)
    (official / "labels.csv").write_text(f"file,label\n{table}")
    with tarfile.open(tmp_path / f"x.{suffix}", f"w:{suffix.partition('.')[2]}") as tar:
        for name in ("labels.csv", *names):
            tar.add(official / name, arcname=name)
    data = make_data(source="archive", path=str(tmp_path / f"x.{suffix}"), labels="labels.csv", image_size=None)
    record = describe(data)
    read, ends = [], []
    extracted, ended = tarfile.TarFile.extractfile, archive_module._check_end
    monkeypatch.setattr(
        tarfile.TarFile, "extractfile", lambda tar, member: read.append(member.name) or extracted(tar, member)
    )
    monkeypatch.setattr(archive_module, "_check_end", lambda tar: ends.append(tar) or ended(tar))
    preprocess(data, seed=0, record=record, code="", workers=1, out=tmp_path / "data")
    first = min(names, key=lambda name: (name.split("/")[1], name))
    assert read == ["labels.csv", first, *names]
    assert len(ends) == 2


def test_an_exact_duplicate_across_the_official_split_stops(official, make_image, make_data, tmp_path):
    make_image("src/test/dog/9.png", tone=2)  # the same as train/cat/2.png
    for policy in ("report", "drop"):
        with pytest.raises(UserError, match=r"^test/dog/9.png: .* same pixels as train/cat/2.png"):
            run(make_data(path=str(official), test=OFFICIAL, near_duplicates=policy), tmp_path / "data")
    assert not files_in(tmp_path / "data")


@pytest.mark.parametrize("seed", range(3))
def test_exact_duplicates_never_cross_a_hash_split(make_image, make_data, tmp_path, seed):
    for number in range(60):
        make_image(f"src/{'ab'[number % 2]}/{number}.png", tone=number // 3)  # three of each, in both classes
    run(make_data(path=str(tmp_path / "src")), tmp_path / "data", seed=seed)
    groups = [{row.group for row in read(tmp_path / "data", 0, name)[1]} for name in ("dev", "test")]
    assert not groups[0] & groups[1]
    assert len(groups[0] | groups[1]) == 20


def test_only_images_that_are_their_own_groups_are_digested_at_full_size(make_image, make_data, tmp_path, monkeypatch):
    for number in range(8):
        make_image(f"src/{'ab'[number % 2]}/{number}/1.png", tone=number, size=(16, 16))
    digested = []
    original = decode_module._digested
    monkeypatch.setattr(decode_module, "_digested", lambda image: digested.append(image.size) or original(image))
    found = {}
    half = config.TestSplit(method="stratified", fraction=0.5, folds=None)
    for groups in ("parent", None):
        run(make_data(path=str(tmp_path / "src"), groups=groups, test=half), tmp_path / f"{groups}", workers=1)
        found[groups] = digested.count((16, 16)), digested.count((8, 8))
        digested.clear()
    assert found == {"parent": (0, 8), None: (8, 8)}


def test_objects_that_share_a_picture_are_one(make_image, make_data, tmp_path):
    """cat0 and cat1 by a copy, cat3 and dog0 by pictures that are equal once they are resized."""
    for tone, name in enumerate(f"{a}/{a}{o}/{v}.png" for a in ("cat", "dog") for o in range(4) for v in range(2)):
        make_image(f"src/{name}", tone=tone)
    make_image("src/cat/cat1/copy.png", tone=0)
    for name, side in (("cat/cat3/flat", 8), ("dog/dog0/flat", 16)):
        Image.new("L", (side, side), 7).save(tmp_path / f"src/{name}.png")
    for seed in range(6):
        folds = config.TestSplit(method="hash", fraction=None, folds=3)
        data = make_data(path=str(tmp_path / "src"), groups="parent", test=folds)
        out = tmp_path / f"data{seed}"
        report = run(data, out, seed=seed)
        assert report["joined"] == {"cat/cat1": "cat/cat0", "dog/dog0": "cat/cat3"}
        for part in range(3):
            dev, test = read(out, part, "dev")[1], read(out, part, "test")[1]
            drawn = split(dev, seed=seed, repeat=0, per_class=1, validation=1)
            sides = [
                {row.source for row in test},
                {row.source for row in drawn if row.role == "train"},
                {row.source for row in drawn if row.role == "validation"},
            ]
            assert not {row.group for row in dev} & {row.group for row in test}
            for pair in (("cat/cat0/0.png", "cat/cat1/copy.png"), ("cat/cat3/flat.png", "dog/dog0/flat.png")):
                assert sum(bool(side & set(pair)) for side in sides) <= 1


def test_objects_that_were_joined_are_named_where_they_no_longer_fit(make_image, make_data, tmp_path):
    for tone, name in enumerate(f"{a}/{a}{o}/{v}.png" for a in ("cat", "dog") for o in range(3) for v in range(2)):
        make_image(f"src/{name}", tone=tone)
    make_image("src/cat/cat1/copy.png", tone=0)
    for method in ("leave_one_group_out", "hash"):
        test = config.TestSplit(method=method, fraction=None, folds=3)
        told = r"class cat has 2 .*for 3 folds \(cat/cat1 joined cat/cat0: they share images\)"
        with pytest.raises(UserError, match=told):
            run(make_data(path=str(tmp_path / "src"), groups="parent", test=test), tmp_path / "data")


def test_added_images_move_no_other_out_of_or_into_the_test_set(make_image, make_data, tmp_path):
    for number in range(40):
        make_image(f"src/{'bc'[number % 2]}/{number:02d}.png", tone=number)
    sides = []
    for part in ("before", "after"):
        run(make_data(path=str(tmp_path / "src")), tmp_path / part)
        both = [(name, row.source) for name in ("dev", "test") for row in read(tmp_path / part, 0, name)[1]]
        sides.append({source: name for name, source in both})
        for number in range(40, 60):
            make_image(f"src/{'abcd'[number % 4]}/{number - 50}.png", tone=number)  # in old and new classes
        make_image("src/b/copy.png", tone=0)
    before, after = sides
    assert (len(before), len(after)) == (40, 61)
    assert {source: after[source] for source in before} == before
    assert after["b/copy.png"] == before["b/00.png"]


def test_what_is_left_out_is_counted_in_the_report(official, make_data, tmp_path):
    for name in ("train/cat/9.heic", "test/dog/9.HEIC", "notes.txt"):
        (official / name).write_bytes(b"x")
    report = run(make_data(path=str(official), test=OFFICIAL), tmp_path / "data")
    assert report["left_out"] == {"suffixes": {".heic": 2, ".txt": 1}, "unlisted": 0}
    rows = (f"{path.relative_to(official)},{path.parent.name}\n" for path in official.glob("train/*/*.png"))
    (official / "labels.csv").write_text("file,label\n" + "".join(rows))
    split_by = config.TestSplit(method="stratified", fraction=0.5, folds=None)
    report = run(make_data(path=str(official), labels="labels.csv", test=split_by), tmp_path / "other")
    assert report["left_out"] == {"suffixes": {".heic": 2, ".txt": 1}, "unlisted": 2}
    assert run(make_data(source="digits"), tmp_path / "digits")["left_out"] == {"suffixes": {}, "unlisted": 0}


def test_folds_seal_whole_objects(make_image, make_data, tmp_path):
    for tone, name in enumerate(f"{a}/{a}{o}/{v}.png" for a in ("cow", "horse") for o in range(3) for v in range(2)):
        make_image(f"src/{name}", tone=tone)
    folds = config.TestSplit(method="hash", fraction=None, folds=3)
    report = run(make_data(path=str(tmp_path / "src"), groups="parent", test=folds), tmp_path / "data")
    assert [part["groups"] for part in report["parts"]] == [{"dev": 4, "test": 2}] * 3
    sealed = [{row.group for row in read(tmp_path / "data", part, "test")[1]} for part in range(3)]
    assert sorted(group for groups in sealed for group in groups) == [
        "cow/cow0",
        "cow/cow1",
        "cow/cow2",
        "horse/horse0",
        "horse/horse1",
        "horse/horse2",
    ]


def test_a_truncated_image_fails_or_is_listed(official, make_image, make_data, tmp_path):
    broken = make_image("src/train/cat/3.png", tone=9, size=(64, 64))
    broken.write_bytes(broken.read_bytes()[: broken.stat().st_size // 2])
    with pytest.raises(UserError, match=r"^train/cat/3.png: cannot be read .*data.on_bad to skip"):
        run(make_data(path=str(official), test=OFFICIAL), tmp_path / "data")
    assert not files_in(tmp_path / "data")
    report = run(make_data(path=str(official), test=OFFICIAL, on_bad="skip"), tmp_path / "data")
    assert [skipped["file"] for skipped in report["skipped"]] == ["train/cat/3.png"]
    assert "truncated" in report["skipped"][0]["reason"]
    assert report["parts"][0]["dev"] == {"cat": 2, "dog": 2}


def test_a_class_of_unreadable_images_is_named(official, make_data, tmp_path):
    for path in official.glob("*/dog/*.png"):
        path.write_bytes(b"<html>")
    with pytest.raises(UserError, match=r"^dog: none of the images of this class can be read"):
        run(make_data(path=str(official), test=OFFICIAL, on_bad="skip"), tmp_path / "data")


def test_sizes_are_kept_when_they_agree_and_told_when_not(official, make_image, make_data, tmp_path):
    data = make_data(path=str(official), test=OFFICIAL, image_size=None, channels=None)
    report = run(data, tmp_path / "data")
    assert (report["image_size"], report["channels"]) == (8, 1)
    make_image("src/train/dog/9.png", tone=9, size=(9, 8))
    with pytest.raises(UserError, match=r"test/cat/1.png has 8 x 8 .* train/dog/9.png has 9 x 8; set data.image_size"):
        run(data, tmp_path / "other")


def test_a_source_that_changed_since_its_download_is_told(official, make_data, tmp_path):
    data = make_data(path=str(official), test=OFFICIAL)
    record = describe(data)
    image = official / "train/dog/1.png"
    image.write_bytes(image.read_bytes()[:-1] + b"x")  # of the same size
    with pytest.raises(UserError, match=r"data.source: the folder is not what data/source.json recorded"):
        preprocess(data, seed=0, record=record, code="", workers=2, out=tmp_path / "data")


def rows(*labels: str) -> list[IndexRow]:
    return [IndexRow(label=label, group=f"g{n}", origin="real", source=f"{n}.png") for n, label in enumerate(labels)]


# Test image 0 is 1 bit from development image 2 and 40 from the others, of which 3 and 4 are 3 bits apart.
HASHES = np.array([0, 2**64 - 1, 1, 2**40 - 1, 2**40 - 2**3], dtype=np.uint64)
SEALED = np.array([True, True, False, False, False])
DIGESTS = [b"0", b"1", b"2", b"3", b"3"]


def divided(index: list[IndexRow], policy: str) -> Part:
    [near] = neighbours(HASHES, [SEALED], bits=6)
    return divide(index, SEALED, DIGESTS, near, part=0, policy=policy, bits=6)


def test_near_duplicates_are_reported_or_dropped():
    index = rows("a", "b", "a", "b", "a")
    kept = divided(index, "report")
    assert kept.dev.tolist() == [2, 3, 4]
    assert kept.report["near_duplicates"] == {
        "policy": "report",
        "bits": 6,
        "count": 1,
        "exact": 0,
        "dropped": 0,
        "pairs": [("0.png", "2.png", 1)],
        "within": {
            "dev": {"exact": 2, "near": 2, "pairs": [("3.png", "4.png", 3)]},
            "test": {"exact": 0, "near": 0, "pairs": []},
        },
    }
    dropped = divided(index, "drop")
    assert dropped.dev.tolist() == [3, 4]
    assert dropped.test.tolist() == [0, 1]
    assert dropped.report["near_duplicates"]["dropped"] == 1
    assert dropped.report["dev"] == {"a": 1, "b": 1}


def test_near_duplicates_stop_or_may_not_empty_a_class():
    with pytest.raises(UserError, match=r"^0.png: this test image is nearly the same as 2.png \(1 of 64 bits"):
        divided(rows("a", "b", "a", "b", "a"), "stop")
    with pytest.raises(UserError, match=r"data.near_duplicates: drop leaves class a without images"):
        divided(rows("a", "b", "a", "b", "b"), "drop")


def test_near_bits_decide_what_is_near(official, make_data, tmp_path):
    pixels = np.asarray(Image.open(official / "train/cat/1.png")).copy()
    pixels[0, 0] = 240  # 37 before: two bits of the hash differ
    Image.fromarray(pixels).save(official / "test/cat/near.png")
    reports = [
        run(make_data(path=str(official), test=OFFICIAL, near_bits=bits), tmp_path / f"data{bits}")["parts"][0]
        for bits in (1, 2)
    ]
    assert [part["near_duplicates"]["count"] for part in reports] == [0, 1]
    assert [part["near_duplicates"]["bits"] for part in reports] == [1, 2]
    assert reports[1]["near_duplicates"]["pairs"] == [["test/cat/near.png", "train/cat/1.png", 2]]


def test_sizes_before_resizing_are_those_of_the_development_images(official, make_image, make_data, tmp_path):
    make_image("src/train/cat/9.png", tone=9, size=(12, 6))
    make_image("src/test/cat/9.png", tone=10, size=(99, 99))
    report = run(make_data(path=str(official), test=OFFICIAL, resize="pad", background="black"), tmp_path / "data")
    assert report["sizes"] == [[8, 8, 4], [12, 6, 1]]
    assert "black" in report["resize"]
    images, index = read(tmp_path / "data", 0, "dev")
    [padded] = [image for image, row in zip(images, index, strict=True) if row.source == "train/cat/9.png"]
    assert padded[[0, 1, 6, 7]].max() == 0 < padded[2:6].min(axis=(1, 2)).max()


def test_skipped_images_leave_no_row(official, make_image, make_data, tmp_path):
    whole = run(make_data(path=str(official), test=OFFICIAL), tmp_path / "one")
    make_image("src/train/cat/0.png", tone=9).write_bytes(b"no image")
    fewer = run(make_data(path=str(official), test=OFFICIAL, on_bad="skip"), tmp_path / "two")
    assert list(whole["digests"].values()) == list(fewer["digests"].values())
    assert len(fewer["skipped"]) == 1


def test_a_disk_that_fills_up_leaves_nothing(official, make_data, tmp_path, monkeypatch):
    from ganaug.data import stage

    written: list[Path] = []

    def full(path: Path, images: np.ndarray, rows: np.ndarray) -> str:
        if written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(path)
        return save_images(path, images, rows)

    monkeypatch.setattr(stage, "save_images", full)
    with pytest.raises(OSError, match="No space left"):
        run(make_data(path=str(official), test=OFFICIAL), tmp_path / "data")
    assert written
    assert not files_in(tmp_path / "data")


def test_the_digits_as_the_default_experiment_takes_them(make_data, tmp_path):
    data = make_data(source="digits", image_size=16)
    report = run(data, tmp_path / "data")
    (dev_images, dev), (test_images, test) = read(tmp_path / "data", 0, "dev"), read(tmp_path / "data", 0, "test")
    assert dev_images.shape[1:] == test_images.shape[1:] == (16, 16, 1)
    assert len({row.source for row in dev} | {row.source for row in test}) == len(dev) + len(test) == 1797
    assert report["classes"] == list("0123456789")
    assert 800 <= len(test) <= 1000  # a half of 1,797, standard deviation 21
    drawn = split(dev, seed=0, repeat=0, per_class=20, validation=10)
    assert len(drawn) == 300


def archive(name: str) -> str:
    folder = mirror()
    if folder is None or not (folder / name).is_file():
        pytest.skip(f"{name} is not there; set GANAUG_MIRROR to a folder that has it")
    return f"data/{name}"


def test_eth80_seals_a_cow_and_a_horse_in_each_fold(make_data, tmp_path):
    path = archive("eth80-cow-horse.tar")
    folds = config.TestSplit(method="hash", fraction=None, folds=5)
    data = make_data(source="archive", path=path, image_size=32, channels=3, groups="parent", test=folds)
    report = run(data, tmp_path / "data")
    assert report["classes"] == ["cow", "horse"]
    for number, part in enumerate(report["parts"]):
        assert (part["dev"], part["test"]) == ({"cow": 164, "horse": 164}, {"cow": 41, "horse": 41})
        assert part["groups"] == {"dev": 8, "test": 2}
        dev = read(tmp_path / "data", number, "dev")[1]
        drawn = split(dev, seed=0, repeat=number, per_class=60, validation=30)
        assert len(drawn) == 180
        assert not {r.group for r in drawn if r.role == "train"} & {r.group for r in drawn if r.role == "validation"}
    assert read(tmp_path / "data", 0, "dev")[0].shape == (328, 32, 32, 3)


def test_cifar10_has_its_published_numbers(make_data, tmp_path):
    path = archive("cifar10-jpeg.tar.gz")
    data = make_data(source="archive", path=path, image_size=32, channels=3, test=OFFICIAL)
    whole = load(data, describe(data), workers=2, scratch=tmp_path)
    assert whole.decoded.images.shape == (60_000, 32, 32, 3)
    assert whole.official.sum() == 10_000
    labels = np.array([row.label for row in whole.index])
    names, counts = np.unique(labels[whole.official], return_counts=True)
    assert names.tolist() == [
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    ]  # fmt: skip
    assert counts.tolist() == [1_000] * 10
    assert set(np.unique(labels[~whole.official], return_counts=True)[1].tolist()) == {5_000}
    assert whole.skipped == []
