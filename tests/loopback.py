"""A web server on this machine that can misbehave."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Loopback:
    """What is served, and how.

    Attributes:
        url: of the root, without a slash at its end.
        files: content by path, such as ``/images.tar``.
        faults: what befalls the next requests, first come first: ``break`` (half of what was asked for is sent),
            ``stall`` (half, then silence), ``wrong`` (other bytes), a status such as ``500``, or ``fine``.
        ranges: whether it knows ranges.
        shift: how far from the place asked for the ranges that it sends begin.
        length: whether it tells how much it will send.
        asked: path and Range header of every request.
        over: set when the server ends, for those that stall.
    """

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    ranges: bool = True
    shift: int = 0
    length: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def loopback(files: Mapping[str, bytes] | None = None) -> Iterator[Loopback]:
    """Serve ``files`` until the body ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            state.asked.append((self.path, wanted))
            fault = state.faults.pop(0) if state.faults else "fine"
            path = self.path.partition("?")[0]
            if fault.isdecimal() or path not in state.files:
                self.send_error(int(fault) if fault.isdecimal() else 404)
                return
            content = state.files[path]
            if fault == "wrong":
                content = bytes(255 - byte for byte in content)
            start = 0
            if state.ranges and wanted is not None:
                start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) + state.shift
                if start >= len(content):
                    self.send_error(416)
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            else:
                self.send_response(200)
            rest = content[start:]
            if state.length:
                self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            self.wfile.write(rest[: len(rest) // 2] if fault in ("break", "stall") else rest)
            if fault == "stall":
                self.wfile.flush()
                state.over.wait()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = Loopback(url=f"http://127.0.0.1:{server.server_port}", files=dict(files or {}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
