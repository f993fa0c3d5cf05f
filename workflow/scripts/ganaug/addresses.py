"""Which addresses of the web images may come from."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, unquote, urlsplit

from ganaug.errors import UserError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_address(path: str) -> bool:
    """Whether ``path`` names something on the web, by any protocol, and no file of this machine."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", path) is not None


def file_name(path: str) -> str:
    """The last part of a path or an address: what a browser would save its file as."""
    whole = unquote(_split(path).path) if is_address(path) else path
    return whole.rstrip("/").rpartition("/")[2]


def without_query(address: str) -> str:
    """The address as a report may show it: what follows ``?`` is often a key to it."""
    return _split(address)._replace(query="", fragment="").geturl()


def check_address(address: str) -> None:
    """Whether an archive may be fetched from ``address``: by https, or by http from this machine itself.

    Raises:
        UserError: it has another protocol, no host, names no file, or holds a password.
    """
    if not address.isascii() or not address.isprintable() or " " in address:
        raise UserError(f"data.path: {address!a} has letters that no address has; write them as %20 and the like")
    parts = _split(address)
    if parts.scheme not in ("http", "https"):
        raise UserError(f"data.path: {parts.scheme} is not spoken here; give an https address or a path")
    if "@" in parts.netloc:
        raise UserError("data.path: an address with a user or password would stand in every record; leave them out")
    name = file_name(address)
    if not parts.hostname or name in ("", ".", "..") or not name.isprintable():
        raise UserError(f"data.path: {address} names no file on a host; give the address of the archive itself")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise UserError(f"data.path: {address} is not encrypted; give its https address, or download it yourself")


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError as error:
        raise UserError(f"data.path: {address} is no address ({error}); correct it") from error
