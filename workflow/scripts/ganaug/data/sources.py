"""Where the images come from: archives and folders found, listed and read."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from ganaug.errors import UserError
from ganaug.io import digest

MIRROR = "GANAUG_MIRROR"
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


def mirror() -> Path | None:
    """The folder that is searched first for archives, by file name, or None."""
    folder = os.environ.get(MIRROR)
    return Path(folder) if folder else None


def find_archive(path: str, mirror: Path | None) -> Path | None:
    """The archive in ``mirror`` or at ``path``, or None where neither is a file."""
    places = [mirror / Path(path).name] if mirror else []
    return next((place for place in [*places, Path(path)] if place.is_file()), None)


def resolve_archive(path: str, mirror: Path | None, *, sha256: str | None = None) -> Path:
    """The archive, from ``mirror`` if a file of that name is there, else at ``path``.

    Raises:
        UserError: there is none, or its bytes do not have the digest ``sha256``.
    """
    found = find_archive(path, mirror)
    if found is None:
        also = f" (looked in {mirror} first)" if mirror else f", or set {MIRROR} to a folder that has {Path(path).name}"
        raise UserError(f"data.path: no archive at {path}; put it there{also}")
    if sha256 is not None and (actual := digest(found)) != sha256:
        raise UserError(f"data.sha256: {found} has {actual}, not {sha256}; get the archive again or correct the digest")
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
