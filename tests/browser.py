"""A page opened in Chromium without a window, and what is wrong with it there."""

from __future__ import annotations

import html
import json
import re
import shutil
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE_SECONDS = 120
# What Chromium asks for itself, whatever page it shows.
OWN = re.compile(
    r"(clients\d*|accounts|www)\.google\.com|(update|optimizationguide-pa|content-autofill|safebrowsing)\.googleapis\.com"
    r"|[a-z0-9.-]+\.gvt1\.com"
)
# It opens what is folded, waits until the page and its images are there, and writes what it found into the page.
PROBE = """
<script>
for (const one of document.querySelectorAll("details")) one.open = true;
addEventListener("load", () => {
  const root = document.documentElement, boxes = [...document.querySelectorAll("body *")];
  const boxed = (node) => node.closest(".scroll, pre, svg");
  const found = {
    width: innerWidth,
    page: root.scrollWidth,
    images: document.images.length,
    broken: [...document.images].filter((one) => !one.complete || one.naturalWidth === 0).map((one) => one.alt),
    unnamed: [...document.images].filter((one) => !one.alt).length,
    wide: boxes.filter((one) => !boxed(one) && one.getBoundingClientRect().right > innerWidth + 1)
      .map((one) => one.outerHTML.slice(0, 80)),
    fetched: performance.getEntriesByType("resource").map((one) => one.name)
      .filter((name) => !name.startsWith("data:")),
    headings: [...document.querySelectorAll("h1, h2, h3, h4")].map((one) => Number(one.tagName[1])),
    headers: [...document.querySelectorAll("th")].filter((one) => !one.scope).length,
    language: root.lang,
  };
  const told = document.createElement("script");
  told.type = "application/json";
  told.id = "probe";
  told.textContent = JSON.stringify(found).replaceAll("<", "\\\\u003c");
  parent.document.body.append(told);
});
</script>
"""


@dataclass(frozen=True)
class Visit:
    """What a page did: ``found`` by the probe, its ``console`` messages, and the ``requests`` that reached a proxy."""

    found: dict[str, Any]
    console: list[str]
    requests: list[str]


def visit(page: Path, *, width: int, folder: Path) -> Visit:
    """Open ``page`` in a frame of so many pixels; whatever it asks the network for ends at a proxy here.

    A frame, since no window is narrower than 500. ``folder`` takes a page around a copy, and Chromium's profile.
    """
    assert CHROMIUM is not None
    copy = folder / f"{page.stem}-{width}.html"
    inside = html.escape(page.read_text(encoding="utf-8").replace("</body>", f"{PROBE}</body>"))
    frame = f'<iframe style="border: 0; width: {width}px; height: 900px" srcdoc="{inside}"></iframe>'
    copy.write_text(f"<!doctype html><meta charset=utf-8><body>{frame}</body>", encoding="utf-8")
    with proxy() as (port, requests):
        outcome = subprocess.run(
            [
                CHROMIUM,
                *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
                *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
                *(f"--proxy-server=127.0.0.1:{port}", "--proxy-bypass-list=<-loopback>"),
                *(f"--user-data-dir={folder / 'profile'}", "--window-size=1400,1000"),
                *("--enable-logging=stderr", "--v=0", "--virtual-time-budget=20000", "--dump-dom"),
                copy.as_uri(),
            ],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE_SECONDS,
            check=True,
        )
    told = re.search(r'<script type="application/json" id="probe">(.*?)</script>', outcome.stdout, re.DOTALL)
    assert told, outcome.stderr[-2000:]
    console = [line for line in outcome.stderr.splitlines() if ":CONSOLE" in line]
    own = [line for line in requests if OWN.search(line)]
    return Visit(found=json.loads(told[1]), console=console, requests=[line for line in requests if line not in own])


@contextmanager
def proxy() -> Iterator[tuple[int, list[str]]]:
    """A port on this machine that answers nothing, and the first line of each request that came to it."""
    requests: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            requests.append(self.rfile.readline(2000).decode("latin-1").strip())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1], requests
        finally:
            server.shutdown()
