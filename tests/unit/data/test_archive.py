from __future__ import annotations

import errno
import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from ganaug.data import archive
from ganaug.data.archive import list_archive, read_archive
from ganaug.errors import UserError


def tar_of(path: Path, *members: tarfile.TarInfo | tuple[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                tar.addfile(info, io.BytesIO(member[1]))
    return path


def zip_of(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members:
            file.writestr(name, content)
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


@pytest.mark.parametrize(("name", "mode"), [("x.tar", "w"), ("x.tar.gz", "w:gz")])
def test_a_tar_is_listed_and_read(tmp_path, name, mode):
    path = tar_of(tmp_path / name, special("empty", tarfile.DIRTYPE), ("./a/2.png", b"two"), ("b/1", b"1"), mode=mode)
    listing = list_archive(path)
    assert listing.files == ["a/2.png", "b/1"]
    assert listing.folders == ["a", "b", "empty"]
    assert list(read_archive(path, ["a/2.png"])) == [("a/2.png", b"two")]
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_zip_is_listed_and_read(tmp_path):
    path = zip_of(tmp_path / "x.zip", ("a/2.png", b"two"), ("b/1", b"1"), ("empty/", b""))
    listing = list_archive(path)
    assert listing.files == ["a/2.png", "b/1"]
    assert listing.folders == ["a", "b", "empty"]
    assert list(read_archive(path, ["b/1"])) == [("b/1", b"1")]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("/etc/1.png", "absolute"),
        ("C:\\1.png", "absolute"),
        ("\\\\host\\1.png", "absolute"),
        ("../1.png", "climbs out"),
        ("a/../../1.png", "climbs out"),
        ("a\\..\\..\\1.png", "climbs out"),
    ],
)
def test_members_that_lead_elsewhere_are_refused(tmp_path, name, what):
    for path in (tar_of(tmp_path / "x.tar", (name, b"x")), zip_of(tmp_path / "x.zip", (name, b"x"))):
        with pytest.raises(UserError, match=what) as caught:
            list_archive(path)
        assert str(caught.value).startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("member", "what"),
    [
        (special("a/1.png", tarfile.SYMTYPE, "/etc/passwd"), "a link"),
        (special("a/1.png", tarfile.LNKTYPE, "a/0.png"), "a link"),
        (special("a/1.png", tarfile.CHRTYPE), "a device"),
        (special("a/1.png", tarfile.BLKTYPE), "a device"),
        (special("a/1.png", tarfile.FIFOTYPE), "a device"),
    ],
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path, member, what):
    path = tar_of(tmp_path / "x.tar", ("a/0.png", b"x"), member)
    with pytest.raises(UserError, match=f"^a/1.png: this member of the archive is {what}"):
        list_archive(path)


@pytest.mark.parametrize(("kind", "what"), [(stat.S_IFLNK, "a link"), (stat.S_IFCHR, "a device")])
def test_links_and_devices_in_a_zip_are_refused(tmp_path, kind, what):
    info = zipfile.ZipInfo("a/1.png")
    info.external_attr = (kind | 0o644) << 16
    path = zip_of(tmp_path / "x.zip", (info, b"/etc/passwd"))
    with pytest.raises(UserError, match=f"^a/1.png: this member of the archive is {what}"):
        list_archive(path)


def test_a_member_that_occurs_twice_is_refused(tmp_path):
    path = tar_of(tmp_path / "x.tar", ("a/1.png", b"x"), ("./a/1.png", b"y"))
    with pytest.raises(UserError, match=r"occurs twice"):
        list_archive(path)


def test_limits_name_the_member_that_breaks_them(tmp_path, monkeypatch):
    path = tar_of(tmp_path / "x.tar", ("a/1.png", b"x" * 10), ("a/2.png", b"x" * 20), ("a/3.png", b"x" * 10))
    for limit, value, name in (("MAX_MEMBERS", 2, "3"), ("MAX_MEMBER_BYTES", 19, "2"), ("MAX_TOTAL_BYTES", 29, "2")):
        with monkeypatch.context() as patch:
            patch.setattr(archive, limit, value)
            with pytest.raises(UserError, match=f"^a/{name}.png: "):
                list_archive(path)
    assert len(list_archive(path).files) == 3


def test_a_zip_bomb_is_refused_by_the_size_it_declares(tmp_path, monkeypatch):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a/1.png", bytes(2**20))
    assert path.stat().st_size < 2**12
    monkeypatch.setattr(archive, "MAX_MEMBER_BYTES", 2**19)
    with pytest.raises(UserError, match=r"1,048,576 bytes"):
        list_archive(path)


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_truncated_tar_is_told(tmp_path, mode):
    noise = bytes((k * k * 7919 >> 5) % 256 for k in range(50_000))
    path = tar_of(tmp_path / "x.tar", ("a/1.png", noise), ("a/2.png", noise), mode=mode)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    with pytest.raises(UserError, match=r"data.path: .* is not a whole"):
        list_archive(path)


def test_an_archive_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    path = tar_of(tmp_path / "x.tar", ("a/1.png", b"x"))

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(UserError, match=r"x.tar cannot be read \(Permission denied\); change its permissions"):
        list_archive(path)


def test_what_is_no_archive_is_told(tmp_path):
    path = tmp_path / "x.tar"
    path.write_text("<html>not found</html>")
    with pytest.raises(UserError, match=r"data.path: .* is not a whole"):
        list_archive(path)


@pytest.mark.parametrize("damaged", [False, True])
@pytest.mark.parametrize("mode", ["w:xz", "w:bz2"])
def test_other_compressions_of_a_tar_are_told_whatever_its_name(tmp_path, mode, damaged):
    path = tar_of(tmp_path / "x.tar.gz", ("a/1.png", bytes(range(256)) * 40), mode=mode)
    if damaged:
        path.write_bytes(path.read_bytes()[:100] + b"damage")
    for read in (list_archive, lambda path: list(read_archive(path, ["a/1.png"]))):
        with pytest.raises(UserError, match=r"^data.path: .* is not a whole tar, tar.gz or zip archive .* pack it as"):
            read(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, 9])
def test_other_compressions_in_a_zip_are_told(tmp_path, method):
    path = zip_of(tmp_path / "x.zip", ("a/1.png", b"content"))
    directory = path.read_bytes().index(b"PK\1\2")
    content = bytearray(path.read_bytes())
    content[directory + 10] = method  # the entry of the central directory: two bytes of method after ten
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"^a/1.png: this member of the archive is packed with neither store nor"):
        list_archive(path)


def test_an_encrypted_zip_is_told(tmp_path):
    path = zip_of(tmp_path / "x.zip", ("a/1.png", b"content"))
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\1\2") + 8] |= 1  # the lowest flag
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"^a/1.png: this member of the archive is encrypted"):
        list_archive(path)


def test_a_zip_with_a_name_that_is_no_text_is_told(tmp_path):
    path = zip_of(tmp_path / "x.zip", ("a/ü.png", b"content"))
    path.write_bytes(path.read_bytes().replace("ü".encode(), b"\xff\xff"))
    with pytest.raises(UserError, match=r"^data.path: .* is not a whole"):
        list_archive(path)


def test_a_truncated_zip_is_told(tmp_path):
    path = zip_of(tmp_path / "x.zip", ("a/1.png", b"content"))
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(UserError, match=r"data.path: .* is not a whole .*File is not a zip file"):
        list_archive(path)


def test_a_tar_whose_last_member_is_a_zip_is_a_tar(tmp_path):
    inner = zip_of(tmp_path / "x.zip", ("b/2.png", b"two")).read_bytes()
    path = tar_of(tmp_path / "x.tar", ("a/1.png", b"one"), ("notes.zip", inner))
    assert list_archive(path).files == ["a/1.png", "notes.zip"]


def test_a_zip_with_damaged_content_is_told(tmp_path):
    path = zip_of(tmp_path / "x.zip", ("a/1.png", b"content"))
    path.write_bytes(path.read_bytes().replace(b"content", b"c0ntent", 1))
    with pytest.raises(UserError, match=r"data.path: .* is not a whole"):
        list(read_archive(path, ["a/1.png"]))
