from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ganaug.data import download as module
from ganaug.data.download import download
from ganaug.data.sources import Remote
from ganaug.errors import UserError
from tests.loopback import Loopback, loopback

CONTENT = hashlib.shake_128(b"content").digest(200_000)
HALF = len(CONTENT) // 2


@pytest.fixture
def server(monkeypatch) -> Iterator[Loopback]:
    monkeypatch.setattr(module, "PAUSE", 0.0)
    monkeypatch.setattr(module, "STALL", 0.5)
    monkeypatch.setenv("no_proxy", "*")
    with loopback({"/x.bin": CONTENT}) as state:
        yield state


def remote(*urls: str, content: bytes = CONTENT) -> Remote:
    return Remote(name="x.bin", urls=urls, algorithm="md5", checksum=hashlib.md5(content).hexdigest())


def fetch(server: Loopback, target: Path) -> None:
    download(remote(f"{server.url}/x.bin"), target)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def told(caught: pytest.ExceptionInfo[UserError]) -> str:
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_file_arrives_under_its_name_and_nothing_else_does(server, tmp_path):
    fetch(server, tmp_path / "new/x.bin")
    assert (tmp_path / "new/x.bin").read_bytes() == CONTENT
    assert names(tmp_path / "new") == ["x.bin"]
    assert server.asked == [("/x.bin", None)]


@pytest.mark.parametrize("fault", ["break", "stall"])
def test_a_transfer_that_ends_early_goes_on_where_it_was(server, tmp_path, fault):
    server.faults = [fault]
    fetch(server, tmp_path / "x.bin")
    assert (tmp_path / "x.bin").read_bytes() == CONTENT
    assert server.asked == [("/x.bin", None), ("/x.bin", f"bytes={HALF}-")]


def test_a_later_call_goes_on_too(server, tmp_path):
    server.faults = ["break", *["503"] * 4]
    with pytest.raises(UserError) as caught:
        fetch(server, tmp_path / "x.bin")
    assert told(caught) == (
        f"{server.url}/x.bin: answers 503 Service Unavailable, in 5 tries; run again, which goes on from there, or put "
        "x.bin into a folder that data.mirror or GANAUG_MIRROR names"
    )
    assert names(tmp_path) == ["x.bin.part"]
    fetch(server, tmp_path / "x.bin")
    assert server.asked[-1] == ("/x.bin", f"bytes={HALF}-")
    assert (tmp_path / "x.bin").read_bytes() == CONTENT
    assert names(tmp_path) == ["x.bin"]


@pytest.mark.parametrize("change", [{"ranges": False}, {"shift": -7}, {"length": False}])
def test_servers_that_cannot_go_on_begin_anew(server, tmp_path, change):
    for name, value in change.items():
        setattr(server, name, value)
    (tmp_path / "x.bin.part").write_bytes(CONTENT[:1000])
    fetch(server, tmp_path / "x.bin")
    assert (tmp_path / "x.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("left", [b"of another version", CONTENT + b"more", bytes(len(CONTENT))])
def test_what_was_left_by_something_else_is_fetched_anew(server, tmp_path, left):
    (tmp_path / "x.bin.part").write_bytes(left)
    fetch(server, tmp_path / "x.bin")
    assert (tmp_path / "x.bin").read_bytes() == CONTENT
    assert server.asked[-1] == ("/x.bin", None)


def test_a_part_that_is_whole_needs_no_byte_more(server, tmp_path):
    (tmp_path / "x.bin.part").write_bytes(CONTENT)
    fetch(server, tmp_path / "x.bin")
    assert server.asked == [("/x.bin", f"bytes={len(CONTENT)}-")]
    assert (tmp_path / "x.bin").read_bytes() == CONTENT


def test_other_bytes_are_refused_and_never_get_the_name(server, tmp_path):
    server.faults = ["wrong"]
    with pytest.raises(UserError) as caught:
        fetch(server, tmp_path / "x.bin")
    wrong = hashlib.md5(bytes(255 - byte for byte in CONTENT)).hexdigest()
    right = hashlib.md5(CONTENT).hexdigest()
    assert f"{server.url}/x.bin: sends other bytes than x.bin has (md5 {wrong}, not {right});" in told(caught)
    assert names(tmp_path) == []
    assert len(server.asked) == 1


def test_a_web_page_in_place_of_the_file_is_called_so(server, tmp_path):
    server.files["/x.bin"] = b"\n<!DOCTYPE html><html>Log in</html>"
    with pytest.raises(UserError, match=r"sends other bytes .*, a web page\)"):
        fetch(server, tmp_path / "x.bin")


@pytest.mark.parametrize(("status", "tries"), [("404", 1), ("403", 1), ("500", 5), ("429", 5)])
def test_only_answers_that_may_change_are_asked_for_again(server, tmp_path, status, tries):
    server.faults = [status] * 9
    with pytest.raises(UserError, match=rf"x.bin: answers {status} "):
        fetch(server, tmp_path / "x.bin")
    assert len(server.asked) == tries


def test_silence_is_told(server, tmp_path):
    server.files["/x.bin"] = b"x"  # of which half is nothing
    server.faults = ["stall"] * 5
    with pytest.raises(UserError, match=r"x.bin: stalls: not a byte within 0.5 s, in 5 tries;"):
        fetch(server, tmp_path / "x.bin")
    assert names(tmp_path) == []


def test_tries_that_bring_something_are_not_counted(server, tmp_path):
    server.faults = ["break"] * 9  # half, three quarters, ...
    fetch(server, tmp_path / "x.bin")
    assert len(server.asked) == 10
    assert (tmp_path / "x.bin").read_bytes() == CONTENT


def test_a_server_that_always_breaks_off_at_the_same_place_is_given_up(server, tmp_path):
    server.ranges = False
    server.faults = ["break"] * 9
    with pytest.raises(UserError, match=r"x.bin: broke off after 100,000 of 200,000 bytes, in 5 tries;"):
        fetch(server, tmp_path / "x.bin")
    assert len(server.asked) == 5
    assert names(tmp_path) == ["x.bin.part"]


def test_a_transfer_of_unknown_length_that_ends_early_goes_on_too(server, tmp_path):
    server.length, server.faults = False, ["break"]
    fetch(server, tmp_path / "x.bin")
    assert (tmp_path / "x.bin").read_bytes() == CONTENT
    assert server.asked == [("/x.bin", None), ("/x.bin", f"bytes={HALF}-")]


@pytest.mark.parametrize(("ranges", "asked"), [(True, [None, "bytes=35-", None]), (False, [None, "bytes=35-"])])
def test_other_bytes_of_unknown_length_are_refused(server, tmp_path, ranges, asked):
    server.length, server.ranges = False, ranges
    server.files["/x.bin"] = b"\n<!DOCTYPE html><html>Log in</html>"
    with pytest.raises(UserError, match=r"sends other bytes .*, a web page\)"):
        fetch(server, tmp_path / "x.bin")
    assert [wanted for _, wanted in server.asked] == asked
    assert names(tmp_path) == []


@pytest.mark.parametrize("url", ["https://exa..mple.org/x.bin", f"https://{'x' * 64}.org/x.bin", "http://a:b/x.bin"])
def test_an_address_that_cannot_be_asked_is_told_at_once(server, tmp_path, url):
    with pytest.raises(UserError) as caught:
        download(remote(url), tmp_path / "x.bin")
    assert told(caught).startswith(f"{url}: no address (")
    assert told(caught).endswith("; correct it, or put x.bin into a folder that data.mirror or GANAUG_MIRROR names")


@contextmanager
def another_download(server, target):
    """The ``.part`` file as another process holds it, while a download of the same waits; it ends afterwards."""
    with target.with_name(f"{target.name}.part").open("a+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = threading.Thread(target=fetch, args=(server, target))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        assert server.asked == []
        yield held
    waiting.join(10)
    assert not waiting.is_alive()


def test_who_waited_for_a_download_that_failed_tries_itself(server, tmp_path):
    target = tmp_path / "x.bin"
    with another_download(server, target) as part:
        Path(part.name).unlink()
    assert target.read_bytes() == CONTENT
    assert names(tmp_path) == ["x.bin"]


def test_a_host_that_is_not_found_is_told(server, tmp_path, monkeypatch):
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(UserError) as caught:
        download(remote("https://nowhere.invalid/x.bin"), tmp_path / "x.bin")
    assert told(caught).startswith(
        "https://nowhere.invalid/x.bin: no such host, or no network; mend that, or put x.bin"
    )


def test_a_port_that_nobody_listens_at_is_told(server, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/x.bin"
        with pytest.raises(UserError, match=r"x.bin: cannot be reached \(.*refused\), in 5 tries;"):
            download(remote(url), tmp_path / "x.bin")


def test_the_next_address_is_asked_and_the_reason_of_the_first_is_told(server, tmp_path):
    download(remote(f"{server.url}/gone", f"{server.url}/x.bin"), tmp_path / "x.bin")
    assert (tmp_path / "x.bin").read_bytes() == CONTENT
    with pytest.raises(UserError, match=r"/first: answers 404"):
        download(remote(f"{server.url}/first", f"{server.url}/second"), tmp_path / "y.bin")


def test_another_address_goes_on_with_the_same_bytes(server, tmp_path):
    server.files["/copy"] = CONTENT
    server.faults = ["break", "404"]
    download(remote(f"{server.url}/x.bin", f"{server.url}/copy"), tmp_path / "x.bin")
    assert server.asked[-1] == ("/copy", f"bytes={HALF}-")
    assert (tmp_path / "x.bin").read_bytes() == CONTENT


def test_a_full_disk_is_told_and_what_is_there_is_kept(server, tmp_path):
    """/dev/full takes bytes into the buffer and refuses them when they are written out."""
    (tmp_path / "x.bin.part").symlink_to("/dev/full")
    with pytest.raises(UserError, match=r"x.bin: the disk is full; free some space and run again"):
        fetch(server, tmp_path / "x.bin")
    assert names(tmp_path) == ["x.bin.part"]


def test_a_folder_that_may_not_be_written_is_told(server, tmp_path, monkeypatch):
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(UserError, match=r"x.bin: cannot be written \(Permission denied\); change its permissions"):
        fetch(server, tmp_path / "x.bin")


def test_who_waited_for_another_download_leaves_its_file_alone(server, tmp_path):
    target = tmp_path / "x.bin"
    with another_download(server, target) as part:
        part.write(CONTENT)
        part.flush()
        Path(part.name).replace(target)
    assert server.asked == []
    assert target.read_bytes() == CONTENT
