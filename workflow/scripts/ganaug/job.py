"""What every script does around its one call: a log, and a user's mistake told in one line."""

from __future__ import annotations

import errno
import resource
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from ganaug.errors import UserError
from ganaug.io import exclusive
from ganaug.warm import hand_over

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def job(log: str, *, warm: bool = False) -> Iterator[None]:
    """Run the body of a script: write how it ended to ``log``, and leave with status 1 on a `UserError`.

    A job whose Snakemake was killed lives on. The one that takes its place has the same log, and waits for it:
    otherwise the older one, perhaps of other settings, would overwrite the results of the newer.

    A script that imports torch is ``warm``: where there is a warm process (see `ganaug.warm`), the body runs in a child
    of it, and this process leaves with the child's status.
    """
    if warm:
        hand_over()
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    try:
        with exclusive(log, waiting=f"{path.stem}: the same job of an earlier run is still at work; waiting for it"):
            yield
    except UserError as error:
        _complain(str(error), path)
    except OSError as error:
        if error.errno not in DISK_FULL:
            _log(path, traceback.format_exc())
            raise
        where = error.filename or "the disk"
        _complain(f"{where}: no space left ({error.strerror}); free some and run again", path)
    except BaseException:
        _log(path, traceback.format_exc())
        raise
    _log(path, f"finished in {time.monotonic() - start:.1f} s, peak memory {_peak_kib() / 1024:.0f} MiB\n")


def complaint(error: object) -> str:
    """What a user is told of ``error``: one line that any terminal and file takes, whatever names it quotes.

    Line breaks, and the bytes of a file name that are no UTF-8, are written as escapes.
    """
    text = str(error).encode("utf-8", "backslashreplace").decode("utf-8")
    return "ganaug: " + text.replace("\n", "\\n").replace("\r", "\\r")


def _peak_kib() -> int:
    """The most memory this process had: what it shares with others, such as imported libraries, among it."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    # On Linux this counts the process that started it, too.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _log(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="backslashreplace")


def _complain(told: str, log: Path) -> NoReturn:
    """Tell ``told`` in one line and leave with status 1; the log may be on the disk that is full."""
    line = complaint(told)
    with suppress(OSError):
        _log(log, f"{line}\n")
    print(line, file=sys.stderr)
    sys.exit(1)
