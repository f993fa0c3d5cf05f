"""What identifies the source of the images.

This module is imported whenever the Snakefile is parsed, so it needs nothing beyond the standard library.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from ganaug.config import Data
from ganaug.data.sources import (
    SUFFIXES,
    Listing,
    find_archive,
    is_image,
    list_folder,
    mirror,
    resolve_archive,
    resolve_folder,
)
from ganaug.errors import UserError
from ganaug.io import digest, digest_value

# The keys of the section ``data`` that change what a rule makes; the path of the source changes nothing.
DOWNLOAD_KEYS = ("source", "sha256")
PREPROCESS_KEYS = (
    "source",
    "sha256",
    "image_size",
    "channels",
    "groups",
    "test",
    "on_bad",
    "near_duplicates",
    "leaky",
)


def fingerprint(data: Data, recorded: str | None) -> str:
    """What identifies the content of the source, cheaply enough to compute whenever the Snakefile is parsed.

    The digits are known by the version of scikit-learn; an archive by ``data.sha256``, or without it by name and
    size; a folder by the paths and sizes of its images. Where the source is not on this machine the answer is
    ``recorded``, so that results without their source stay valid, or ``absent``.
    """
    if data.source == "digits":
        return f"scikit-learn {version('scikit-learn')}"
    if data.sha256 is not None:
        return data.sha256
    assert data.path is not None
    if data.source == "archive":
        archive = find_archive(data.path, mirror())
        present = digest_value([archive.name, archive.stat().st_size]) if archive else None
    else:
        present = _folder_fingerprint(Path(data.path)) if Path(data.path).is_dir() else None
    return present or recorded or "absent"


def _folder_fingerprint(root: Path) -> str:
    try:
        images = [name for name in list_folder(root).files if is_image(name)]
        return digest_value([[name, (root / name).stat().st_size] for name in images])
    except (UserError, OSError):
        return "unreadable"  # the download rule tells why


def describe(data: Data) -> dict[str, Any]:
    """Find the source, check that it is whole and safe, and return the record of ``data/source.json``.

    Raises:
        UserError: it is not there, has another digest, holds no images, or is an archive with unsafe members.
    """
    archive = sha256 = None
    if data.source == "archive":
        from ganaug.data.archive import list_archive

        assert data.path is not None
        found = resolve_archive(data.path, mirror(), sha256=data.sha256)
        archive, sha256 = found.name, data.sha256 or digest(found)
        _require_images(list_archive(found), found)
    elif data.source == "folder":
        assert data.path is not None
        folder = resolve_folder(data.path)
        _require_images(list_folder(folder), folder)
    return {"source": data.source, "archive": archive, "sha256": sha256, "fingerprint": fingerprint(data, None)}


def _require_images(listing: Listing, where: Path) -> None:
    if not any(is_image(name) for name in listing.files):
        raise UserError(f"data.path: {where} holds no images ({', '.join(sorted(SUFFIXES))}); put class folders there")
