"""Where the images come from: archives and folders found, listed and read."""

from __future__ import annotations

import errno
import hashlib
import os
import posixpath
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import Literal

from ganaug.addresses import file_name, is_address
from ganaug.errors import UserError

MIRROR = "GANAUG_MIRROR"
DOWNLOADS = Path(".ganaug/downloads")
# The data sets that torchvision knows.
PUBLISHED = frozenset({"cifar10", "mnist", "fashion-mnist", "celeba"})
FETCH_AGAIN = "fetch it again (snakemake --forcerun download_source)"
# Those of every format that `decode` reads; a test compares them with Pillow's, which is not imported here.
SUFFIXES = frozenset({
    ".apng", ".avif", ".avifs", ".blp", ".bmp", ".bw", ".cur", ".dcx", ".dds", ".dib", ".fit", ".fits", ".flc",
    ".fli", ".ftc", ".ftu", ".gbr", ".gif", ".icb", ".icns", ".ico", ".iim", ".im", ".j2c", ".j2k", ".jfif", ".jp2",
    ".jpc", ".jpe", ".jpeg", ".jpf", ".jpg", ".jpx", ".mpo", ".msp", ".pbm", ".pcd", ".pcx", ".pfm", ".pgm", ".png",
    ".pnm", ".ppm", ".psd", ".pxr", ".qoi", ".ras", ".rgb", ".rgba", ".sgi", ".tga", ".tif", ".tiff", ".vda",
    ".vst", ".webp", ".xbm", ".xpm",
})  # fmt: skip


@dataclass(frozen=True)
class Listing:
    """What a folder or an archive holds, as sorted POSIX paths below its root."""

    files: list[str]
    folders: list[str]


def is_image(name: str) -> bool:
    """Whether ``name`` counts as an image: by its suffix, in any case, and nowhere in a hidden folder."""
    return posixpath.splitext(name)[1].lower() in SUFFIXES and not is_hidden(name)


def is_hidden(name: str) -> bool:
    """Whether a part of the path is one that file managers leave behind or hide."""
    return name.startswith((".", "__MACOSX/")) or "/." in name or "/__MACOSX/" in name


def shown(name: str) -> str:
    """``name`` as a message of one line can show it."""
    return name if name.isprintable() else ascii(name)


def mode_of(path: Path) -> int:
    """The mode of what lies at ``path``, links followed; 0 where nothing does.

    Raises:
        UserError: that cannot be told: a folder above it may not be searched, or the name is too long.
    """
    try:
        return path.stat().st_mode
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return 0
        raise UserError(
            f"{shown(str(path))}: cannot be looked at ({error.strerror}); correct the path, or change the permissions "
            "of the folders above"
        ) from error
    except ValueError:  # a zero byte, which no name has
        return 0


def mirror(configured: str | None = None) -> Path | None:
    """The folder that is searched first for files, by their publisher's names: ``data.mirror``, else `MIRROR`."""
    folder = configured or os.environ.get(MIRROR)
    return Path(folder) if folder else None


def check_mirror(configured: str | None) -> None:
    """Whether the `mirror` is there, if one is named: a name that is wrong would be as good as none.

    Raises:
        UserError: it is no folder.
    """
    folder = mirror(configured)
    if folder is not None and not stat.S_ISDIR(mode_of(folder)):
        key, unset = ("data.mirror", "set it to null") if configured else (MIRROR, "unset the variable")
        raise UserError(f"{key}: no folder at {shown(str(folder))}; correct the path or {unset}")


@dataclass(frozen=True)
class Remote:
    """A file of known bytes on the web.

    Attributes:
        name: as its publisher calls it.
        urls: where it is, the first one first.
        algorithm, checksum: of its bytes, in hexadecimal; the checksum may be its beginning alone.
    """

    name: str
    urls: tuple[str, ...]
    algorithm: Literal["md5", "sha256"]
    checksum: str


def checksum_of(file: BufferedIOBase, algorithm: Literal["md5", "sha256"]) -> str:
    """The checksum of what follows the position of ``file``, in hexadecimal."""
    return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def verify(path: Path, remote: Remote, *, key: str, advice: str) -> None:
    """Whether the file at ``path`` holds the bytes of ``remote``; ``key`` and ``advice`` are for the message.

    Raises:
        UserError: it cannot be read, or has another checksum.
    """
    try:
        with path.open("rb") as file:
            actual = checksum_of(file, remote.algorithm)
    except OSError as error:
        raise UserError(f"{key}: {path} cannot be read ({error.strerror}); change its permissions") from error
    if actual != remote.checksum:
        raise UserError(f"{key}: {path} has {actual}, not {remote.checksum} ({remote.algorithm}); {advice}")


def remote_archive(url: str, sha256: str) -> Remote:
    """The archive at an address."""
    return Remote(name=file_name(url), urls=(url,), algorithm="sha256", checksum=sha256)


def archive_at(path: str, sha256: str | None) -> Path:
    """Where an archive lies: at ``path``, or, if that is an address, where its download is kept."""
    if not is_address(path):
        return Path(path)
    assert sha256 is not None
    return DOWNLOADS / sha256[:16] / file_name(path)


def find_archive(path: str, mirror: Path | None, *, sha256: str | None = None) -> Path | None:
    """The archive in ``mirror`` or at ``path``, or None where neither is a file.

    Raises:
        UserError: that cannot be told.
    """
    places = [mirror / file_name(path)] if mirror else []
    return next((place for place in [*places, archive_at(path, sha256)] if stat.S_ISREG(mode_of(place))), None)


def resolve_archive(path: str, mirror: Path | None, *, sha256: str | None = None) -> Path:
    """The archive, from ``mirror`` if a file of that name is there, else at ``path``, or what was downloaded from it.

    Raises:
        UserError: there is none, it cannot be read, or its bytes do not have the digest ``sha256``.
    """
    found = find_archive(path, mirror, sha256=sha256)
    if found is None:
        also = f" (looked in {mirror} first)" if mirror else f", or set {MIRROR} to a folder that has {file_name(path)}"
        if is_address(path):
            raise UserError(f"data.path: {archive_at(path, sha256)} is gone; {FETCH_AGAIN}{also}")
        raise UserError(f"data.path: no archive at {path}; put it there{also}")
    if sha256 is not None:
        advice = "get the archive again or correct the digest"
        verify(found, remote_archive(path, sha256), key="data.sha256", advice=advice)
    return found


def resolve_folder(path: str) -> Path:
    """The folder of images.

    Raises:
        UserError: there is none.
    """
    folder = Path(path)
    mode = mode_of(folder)
    if stat.S_ISREG(mode):
        raise UserError(f"data.path: {path} is a file; set data.source to archive, or path to a folder")
    if not stat.S_ISDIR(mode):
        raise UserError(f"data.path: no folder at {path}; put the images there or correct the path")
    return folder


def list_folder(root: Path) -> Listing:
    """Every file and folder below ``root``; pipes, devices and sockets are neither.

    Raises:
        UserError: a folder cannot be read or is a link, which could lead anywhere, also back; or what has the name of
            an image is a pipe or a device, from which a read might never return.
    """
    files: list[str] = []
    folders: list[str] = []
    prefixes = [""]
    while prefixes:
        prefix = prefixes.pop()
        for entry in _entries(root / prefix):
            name = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                folders.append(name)
                prefixes.append(f"{name}/")
                continue
            if entry.is_file(follow_symlinks=False) or _leads_to_file(name, mode_of(Path(entry.path))):
                files.append(name)
    return Listing(files=sorted(files), folders=sorted(folders))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise UserError(
            f"data.path: {shown(str(folder))} cannot be read ({error.strerror}); change its permissions"
        ) from error


def _leads_to_file(name: str, mode: int) -> bool:
    """Whether a link leads to a file; one that leads nowhere counts as one, and is told when it is read."""
    if stat.S_ISDIR(mode):
        raise UserError(f"{shown(name)}: is a link to a folder; put the folder itself there")
    if mode and not stat.S_ISREG(mode) and is_image(name):
        raise UserError(f"{shown(name)}: is a pipe or a device, no file; remove it")
    return mode == 0 or stat.S_ISREG(mode)


def read_folder(root: Path, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """The bytes of the files ``names`` below ``root``, in the order given.

    Raises:
        UserError: a file cannot be read.
    """
    for name in names:
        try:
            yield name, (root / name).read_bytes()
        except OSError as error:
            raise UserError(f"{name}: cannot be read ({error.strerror}); mend or remove it") from error
