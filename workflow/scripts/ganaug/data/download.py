"""Files from the web: gone on with where they broke off, and under their name only when every byte was checked."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException, HTTPResponse, InvalidURL
from io import BufferedRandom
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tqdm import tqdm

from ganaug.data.sources import Remote, checksum_of
from ganaug.errors import UserError

AGENT = "ganaug"
STALL = 30.0  # seconds without a byte
TRIES = 5  # in a row that bring nothing new
PAUSE = 1.0  # seconds before the second try; twice as long before each further one
CHUNK = 2**18
BUSY = frozenset({408, 425, 429})  # with 500 and above, what another try may mend


class UnavailableError(UserError):
    """An address does not give its file; ``reason`` is the message without what to do."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(f"{reason}; {advice}")
        self.reason = reason


class _BrokenOffError(Exception):
    """A transfer that another try may bring further; says why it ended."""


def download(remote: Remote, target: Path) -> None:
    """Write ``remote`` to ``target``, from the first of its addresses that gives it.

    What has arrived lies in ``target`` + ``.part`` until it is whole; another call goes on from there, also from
    another address. No validator (ETag) has to guard that: the bytes are known by their checksum, and where a
    continued file does not have it, the file is fetched from its beginning. Processes that want the same file wait
    for each other.

    Raises:
        UserError: no address gives it (the reason of the first is told), or it cannot be written.
    """
    part = target.with_name(f"{target.name}.part")
    with _written(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with _held(part) as file:
            if target.exists():  # by the process that this one waited for
                return
            _from_any(remote, file)
            os.fsync(file.fileno())
            part.replace(target)


@contextmanager
def _held(part: Path) -> Iterator[BufferedRandom]:
    """The file ``part``, open and locked; in the end it is removed if it is empty."""
    while True:
        with part.open("a+b") as file:
            with suppress(OSError):  # not every file system has locks; without them the checksum still stands
                fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_nlink == 0:  # the process that this one waited for removed it
                continue
            try:
                yield file
            finally:
                file.flush()
                if part.is_file() and part.stat().st_size == 0:
                    part.unlink()
            return


@contextmanager
def _written(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(
                f"{target}: the disk is full; free some space and run again, which goes on from there"
            ) from None
        raise UserError(f"{target}: cannot be written ({error.strerror}); change its permissions") from error


def _from_any(remote: Remote, part: BufferedRandom) -> None:
    failures: list[UnavailableError] = []
    for url in remote.urls:
        try:
            return _from_one(url, remote, part)
        except UnavailableError as failure:
            failures.append(failure)
    raise failures[0]


def _from_one(url: str, remote: Remote, part: BufferedRandom) -> None:
    why, tries, asked_for_more = "", 0, False
    most = part.seek(0, os.SEEK_END)
    while tries < TRIES:
        if tries:
            time.sleep(PAUSE * 2 ** (tries - 1))
        tries += 1
        try:
            began, told = _transfer(url, remote, part)
        except _BrokenOffError as reason:
            why = str(reason)
            if (size := part.seek(0, os.SEEK_END)) > most:
                most, tries = size, 1
            continue
        part.seek(0)
        actual = checksum_of(part, remote.algorithm)
        if actual.startswith(remote.checksum):
            return
        if not told and not asked_for_more:  # the connection may have ended early, which nothing shows
            asked_for_more = True
            continue
        page = ", a web page" if _is_page(part) else ""
        part.truncate(0)
        why = f"sends other bytes than {remote.name} has ({remote.algorithm} {actual}, not {remote.checksum}{page})"
        if began == 0:
            raise UnavailableError(f"{url}: {why}", f"correct its address or checksum, or {_elsewhere(remote)}")
    raise UnavailableError(
        f"{url}: {why}, in {TRIES} tries", f"run again, which goes on from there, or {_elsewhere(remote)}"
    )


def _elsewhere(remote: Remote) -> str:
    return f"put {remote.name} into a folder that data.mirror or GANAUG_MIRROR names"


def _is_page(part: BufferedRandom) -> bool:
    part.seek(0)
    return part.read(64).lstrip().startswith(b"<")


def _transfer(url: str, remote: Remote, part: BufferedRandom) -> tuple[int, bool]:
    """Add to ``part`` what it lacks of the file.

    Returns:
        How long it was when the bytes of this transfer began, and whether the server told how many there would be.

    Raises:
        _BrokenOffError, UnavailableError: there is more to come, or nothing at all.
    """
    done = part.seek(0, os.SEEK_END)
    response = _open(url, remote, offset=done)
    if response is None:
        return done, True
    with response:
        if response.status == 206 and not response.headers.get("Content-Range", "").startswith(f"bytes {done}-"):
            part.truncate(0)
            raise _BrokenOffError("goes on from another place than was asked for")
        if done and response.status != 206:  # a server that knows no ranges begins anew
            part.truncate(0)
            done = 0
        length = response.headers.get("Content-Length", "")
        expected = int(length) if length.isdecimal() else None
        got = 0
        with tqdm(
            total=None if expected is None else done + expected,
            initial=done,
            unit="B",
            unit_scale=True,
            desc=remote.name,
            disable=None,
        ) as bar:
            while got != expected and (chunk := _read(response)):
                part.write(chunk)
                got += len(chunk)
                bar.update(len(chunk))
        part.flush()
    if expected is not None and got != expected:
        raise _BrokenOffError(f"broke off after {done + got:,} of {done + expected:,} bytes")
    return done, expected is not None


def _open(url: str, remote: Remote, *, offset: int) -> HTTPResponse | None:
    """The answer to a request for what follows ``offset``; None where the server says that nothing does."""
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    try:
        response: HTTPResponse = urlopen(Request(url, headers=headers), timeout=STALL)
    except HTTPError as error:
        error.close()
        if error.code == 416 and offset:
            return None
        said = f"answers {error.code} {error.reason}"
        if error.code in BUSY or error.code >= 500:
            raise _BrokenOffError(said) from None
        raise UnavailableError(f"{url}: {said}", f"correct the address, or {_elsewhere(remote)}") from None
    except (InvalidURL, UnicodeError) as error:
        raise UnavailableError(f"{url}: no address ({error})", f"correct it, or {_elsewhere(remote)}") from None
    except (URLError, HTTPException, OSError) as error:
        cause = error.reason if isinstance(error, URLError) else error
        if isinstance(cause, socket.gaierror):
            raise UnavailableError(
                f"{url}: no such host, or no network", f"mend that, or {_elsewhere(remote)}"
            ) from None
        if isinstance(cause, ssl.SSLCertVerificationError):
            said = f"{url}: its certificate is not trusted ({cause.verify_message})"
            raise UnavailableError(said, f"mend that, or {_elsewhere(remote)}") from None
        raise _BrokenOffError(_told(cause, "cannot be reached")) from None
    return response


def _read(response: HTTPResponse) -> bytes:
    try:
        return response.read1(CHUNK)
    except (HTTPException, OSError) as error:
        raise _BrokenOffError(_told(error, "breaks off")) from None


def _told(cause: object, event: str) -> str:
    if isinstance(cause, TimeoutError):
        return f"stalls: not a byte within {STALL:g} s"
    return f"{event} ({str(cause) or type(cause).__name__})"
