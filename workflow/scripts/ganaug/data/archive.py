"""Reading tar, tar.gz and zip archives member by member; nothing is ever unpacked onto the disk."""

from __future__ import annotations

import posixpath
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from ganaug.data.sources import Listing, shown
from ganaug.errors import UserError

MAX_MEMBERS = 5_000_000
MAX_MEMBER_BYTES = 2**28
MAX_TOTAL_BYTES = 2**38

GZIP = b"\x1f\x8b"
ZIP = (b"PK\3\4", b"PK\5\6")  # the second where there are no members


def list_archive(path: Path) -> Listing:
    """Every member of the archive, after checking all of them.

    Raises:
        UserError: the file is no whole archive, or a member has an absolute or parent path, is a link or a device,
            is encrypted or packed in a rare way, occurs twice, or breaks one of the limits above.
    """
    with _whole(path):
        return _checked(_zip_members(path) if _is_zip(path) else _tar_members(path))


def read_archive(path: Path, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """The bytes of the members ``names``, in the order of the archive.

    Raises:
        UserError: the archive is damaged.
    """
    wanted = frozenset(names)
    with _whole(path):
        if _is_zip(path):
            with zipfile.ZipFile(path) as archive:
                for info in archive.infolist():
                    if (name := _normal(info.filename)) in wanted:
                        yield name, archive.read(info)
        else:
            with _open_tar(path) as archive:
                for member in archive:
                    name = _normal(member.name)
                    if name in wanted and (handle := archive.extractfile(member)) is not None:
                        yield name, handle.read()
                _check_end(archive)


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise UserError(f"data.path: {path} cannot be read ({error.strerror}); change its permissions") from error
    # zipfile raises RuntimeError for what it cannot read, and ValueError for names that are no text.
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, OSError, RuntimeError, ValueError) as error:
        raise UserError(
            f"data.path: {path} is not a whole tar, tar.gz or zip archive ({error}); get it again or pack it as one"
        ) from error


def _starts(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def _is_zip(path: Path) -> bool:
    return _starts(path) in ZIP


def _open_tar(path: Path) -> tarfile.TarFile:
    """Open a tar, plain or with gzip; any other compression is refused, as the name of the file says nothing."""
    return tarfile.open(path, "r:gz" if _starts(path).startswith(GZIP) else "r:")


def _normal(name: str) -> str:
    return posixpath.normpath(name)


# A member as both formats tell it: name, size in bytes, and kind.
_Member = tuple[str, int, str]


def _tar_members(path: Path) -> Iterator[_Member]:
    with _open_tar(path) as archive:
        for member in archive:
            if member.isreg():
                kind = "file"
            elif member.isdir():
                kind = "folder"
            else:
                kind = "a link" if member.issym() or member.islnk() else "a device"
            yield member.name, member.size, kind
        _check_end(archive)


def _check_end(archive: tarfile.TarFile) -> None:
    """Whether a block of zeros ends the archive, as POSIX has it: tarfile stops in silence at whatever is no header."""
    assert archive.fileobj is not None
    archive.fileobj.seek(archive.offset)
    if archive.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("its end is missing")


def _zip_members(path: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            mode = stat.S_IFMT(info.external_attr >> 16)  # 0 where the archive was made without Unix modes
            if mode == stat.S_IFLNK:
                kind = "a link"
            elif info.flag_bits & 1:
                kind = "encrypted"
            elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                kind = "packed with neither store nor deflate"
            elif mode not in (0, stat.S_IFREG, stat.S_IFDIR):
                kind = "a device"
            else:
                kind = "folder" if info.is_dir() else "file"
            yield info.filename, info.file_size, kind


def _checked(members: Iterator[_Member]) -> Listing:
    files: dict[str, None] = {}
    folders: dict[str, None] = {}
    total = 0
    for count, (raw, size, kind) in enumerate(members, start=1):
        _check_name(raw)
        told = shown(raw)
        if kind not in ("file", "folder"):
            raise UserError(f"{told}: this member of the archive is {kind}; pack plain files and folders only")
        total += size
        if count > MAX_MEMBERS:
            raise UserError(f"{told}: the archive has more than {MAX_MEMBERS:,} members; split it up")
        if size > MAX_MEMBER_BYTES:
            raise UserError(f"{told}: {size:,} bytes, and a member may have {MAX_MEMBER_BYTES:,}; pack images only")
        if total > MAX_TOTAL_BYTES:
            raise UserError(f"{told}: here the archive grows beyond {MAX_TOTAL_BYTES:,} bytes; pack images only")
        name = _normal(raw)
        if kind == "file" and name in files:
            raise UserError(f"{told}: this member occurs twice in the archive; pack it again")
        (files if kind == "file" else folders)[name] = None
    above = {posixpath.dirname(name) for name in files} | set(folders)
    above |= {str(parent) for name in above for parent in PurePosixPath(name).parents}
    return Listing(files=sorted(files), folders=sorted(above - {"", "."}))


def _check_name(raw: str) -> None:
    parts = re.split(r"[/\\]", raw)  # archives made on Windows may hold either
    if raw.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", raw):
        raise UserError(f"{shown(raw)}: this member of the archive has an absolute path; pack relative paths only")
    if ".." in parts:
        raise UserError(
            f"{shown(raw)}: this member of the archive climbs out of its folder (..); pack relative paths only"
        )
