from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ganaug.data import contents
from ganaug.data.contents import content_digests
from ganaug.io import digest, read_json

# FIPS 180-2, appendix B.1, and the digest of nothing
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """The names of the files whose content is read, in order; all files count as settled."""
    names: list[str] = []
    monkeypatch.setattr(contents, "SETTLED_NS", -(10**12))
    monkeypatch.setattr(contents, "digest", lambda path: (names.append(path.name), digest(path))[1])
    return names


@pytest.fixture
def two(tmp_path) -> list[Path]:
    for name, content in (("1", b"abc"), ("2", b"")):
        (tmp_path / name).write_bytes(content)
    return [tmp_path / "1", tmp_path / "2"]


def cache_file() -> Path:
    [path] = contents.CACHE.iterdir()
    return path


def test_a_file_is_read_once(two, read, tmp_path):
    assert content_digests(two, source=tmp_path) == [ABC, NOTHING]
    written = cache_file().stat()
    assert content_digests(two, source=tmp_path) == [ABC, NOTHING]
    assert read == ["1", "2"]
    assert cache_file().stat() == written


def test_only_what_changed_is_read_again(two, read, tmp_path):
    content_digests(two, source=tmp_path)
    time.sleep(0.05)  # more than a tick of the file system's clock
    before = two[1].stat()
    two[1].write_bytes(b"")
    os.utime(two[1], ns=(before.st_atime_ns, before.st_mtime_ns))  # a program may set this time, not that of the change
    assert content_digests(two, source=tmp_path) == [ABC, NOTHING]
    assert read == ["1", "2", "2"]
    assert len(read_json(cache_file())) == 2


def test_what_is_gone_is_forgotten(two, read, tmp_path):
    content_digests(two, source=tmp_path)
    assert content_digests(two[:1], source=tmp_path) == [ABC]
    assert list(read_json(cache_file()).values()) == [ABC]


def test_a_file_that_has_just_changed_is_never_taken_for_known(two, tmp_path):
    content_digests(two, source=tmp_path)
    assert not contents.CACHE.exists()
    two[1].write_bytes(b"abc")
    assert content_digests(two, source=tmp_path) == [ABC, ABC]


@pytest.mark.parametrize("damaged", [b"", b"{", b"\xff"])
def test_a_damaged_cache_is_none(two, read, tmp_path, damaged):
    content_digests(two, source=tmp_path)
    cache_file().write_bytes(damaged)
    assert content_digests(two, source=tmp_path) == [ABC, NOTHING]
    assert len(read_json(cache_file())) == 2


def test_sources_do_not_drive_out_each_other(two, read, tmp_path):
    for path in two * 2:
        content_digests([path], source=path)
    assert read == ["1", "2"]


def test_processes_may_ask_at_once(two, tmp_path):
    ask = (
        "from pathlib import Path\nfrom ganaug.data import contents\ncontents.SETTLED_NS = -10**12\n"
        f"paths = [Path({str(tmp_path)!r}, name) for name in '12']\n"
        f"for k in range(20): print(*contents.content_digests(paths[: 1 + k % 2], source=Path({str(tmp_path)!r})))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(contents.__file__).parents[2])}
    command = [sys.executable, "-c", ask]
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate(timeout=60)[0] for process in running] == [f"{ABC}\n{ABC} {NOTHING}\n" * 10] * 4
    assert set(read_json(cache_file()).values()) <= {ABC, NOTHING}
