from __future__ import annotations

import errno
import hashlib
import os
import tarfile
from pathlib import Path

import pytest

from ganaug import config
from ganaug.data.fingerprint import UNREADABLE, describe, fingerprint
from ganaug.data.obtain import obtain
from ganaug.data.published import find
from ganaug.data.sources import is_image, list_folder, mirror, read_folder, resolve_archive, resolve_folder
from ganaug.data.stage import preprocess
from ganaug.errors import UserError
from ganaug.images import open_index


@pytest.mark.parametrize("name", ["a/1.png", "a/1.JPG", "1.jpeg", "a/b.c/1.tar.TIFF", "1.jfif", "1.avif", "1.tga"])
def test_images_are_known_by_their_suffix(name):
    assert is_image(name)


@pytest.mark.parametrize(
    "name", ["a/Thumbs.db", "a/1.txt", "a/png", ".a/1.png", "a/.1.png", "__MACOSX/a/1.png", "a/1.png.part"]
)
def test_other_and_hidden_files_are_no_images(name):
    assert not is_image(name)


def test_the_mirror_comes_before_the_path(tmp_path):
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    own = tmp_path / "x.tar"
    own.write_bytes(b"own")
    assert resolve_archive(str(own), mirror) == own
    (mirror / "x.tar").write_bytes(b"copy")
    assert resolve_archive(str(own), mirror) == mirror / "x.tar"
    assert resolve_archive("elsewhere/x.tar", mirror) == mirror / "x.tar"


def test_the_mirror_of_the_config_comes_before_that_of_the_environment(monkeypatch):
    monkeypatch.delenv("GANAUG_MIRROR", raising=False)
    assert mirror() is None
    monkeypatch.setenv("GANAUG_MIRROR", "there")
    assert mirror() == Path("there")
    assert mirror("here") == Path("here")


def test_an_archive_from_an_address_is_kept_by_its_digest(tmp_path):
    """The first 16 digits name the folder; a mirror has it under its publisher's name."""
    url, sha256 = "https://example.org/a%20b.tar?key=1", hashlib.sha256(b"abc").hexdigest()
    with pytest.raises(
        UserError, match=r"data.path: .ganaug/downloads/ba7816bf8f01cfea/a b.tar is gone; fetch it again"
    ):
        resolve_archive(url, None, sha256=sha256)
    (tmp_path / "a b.tar").write_bytes(b"abc")
    assert resolve_archive(url, tmp_path, sha256=sha256) == tmp_path / "a b.tar"
    kept = Path(".ganaug/downloads/ba7816bf8f01cfea/a b.tar")
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"abc")
    assert resolve_archive(url, None, sha256=sha256) == kept


def test_a_missing_archive_is_told_with_what_to_do(tmp_path):
    with pytest.raises(UserError, match=r"data.path: no archive at data/x.tar; put it there, or set GANAUG_MIRROR"):
        resolve_archive("data/x.tar", None)
    with pytest.raises(UserError, match=r"no archive at data/x.tar; put it there \(looked in"):
        resolve_archive("data/x.tar", tmp_path)


def test_an_archive_of_other_bytes_is_refused(tmp_path):
    path = tmp_path / "x.tar"
    path.write_bytes(b"abc")
    sha256 = hashlib.sha256(b"abc").hexdigest()
    assert resolve_archive(str(path), None, sha256=sha256) == path
    with pytest.raises(UserError, match=f"data.sha256: .*x.tar has {sha256}, not 000"):
        resolve_archive(str(path), None, sha256="0" * 64)


def test_an_archive_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    (tmp_path / "x.tar").write_bytes(b"abc")

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(UserError, match=r"x.tar cannot be read \(Permission denied\); change its permissions"):
        resolve_archive(str(tmp_path / "x.tar"), None, sha256="0" * 64)


def test_a_missing_folder_and_a_file_in_its_place(tmp_path):
    with pytest.raises(UserError, match=r"data.path: no folder at"):
        resolve_folder(str(tmp_path / "nowhere"))
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match=r"set data.source to archive"):
        resolve_folder(str(tmp_path / "file"))


def test_a_folder_is_listed_and_read_by_relative_names(tmp_path):
    (tmp_path / "b/c").mkdir(parents=True)
    (tmp_path / "b/c/2").write_bytes(b"two")
    (tmp_path / "1").write_bytes(b"one")
    listing = list_folder(tmp_path)
    assert listing.files == ["1", "b/c/2"]
    assert listing.folders == ["b", "b/c"]
    assert list(read_folder(tmp_path, ["b/c/2", "1"])) == [("b/c/2", b"two"), ("1", b"one")]
    with pytest.raises(UserError, match=r"^missing: cannot be read"):
        list(read_folder(tmp_path, ["missing"]))


def test_a_link_to_a_folder_is_refused(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/back").symlink_to(tmp_path)
    with pytest.raises(UserError, match=r"^a/back: is a link to a folder"):
        list_folder(tmp_path)


def test_a_pipe_with_the_name_of_an_image_is_refused_and_not_waited_for(tmp_path):
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "a/notes.fifo")
    (tmp_path / "a/gone.png").symlink_to("nowhere")
    (tmp_path / "a/round.png").symlink_to("round.png")
    assert list_folder(tmp_path).files == ["a/gone.png", "a/round.png"]
    os.mkfifo(tmp_path / "a/pipe.png")
    with pytest.raises(UserError, match=r"^a/pipe.png: is a pipe or a device, no file; remove it"):
        list_folder(tmp_path)
    (tmp_path / "a/pipe.png").unlink()
    (tmp_path / "a/null.png").symlink_to("/dev/null")
    with pytest.raises(UserError, match=r"^a/null.png: is a pipe or a device"):
        list_folder(tmp_path)


def test_a_file_behind_a_link_is_a_file(tmp_path):
    (tmp_path / "1.png").write_bytes(b"one")
    (tmp_path / "2.png").symlink_to("1.png")
    assert list_folder(tmp_path).files == ["1.png", "2.png"]


LONG = f"{'x' * 300}/images"


@pytest.mark.parametrize(
    "look",
    [
        lambda data: resolve_folder(LONG),
        lambda data: resolve_archive(LONG, None),
        lambda data: resolve_archive("x.tar", Path(LONG)),
        lambda data: find(data(source="mnist", path=LONG), "x.gz"),
        lambda data: obtain(data(source="mnist", mirror=LONG)),
    ],
    ids=["folder", "archive", "mirror", "published", "mirror of a published set"],
)
def test_a_path_that_cannot_be_looked_at_is_told(look, make_data):
    """As root may search every folder, the name is too long instead."""
    with pytest.raises(UserError, match=r"^x{300}.*: cannot be looked at \(File name too long\); correct the path"):
        look(make_data)
    assert fingerprint(make_data(path=LONG)) == UNREADABLE


def test_a_loop_of_links_is_no_folder(tmp_path):
    (tmp_path / "round").symlink_to("round")
    with pytest.raises(UserError, match=r"^data.path: no folder at"):
        resolve_folder(str(tmp_path / "round"))


@pytest.mark.parametrize("source", ["folder", "archive"])
def test_a_labels_csv_of_the_source_is_read_through_it(make_image, make_data, tmp_path, source):
    lines = ["file,label,test"]
    for number in range(8):
        make_image(f"images/{number}.png", tone=number)
        lines.append(f"{number}.png,{'cat' if number < 4 else 'dog'},{number % 2}")
    (tmp_path / "images/labels.csv").write_text("\n".join(lines))
    path = tmp_path / "images"
    if source == "archive":
        path = tmp_path / "images.tar"
        with tarfile.open(path, "w") as tar:
            tar.add(tmp_path / "images", arcname="images")
    official = config.TestSplit(method="official", fraction=None, folds=None)
    data = make_data(source=source, path=str(path), labels="labels.csv", test=official)
    preprocess(data, seed=0, record=describe(data), code="", workers=2, out=tmp_path / "data")
    rows = open_index(tmp_path / "data/p0/test/index.csv")
    assert [(row.source, row.label) for row in rows] == [
        ("1.png", "cat"),
        ("3.png", "cat"),
        ("5.png", "dog"),
        ("7.png", "dog"),
    ]
