"""What identifies the source of the images.

This module is imported whenever the Snakefile is parsed, so it needs nothing beyond the standard library.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from ganaug.config import Data
from ganaug.data.contents import content_digests
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
from ganaug.io import digest_value

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


def fingerprint(data: Data) -> str | None:
    """What identifies the content of the source, or None where the source is not on this machine.

    The digits are known by the version of scikit-learn; an archive by its SHA-256, which is ``data.sha256`` where
    that is set; a folder by the paths of its images and the SHA-256 of each. It is computed whenever the Snakefile is
    parsed: only what changed since the last time is read.
    """
    if data.source == "digits":
        return f"scikit-learn {version('scikit-learn')}"
    if data.sha256 is not None:
        return data.sha256
    assert data.path is not None
    try:
        if data.source == "archive":
            archive = find_archive(data.path, mirror())
            return content_digests([archive], source=archive)[0] if archive else None
        return _folder_fingerprint(Path(data.path)) if Path(data.path).is_dir() else None
    except (UserError, OSError):
        return "unreadable"  # the rules that read it tell why


def _folder_fingerprint(root: Path) -> str:
    images = [name for name in list_folder(root).files if is_image(name)]
    digests = content_digests([root / name for name in images], source=root)
    return digest_value(list(zip(images, digests, strict=True)))


def describe(data: Data) -> dict[str, Any]:
    """Find the source, check that it is whole and safe, and return the record of ``data/source.json``.

    Raises:
        UserError: it is not there, has another digest, holds no images, or is an archive with unsafe members.
    """
    archive = None
    if data.source == "archive":
        from ganaug.data.archive import list_archive

        assert data.path is not None
        found = resolve_archive(data.path, mirror(), sha256=data.sha256)
        archive = found.name
        _require_images(list_archive(found), found)
    elif data.source == "folder":
        assert data.path is not None
        folder = resolve_folder(data.path)
        _require_images(list_folder(folder), folder)
    content = fingerprint(data)
    return {
        "source": data.source,
        "archive": archive,
        "sha256": content if archive else None,
        "fingerprint": content,
    }


def _require_images(listing: Listing, where: Path) -> None:
    if not any(is_image(name) for name in listing.files):
        raise UserError(f"data.path: {where} holds no images ({', '.join(sorted(SUFFIXES))}); put class folders there")
