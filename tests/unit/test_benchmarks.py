from __future__ import annotations

import mmap
import os
import sys
from pathlib import Path

import pytest

from benchmarks._memory import measure, private_bytes

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RssAnon is Linux's")
MIB = 2**20


def test_private_memory_is_what_a_process_holds_and_not_what_it_maps(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(64 * MIB))
    before = private_bytes(os.getpid())
    with file.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert mapped.find(b"x") == -1  # every page is read
        assert private_bytes(os.getpid()) - before < 16 * MIB
    held = bytearray(b"x" * 64 * MIB)
    assert private_bytes(os.getpid()) - before >= 64 * MIB
    assert len(held) == 64 * MIB


def hold_in_a_child(size: int) -> int:
    import subprocess
    import sys

    code = f"import time; held = bytearray(b'x' * {size}); time.sleep(0.5); print(len(held))"
    return int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout)


def test_children_count() -> None:
    measured = measure(hold_in_a_child, 64 * MIB)
    assert measured.result == 64 * MIB
    assert measured.private_bytes >= 64 * MIB
    assert measured.seconds >= 0.5


def test_a_process_that_is_gone_holds_nothing() -> None:
    assert private_bytes(2**22 + 1) == 0
