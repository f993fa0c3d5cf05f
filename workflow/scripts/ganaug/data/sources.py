"""Where the images come from: archives and folders found, listed and read."""

from __future__ import annotations

import hashlib
import os
import posixpath
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
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm"})


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


def mirror(configured: str | None = None) -> Path | None:
    """The folder that is searched first for files, by their publisher's names: ``data.mirror``, else `MIRROR`."""
    folder = configured or os.environ.get(MIRROR)
    return Path(folder) if folder else None


@dataclass(frozen=True)
class Remote:
    """A file of known bytes on the web.

    Attributes:
        name: as its publisher calls it.
        urls: where it is, the first one first.
        algorithm, checksum: of its bytes, in hexadecimal.
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
    """The archive in ``mirror`` or at ``path``, or None where neither is a file."""
    places = [mirror / file_name(path)] if mirror else []
    return next((place for place in [*places, archive_at(path, sha256)] if place.is_file()), None)


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
    if folder.is_file():
        raise UserError(f"data.path: {path} is a file; set data.source to archive, or path to a folder")
    if not folder.is_dir():
        raise UserError(f"data.path: no folder at {path}; put the images there or correct the path")
    return folder


def list_folder(root: Path) -> Listing:
    """Every file and folder below ``root``.

    Raises:
        UserError: a folder is a link, which could lead anywhere, also back.
    """
    files: list[str] = []
    folders: list[str] = []
    for parent, subfolders, names in os.walk(root, onerror=_unreadable):
        folder = Path(parent).relative_to(root).as_posix()
        prefix = "" if folder == "." else f"{folder}/"
        if links := sorted(name for name in subfolders if Path(parent, name).is_symlink()):
            raise UserError(f"{prefix}{links[0]}: is a link to a folder; put the folder itself there")
        folders += [prefix + name for name in subfolders]
        files += [prefix + name for name in names]
    return Listing(files=sorted(files), folders=sorted(folders))


def _unreadable(error: OSError) -> None:
    raise UserError(f"data.path: {error.filename} cannot be read ({error.strerror}); change its permissions")


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
