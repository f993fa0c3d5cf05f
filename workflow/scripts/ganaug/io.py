"""Files that are whole when they exist: atomic writes, JSON, CSV, tensors and digests."""

from __future__ import annotations

import csv
import fcntl
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganaug.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import torch

LOCKS = Path(".ganaug/locks")


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success sync it and rename it to ``path``.

    When the body raises, the temporary file is removed and ``path`` is left as it was. A process that is killed
    leaves it behind: DVC ignores files of such a name.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".tmp-{target.name}.", suffix=target.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def exclusive(name: str, *, waiting: str) -> Iterator[None]:
    """Hold the lock ``name`` of the working directory while the body runs; another process that wants it waits.

    `LOCKS` holds any number of locks, each a byte far out that is never written. The kernel drops the locks of a
    process when it ends, however it ends, and when it closes the file: a process holds one at a time.
    ``waiting`` is said on stderr when there is a wait.
    """
    LOCKS.parent.mkdir(parents=True, exist_ok=True)
    place = int(digest_value(name)[:12], 16)
    with LOCKS.open("a", encoding="utf-8") as handle:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except (BlockingIOError, PermissionError):  # the two answers that POSIX allows
            print(f"ganaug: {waiting}", file=sys.stderr)
            fcntl.lockf(handle, fcntl.LOCK_EX, 1, place)
        yield


def write_text(path: str | Path, text: str) -> None:
    """Write ``text`` as UTF-8, atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: Any) -> None:
    """Write ``value`` as indented JSON, atomically. NaN and infinities raise ``ValueError``."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Read a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_csv(path: str | Path, fields: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write ``rows`` under the header ``fields``, atomically. A row with another key raises ``ValueError``."""
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as handle:
        plain, quoted = (
            csv.DictWriter(handle, fieldnames=list(fields), lineterminator="\n", quoting=quoting)
            for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
        )
        plain.writeheader()
        for row in rows:
            # Before Python 3.13 a carriage return alone is not quoted, and ends the row when it is read.
            returns = any(isinstance(value, str) and "\r" in value for value in row.values())
            (quoted if returns else plain).writerow(row)


def read_csv(path: str | Path) -> list[dict[str, str]]:
    """Read a CSV file with a header; every value is text."""
    with Path(path).open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def digest(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def digests(paths: Iterable[str | Path]) -> dict[str, str]:
    """SHA-256 of every file, by its path as given."""
    return {str(path): digest(path) for path in paths}


def digest_value(value: Any) -> str:
    """SHA-256 of a JSON-serialisable value; equal values have equal digests, whatever the order of keys."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def save_array(path: str | Path, array: np.ndarray) -> None:
    """Write an array as ``.npy``, atomically."""
    import numpy as np

    with atomic(path) as temporary, temporary.open("wb") as handle:
        np.save(handle, array)


def prefixed(prefix: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same tensors under names that begin with ``prefix`` and a slash."""
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def unprefixed(prefix: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Those tensors whose names begin with ``prefix`` and a slash, without it."""
    return {
        name.removeprefix(f"{prefix}/"): tensor for name, tensor in tensors.items() if name.startswith(f"{prefix}/")
    }


def save_tensors(path: str | Path, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors and text metadata as one safetensors file, atomically.

    Raises:
        ValueError: more than one entry of metadata, which would stand in the file in any order.
    """
    from safetensors.torch import save_file

    if len(metadata) > 1:
        raise ValueError(f"the same tensors would not give the same bytes: one entry of metadata, not {len(metadata)}")
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with atomic(path) as temporary:
        save_file(whole, temporary, metadata=dict(metadata))


def load_tensors(path: str | Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Read a safetensors file onto the CPU: the tensors by name, and the text metadata.

    Raises:
        UserError: the file is not a whole safetensors file.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt", device="cpu") as handle:
            tensors = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118
            return tensors, dict(handle.metadata() or {})
    except SafetensorError as error:
        raise UserError(f"{path}: not a whole safetensors file ({error}); delete it and run again") from error
