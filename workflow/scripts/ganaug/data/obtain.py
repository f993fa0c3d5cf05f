"""What a run needs of its source, on this machine: fetched where it is missing, checked, and on record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ganaug.addresses import is_address
from ganaug.config import Data
from ganaug.data.download import UnavailableError, download
from ganaug.data.fingerprint import describe
from ganaug.data.published import ABOUT, files_of, find, kept_in
from ganaug.data.sources import (
    DOWNLOADS,
    PUBLISHED,
    Remote,
    archive_at,
    check_mirror,
    find_archive,
    mirror,
    remote_archive,
)
from ganaug.errors import UserError


def obtain(data: Data) -> dict[str, Any]:
    """Download what of the source is not on this machine; returns the record of ``data/source.json``.

    Raises:
        UserError: a file cannot be had, the mirror is no folder, or the source is not usable (see `describe`).
    """
    if data.source in PUBLISHED or data.source == "archive":
        check_mirror(data.mirror)
    if data.source in PUBLISHED:
        _obtain_published(data)
    elif data.path is not None and is_address(data.path):
        _obtain_archive(data, data.path)
    return describe(data)


def obtain_weights(remote: Remote) -> Path:
    """A file of published weights: in the folder that `MIRROR` names, where downloads are kept, or downloaded there.

    Raises:
        UserError: it cannot be had.
    """
    kept = DOWNLOADS / "weights" / remote.name
    folder = mirror()
    found = next((path for path in ([folder / remote.name] if folder else []) if path.is_file()), kept)
    if found == kept and not kept.is_file():
        download(remote, kept)
    return found


def _obtain_archive(data: Data, url: str) -> None:
    assert data.sha256 is not None
    if find_archive(url, mirror(data.mirror), sha256=data.sha256) is None:
        download(remote_archive(url, data.sha256), archive_at(url, data.sha256))


def _obtain_published(data: Data) -> None:
    missing = [file for file in files_of(data.source) if find(data, file.name) is None]
    for number, file in enumerate(missing):
        try:
            download(file, kept_in(data) / file.name)
        except UnavailableError as error:
            if data.source != "celeba":
                raise
            names = ", ".join(one.name for one in missing[number:])
            raise UserError(
                f"data.source: celeba cannot be had from its publisher's drive ({error.reason}); get {names} by way of "
                f"{ABOUT['celeba'].page} and put them into {kept_in(data)}, or a folder that data.mirror names"
            ) from error
