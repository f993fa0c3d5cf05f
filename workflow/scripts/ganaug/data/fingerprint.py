"""What identifies the source of the images.

This module is imported whenever the Snakefile is parsed, so it needs nothing beyond the standard library.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ganaug.addresses import is_address, without_query
from ganaug.config import Data
from ganaug.data.contents import content_digests
from ganaug.data.layout import find_labels
from ganaug.data.sources import (
    PUBLISHED,
    Listing,
    find_archive,
    is_image,
    list_folder,
    mirror,
    mode_of,
    resolve_archive,
    resolve_folder,
)
from ganaug.errors import UserError
from ganaug.io import digest_value

# Of a source that is there and cannot be read; the rules that read it tell why.
UNREADABLE = "unreadable"
# The keys of the section ``data`` that change what a rule makes; the path of the source changes nothing.
DOWNLOAD_KEYS = ("source", "sha256", "attribute", "labels")
PREPROCESS_KEYS = (
    "source",
    "sha256",
    "attribute",
    "labels",
    "image_size",
    "channels",
    "resize",
    "background",
    "groups",
    "test",
    "on_bad",
    "near_duplicates",
    "near_bits",
    "leaky",
)


def fingerprint(data: Data) -> str | None:
    """What identifies the content of the source, or None where a source of one's own is not on this machine.

    The digits are known by the version of scikit-learn, other published data sets by that of torchvision, which fixes
    the checksums of their files; an archive by its SHA-256, which is ``data.sha256`` where that is set; a folder by
    the paths of its images and the SHA-256 of each, and of its labels CSV. It is computed whenever the Snakefile is
    parsed: only what changed since the last time is read.
    """
    if data.source == "digits":
        return f"scikit-learn {_release('scikit-learn')}"
    if data.source in PUBLISHED:
        return f"torchvision {_release('torchvision')} {data.source}"
    if data.sha256 is not None:
        return data.sha256
    assert data.path is not None
    try:
        if data.source == "archive":
            archive = find_archive(data.path, mirror(data.mirror))
            return content_digests([archive], source=archive)[0] if archive else None
        folder = Path(data.path)
        return _folder_fingerprint(folder, data.labels) if stat.S_ISDIR(mode_of(folder)) else None
    except (UserError, OSError):
        return UNREADABLE


def _release(package: str) -> str:
    """The version without what follows +, which names a build, such as that for a GPU."""
    return version(package).partition("+")[0]


def _folder_fingerprint(root: Path, labels: str | None) -> str:
    listing = list_folder(root)
    names = [name for name in listing.files if is_image(name)]
    if labels is not None:
        names.append(find_labels(listing, labels))
    digests = content_digests([root / name for name in names], source=root)
    return digest_value(list(zip(names, digests, strict=True)))


def check_unchanged(data: Data, record: Mapping[str, Any]) -> None:
    """Whether the source still is what ``record`` (``data/source.json``) says; one that is missing passes here.

    Raises:
        UserError: it holds something else.
    """
    if fingerprint(data) not in (record["fingerprint"], None, UNREADABLE):
        raise UserError(
            f"data.source: the {data.source} is not what data/source.json recorded; delete that file and run again"
        )


def describe(data: Data) -> dict[str, Any]:
    """Check that the source is here, whole and safe, and return the record of ``data/source.json``.

    The record holds where the source came from (``url``, ``files``), what it is (``sha256``, ``fingerprint``), and, of
    published data sets, ``licence`` and ``cite``.

    Raises:
        UserError: it is not there, has another digest, holds no images, or is an archive with unsafe members.
    """
    from ganaug.data.published import ABOUT, check_attribute, files_of, locate

    archive = url = None
    files: list[dict[str, Any]] = []
    if data.source in PUBLISHED:
        check_attribute(data, locate(data))
        files = [{"name": file.name, "urls": list(file.urls), "md5": file.checksum} for file in files_of(data.source)]
    elif data.source == "archive":
        from ganaug.data.archive import list_archive

        assert data.path is not None
        found = resolve_archive(data.path, mirror(data.mirror), sha256=data.sha256)
        archive = found.name
        url = without_query(data.path) if is_address(data.path) else None
        _require_images(list_archive(found), found)
    elif data.source == "folder":
        assert data.path is not None
        folder = resolve_folder(data.path)
        _require_images(list_folder(folder), folder)
    content = fingerprint(data)
    about = ABOUT.get(data.source)
    return {
        "source": data.source,
        "archive": archive,
        "sha256": content if archive else None,
        "fingerprint": content,
        "url": about.page if about else url,
        "files": files,
        "licence": about.licence if about else None,
        "cite": about.cite if about else None,
        "attribute": data.attribute,
        "labels": data.labels,
    }


def _require_images(listing: Listing, where: Path) -> None:
    if not any(is_image(name) for name in listing.files):
        raise UserError(
            f"data.path: {where} holds no images (.jpg, .png or others that Pillow reads); put class folders there"
        )
