"""Hostile and broken sources, each with a cause of its own: a clear line or a listed skip, and nothing half-written."""

from __future__ import annotations

import gzip
import io
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganaug import config
from ganaug.config import Data
from ganaug.data.obtain import obtain
from ganaug.data.splits import split
from ganaug.data.stage import preprocess
from ganaug.errors import UserError
from ganaug.images import open_index
from ganaug.io import read_json

from .conftest import MakeData

OFFICIAL = config.TestSplit(method="official", fraction=None, folds=None)
Build = Callable[[Path], object]


@dataclass(frozen=True)
class Case:
    """How to make the source at a path, what the config says, and what the user reads."""

    make: Build
    told: str
    data: dict[str, Any] = field(default_factory=dict)


def png(seed: int, *, size: tuple[int, int] = (8, 8)) -> bytes:
    draw = np.random.default_rng(seed)
    file = io.BytesIO()
    Image.fromarray(draw.integers(0, 256, size, dtype=np.uint8)).save(file, format="PNG")
    return file.getvalue()


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def classes(root: Path, *, prefix: str = "", each: int = 6) -> Path:
    """Cats and dogs, all different."""
    for k in range(2 * each):
        label = ("cat", "dog")[k % 2]
        put(root / f"{prefix}{label}/{k:02d}.png", png(k + 100 * len(prefix)))
    return root


def with_file(name: str, content: bytes) -> Build:
    """A sound folder with one more file."""
    return lambda root: put(classes(root) / name, content)


def official(*, missing: str = "", extra: str = "") -> Build:
    """train/ and test/, without what begins with ``missing``, with one more image ``extra``."""

    def make(root: Path) -> None:
        for prefix in ("train/", "test/"):
            classes(root, prefix=prefix, each=3)
        for path in sorted(root.rglob("*.png")):
            if missing and path.relative_to(root).as_posix().startswith(missing):
                path.unlink()
                if not any(path.parent.iterdir()):
                    path.parent.rmdir()
        if extra:
            put(root / extra, png(999))

    return make


def labelled(text: str | bytes) -> Build:
    """A folder of images without classes and a labels CSV."""

    def make(root: Path) -> None:
        for k in range(8):
            put(root / f"all/{k}.png", png(k))
        put(root / "labels.csv", text if isinstance(text, bytes) else text.encode())

    return make


ROWS = "".join(f"all/{k}.png,{('cat', 'dog')[k % 2]}\n" for k in range(8))
LABELS = {"labels": "labels.csv"}


def png_of(width: int, height: int) -> bytes:
    """A PNG whose header declares a size and whose pixels are not there."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def saved(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, format=kind)
    return file.getvalue()


def corrupt(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


JPEG = saved(Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)), "JPEG")
FLOAT = saved(Image.fromarray(np.ones((8, 8), dtype=np.float32)), "TIFF")
DEEP = saved(Image.fromarray(np.full((8, 8), 2**20, dtype=np.int32)), "TIFF")


def not_utf8(root: Path) -> None:
    classes(root)
    (root / "cat" / os.fsdecode(b"caf\xe9.png")).write_bytes(png(77))


def linked(root: Path) -> None:
    (classes(root) / "eel").symlink_to("cat")


def looped(root: Path) -> None:
    (classes(root) / "cat/again").symlink_to("..")


def dangling(root: Path) -> None:
    (classes(root) / "cat/gone.png").symlink_to("nowhere.png")


def piped(root: Path) -> None:
    os.mkfifo(classes(root) / "cat/pipe.png")


def piped_labels(root: Path) -> None:
    os.mkfifo(classes(root) / "labels.csv")


def linked_device(root: Path) -> None:
    (classes(root) / "cat/zero.png").symlink_to("/dev/zero")


def only_hidden(root: Path) -> None:
    for path in sorted(classes(root).rglob("*.png")):
        path.rename(path.with_name(f".{path.name}"))


def copied_across(root: Path) -> None:
    official()(root)
    put(root / "test/dog/copy.png", next((root / "train/dog").iterdir()).read_bytes())


def nearly_copied(root: Path) -> None:
    official()(root)
    put(root / "test/dog/near.png", corrupt_pixel(next((root / "train/dog").iterdir())))


def corrupt_pixel(path: Path) -> bytes:
    pixels = np.asarray(Image.open(path)).copy()
    pixels[0, 0] ^= 1
    return saved(Image.fromarray(pixels), "PNG")


def grouped(counts: dict[str, int]) -> Build:
    """Objects with two views each."""

    def make(root: Path) -> None:
        for number, (label, objects) in enumerate(counts.items()):
            for k in range(objects):
                for view in range(2):
                    put(root / f"{label}/{label}{k}/{view}.png", png(1000 * number + 10 * k + view))

    return make


READ = "cannot be read ("
FOLDERS = {
    "absent": Case(lambda root: None, "data.path: no folder at"),
    "a file": Case(lambda root: root.write_bytes(b"x"), "is a file; set data.source to archive"),
    "empty": Case(lambda root: root.mkdir(), "holds no images"),
    "no images": Case(lambda root: put(root / "cat/notes.txt", b"x"), "holds no images"),
    "only hidden images": Case(only_hidden, "holds no images"),
    "a single class": Case(lambda root: put(root / "cat/1.png", png(1)), "the only class"),
    "an empty class": Case(lambda root: (classes(root) / "eel").mkdir(), "eel: this class folder has no images"),
    "a class of other files": Case(with_file("eel/list.txt", b"x"), "eel: this class folder has no images"),
    "a double extension": Case(with_file("eel/1.png.exe", png(5)), "eel: this class folder has no images"),
    "an image in no class": Case(with_file("1.png", png(5)), "1.png: this image lies in no class folder"),
    "a link to a folder": Case(linked, "eel: is a link to a folder"),
    "a link that loops": Case(looped, "cat/again: is a link to a folder"),
    "a pipe": Case(piped, "cat/pipe.png: is a pipe or a device"),
    "a pipe as labels": Case(piped_labels, "data.labels: no labels.csv in the source", {"labels": "labels.csv"}),
    "a link to a device": Case(linked_device, "cat/zero.png: is a pipe or a device"),
    "a link to nowhere": Case(dangling, "gone.png"),
    "a name that is not UTF-8": Case(not_utf8, "a file name that is not UTF-8; rename it"),
    "a line break in a class": Case(with_file("e\nel/1.png", png(5)), "holds a line break"),
    "a carriage return in a name": Case(with_file("cat/e\rel.png", png(5)), "'cat/e\\rel.png': a file name that holds"),
    "a line break in an empty class": Case(lambda root: (classes(root) / "e\nel").mkdir(), "holds a line break"),
    "zero bytes": Case(with_file("cat/x.jpg", b""), f"cat/x.jpg: {READ}"),
    "a truncated PNG": Case(with_file("cat/x.png", png(5)[:60]), f"cat/x.png: {READ}"),
    "a truncated JPEG": Case(with_file("cat/x.jpg", JPEG[: len(JPEG) // 2]), f"cat/x.jpg: {READ}"),
    "HTML saved as JPEG": Case(with_file("cat/x.jpg", b"<!doctype html><p>404"), f"cat/x.jpg: {READ}"),
    "text in an upper-case suffix": Case(with_file("cat/x.PNG", b"hello"), f"cat/x.PNG: {READ}"),
    "a damaged checksum": Case(with_file("cat/x.png", corrupt(png(5), 30)), f"cat/x.png: {READ}"),
    "a header alone": Case(with_file("cat/x.png", png(5)[:33]), f"cat/x.png: {READ}"),
    "a pixel bomb": Case(with_file("cat/x.png", png_of(100_000, 100_000)), f"cat/x.png: {READ}"),
    "no width": Case(with_file("cat/x.png", png_of(0, 8)), f"cat/x.png: {READ}"),
    "floating-point pixels": Case(with_file("cat/x.tif", FLOAT), f"cat/x.tif: {READ}"),
    "pixels of 32 bits": Case(with_file("cat/x.tif", DEEP), f"cat/x.tif: {READ}"),
    "another size": Case(with_file("cat/99.png", png(5, size=(9, 9))), "set data.image_size", {"image_size": None}),
    "no square": Case(
        lambda root: [put(root / f"{name}/1.png", png(1, size=(4, 8))) for name in ("cat", "dog")],
        "no square; set data.image_size",
        {"image_size": None},
    ),
    # official test sets
    "train and validation": Case(
        lambda root: [classes(root, prefix=prefix, each=3) for prefix in ("train/", "Val/")],
        "Val, train: these folders divide the images",
    ),
    "train and test pooled": Case(official(), "hash would seal a new test set"),
    "no official test set": Case(classes, "official needs folders train and test", {"test": OFFICIAL}),
    "a folder beside train and test": Case(
        official(extra="val/cat/1.png"), "val: a folder beside train and test", {"test": OFFICIAL}
    ),
    "a class in test only": Case(
        official(extra="test/eel/1.png"), "eel: this class is in test but not in train", {"test": OFFICIAL}
    ),
    "a class in train only": Case(
        official(missing="test/dog"), "dog: this class is in train but not in test", {"test": OFFICIAL}
    ),
    "a copy across": Case(copied_across, "test/dog/copy.png: this test image has the same pixels", {"test": OFFICIAL}),
    "nearly a copy across": Case(
        nearly_copied, "test/dog/near.png: this test image is nearly", {"test": OFFICIAL, "near_duplicates": "stop"}
    ),
    # groups and folds
    "no object folders": Case(classes, "data.groups: parent needs class/object/image", {"groups": "parent"}),
    "no match": Case(classes, "finds no group in this path", {"groups": "regex:(x+)"}),
    "fewer groups than folds": Case(
        grouped({"cat": 2, "dog": 5}),
        "data.test.folds: class cat has 2 groups for 5 folds",
        {"groups": "parent", "test": config.TestSplit(method="hash", fraction=None, folds=5)},
    ),
    "an object too many": Case(
        grouped({"cat": 4, "dog": 5}),
        "class dog has 5 for 4 folds",
        {"groups": "parent", "test": config.TestSplit(method="leave_one_group_out", fraction=None, folds=4)},
    ),
    "too few images": Case(classes, "data.per_class: class", {"per_class": 50}),
    "imbalance of an unknown class": Case(classes, "data.imbalance", {"imbalance": {"cat": 1, "eel": 1}}),
    # labels
    "no CSV": Case(classes, "data.labels: no labels.csv in the source", LABELS),
    "an empty CSV": Case(labelled(""), "has no column file", LABELS),
    "no rows": Case(labelled("file,label\n"), "lists no file", LABELS),
    "no column label": Case(labelled("file,class\n"), "has no column label", LABELS),
    "a column twice": Case(labelled("file,label,label\n"), "two columns are called", LABELS),
    "a cell too many": Case(labelled(f"file,label\n{ROWS}all/1.png,a,b\n"), "line 10 has 3 cells for 2", LABELS),
    "a missing file": Case(labelled(f"file,label\n{ROWS}all/9.png,cat\n"), "all/9.png is not there", LABELS),
    "a file that is no image": Case(labelled(f"file,label\n{ROWS}labels.csv,cat\n"), "not the name of", LABELS),
    "a file twice": Case(labelled(f"file,label\n{ROWS}all/0.png,cat\n"), "line 10: all/0.png is listed twice", LABELS),
    "the same file by another path": Case(
        labelled(f"file,label\n{ROWS}all/../all/0.png,cat\n"), "all/0.png is listed twice", LABELS
    ),
    "a path that climbs out": Case(labelled(f"file,label\n{ROWS}../x.png,cat\n"), "../x.png is not there", LABELS),
    "an empty label": Case(labelled("file,label\nall/0.png,\n"), "line 2: the class '' has no name", LABELS),
    "a label with a slash": Case(labelled("file,label\nall/0.png,a/b\n"), "holds a slash", LABELS),
    "a label of dots": Case(labelled("file,label\nall/0.png,..\n"), "begins with a dot", LABELS),
    "neither train nor test": Case(labelled("file,label,test\nall/0.png,cat,2\n"), "test is '2'", LABELS),
    "not UTF-8": Case(labelled(b"file,label\nall/0.png,caf\xe9\n"), "is not UTF-8; save the CSV as UTF-8", LABELS),
    "an open quote": Case(labelled('file,label\n"all/0.png,cat\n'), "no CSV", LABELS),
    "no such group column": Case(
        labelled(f"file,label\n{ROWS}"), "has no column 'patient'", {**LABELS, "groups": "csv:patient"}
    ),
}


def tar(*members: tarfile.TarInfo | str, mode: str = "w") -> Build:
    def make(path: Path) -> None:
        with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
            for member in members:
                content = png(1)
                info = tarfile.TarInfo(member) if isinstance(member, str) else member
                info.size = len(content) if info.isreg() else 0
                archive.addfile(info, io.BytesIO(content))

    return make


def special(kind: bytes, *, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo("cat/1.png")
    info.type, info.linkname = kind, target
    return info


def zipped(*names: str, attributes: int = 0, compression: int = zipfile.ZIP_STORED) -> Build:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name in names:
                info = zipfile.ZipInfo(name)
                info.external_attr, info.compress_type = attributes << 16, compression
                archive.writestr(info, png(1))

    return make


def cut(make: Build, *, at: float) -> Build:
    def shorter(path: Path) -> None:
        make(path)
        content = path.read_bytes()
        path.write_bytes(content[: round(len(content) * at)])

    return shorter


def cut_to(make: Build, length: int) -> Build:
    def shorter(path: Path) -> None:
        make(path)
        path.write_bytes(path.read_bytes()[:length])

    return shorter


def damaged_header(path: Path) -> None:
    tar("cat/1.png", "dog/1.png")(path)
    path.write_bytes(corrupt(path.read_bytes(), 1024))


def encrypted(path: Path) -> None:
    zipped("cat/1.png")(path)
    content = bytearray(path.read_bytes())
    for start, flag in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(start) + flag] |= 1
    path.write_bytes(content)


def bomb(path: Path) -> None:
    """A zip that declares a member of 4 GB."""
    zipped("cat/1.png")(path)
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\1\2") + 24
    content[place : place + 4] = struct.pack("<I", 4_000_000_000)
    path.write_bytes(content)


WHOLE = "is not a whole tar, tar.gz or zip archive"
ARCHIVES = {
    "absent": Case(lambda path: None, "data.path: no archive at"),
    "text": Case(lambda path: path.write_bytes(b"not an archive\n" * 99), WHOLE),
    "zero bytes": Case(lambda path: path.write_bytes(b""), WHOLE),
    "gzip of no tar": Case(lambda path: path.write_bytes(gzip.compress(b"x" * 999)), WHOLE),
    "xz": Case(tar("cat/1.png", mode="w:xz"), WHOLE),
    "a truncated tar.gz": Case(cut(tar("cat/1.png", "dog/1.png", mode="w:gz"), at=0.5), WHOLE),
    "a tar that ends between members": Case(cut_to(tar("cat/1.png", "dog/1.png"), 1024), WHOLE),
    "a damaged header in a tar": Case(damaged_header, WHOLE),
    "a truncated zip": Case(cut(zipped("cat/1.png", "dog/1.png"), at=0.5), WHOLE),
    "no members": Case(tar(), "holds no images"),
    "no images": Case(tar("cat/1.txt"), "holds no images"),
    "an absolute path in a tar": Case(tar("/etc/1.png"), "has an absolute path"),
    "a parent path in a tar": Case(tar("cat/../../1.png"), "climbs out of its folder"),
    "a symbolic link in a tar": Case(tar(special(tarfile.SYMTYPE, target="/etc/passwd")), "is a link"),
    "a hard link in a tar": Case(tar(special(tarfile.LNKTYPE, target="cat/0.png")), "is a link"),
    "a device in a tar": Case(tar(special(tarfile.CHRTYPE)), "is a device"),
    "a pipe in a tar": Case(tar(special(tarfile.FIFOTYPE)), "is a device"),
    "a member twice": Case(tar("cat/1.png", "cat/1.png"), "occurs twice"),
    "a parent path in a zip": Case(zipped("../1.png"), "climbs out of its folder"),
    "a drive in a zip": Case(zipped("C:/cat/1.png"), "has an absolute path"),
    "backslashes that climb": Case(zipped("cat\\..\\..\\1.png"), "climbs out of its folder"),
    "a link in a zip": Case(zipped("cat/1.png", attributes=0o120777), "is a link"),
    "a device in a zip": Case(zipped("cat/1.png", attributes=0o020666), "is a device"),
    "a packing that is rare": Case(zipped("cat/1.png", compression=zipfile.ZIP_LZMA), "packed with neither"),
    "a password": Case(encrypted, "is encrypted"),
    "a zip bomb": Case(bomb, "4,000,000,000 bytes, and a member may have"),
    "another digest": Case(tar("cat/1.png"), "data.sha256:", {"sha256": "0" * 64}),
    "a folder": Case(lambda path: path.mkdir(), "data.path: no archive at"),
}


def attempt(case: Case, make_data: MakeData, path: Path, *, source: str, out: Path) -> str:
    """What the user reads of a source that must be refused, on the way from download to the split."""
    case.make(path)
    data = make_data(source=source, path=str(path), **case.data)
    with pytest.raises(UserError) as caught:
        take(data, out)
    assert not list(out.parent.rglob(".tmp-*"))
    return str(caught.value)


def take(data: Data, out: Path) -> None:
    """Everything from the download to the split of a repeat."""
    preprocess(data, seed=0, record=obtain(data), code="c0de", workers=2, out=out)
    split(
        open_index(out / "p0/dev/index.csv"),
        seed=0,
        repeat=0,
        per_class=data.per_class,
        imbalance=data.imbalance,
        validation=data.validation,
    )


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_is_refused_in_one_line(name: str, make_data: MakeData, tmp_path: Path) -> None:
    out = tmp_path / "data"
    told = attempt(FOLDERS[name], make_data, tmp_path / "images", source="folder", out=out)
    assert FOLDERS[name].told in told
    assert "\n" not in told
    if name not in ("too few images", "imbalance of an unknown class"):  # these stop at the split
        assert not any(path.is_file() for path in out.rglob("*"))


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_is_refused_in_one_line(name: str, make_data: MakeData, tmp_path: Path) -> None:
    out = tmp_path / "data"
    told = attempt(ARCHIVES[name], make_data, tmp_path / "images.bin", source="archive", out=out)
    assert ARCHIVES[name].told in told
    assert "\n" not in told
    assert not any(path.is_file() for path in out.rglob("*"))


@pytest.mark.parametrize("name", [name for name, case in FOLDERS.items() if READ in case.told])
def test_what_cannot_be_read_may_be_skipped_and_is_listed(name: str, make_data: MakeData, tmp_path: Path) -> None:
    case = FOLDERS[name]
    case.make(tmp_path / "images")
    data = make_data(path=str(tmp_path / "images"), on_bad="skip")
    preprocess(data, seed=0, record=obtain(data), code="c0de", workers=2, out=tmp_path / "data")
    [skipped] = read_json(tmp_path / "data/report.json")["skipped"]
    assert skipped["file"] == case.told.partition(":")[0]
    assert skipped["reason"]
