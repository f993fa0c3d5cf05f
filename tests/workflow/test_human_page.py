"""The page of human_eval in a real browser, from its first key to the table of `human_score`."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ganaug.io import read_json, write_text
from ganaug.study.human import score_human
from tests.unit.sets.human_images import make_page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
WAIT_MS = 250
# Presses a key for every pair once it is shown, then downloads; what it saw goes into the page.
PROBE = """
"use strict";
(async () => {
  const keys = ["ArrowLeft", "ArrowRight", "f", "j", "F", "J"];
  const seen = { errors: [], answered: [], early: [], timers: [], files: [], requests: [] };
  window.addEventListener("error", (event) => seen.errors.push(event.message));
  window.addEventListener("unhandledrejection", (event) => seen.errors.push(String(event.reason)));
  document.addEventListener("securitypolicyviolation", (event) => seen.errors.push(event.violatedDirective));
  const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
  const press = (key, more) => document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more }));
  const blank = () => document.getElementById("arena").classList.contains("blank");
  const counter = () => document.getElementById("counter").textContent;
  const shown = async () => { while (blank()) await wait(20); };
  let blob = null;
  URL.createObjectURL = (given) => { blob = given; return "blob:none"; };
  HTMLAnchorElement.prototype.click = function click() { seen.files.push(this.download); };
  press("ArrowLeft");
  document.getElementById("begin").click();
  const pairs = Number(document.getElementById("progress").max);
  for (let k = 0; k < pairs; k += 1) {
    press("ArrowLeft");  // nothing is shown yet: no answer
    await shown();
    seen.early.push(counter());
    press("ArrowLeft", { repeat: true });
    press("ArrowLeft", { ctrlKey: true });
    press("x");
    await wait(WAIT_MS);
    seen.timers.push(document.getElementById("timer").textContent);
    if (k === 1) {
      press("p");
      seen.paused = [blank(), document.getElementById("pause").textContent];
      press("ArrowLeft");
      await wait(60000);
      press("p");
    }
    if (k === 2 || k === 3) document.getElementById(k === 2 ? "left" : "right").click();
    else press(keys[k % keys.length]);
  }
  const rater = document.getElementById("rater");
  rater.value = " Ann ";
  rater.dispatchEvent(new Event("input"));
  document.getElementById("download").click();
  seen.written = await blob.text();
  seen.text = document.getElementById("text").value;
  seen.end = !document.getElementById("end").hidden && document.getElementById("trial").hidden;
  seen.requests = performance.getEntriesByType("resource").map((one) => one.name).filter((n) => !n.startsWith("data:"));
  const out = document.createElement("pre");
  out.id = "seen";
  out.textContent = btoa(unescape(encodeURIComponent(JSON.stringify(seen))));
  document.body.append(out);
})();
""".replace("WAIT_MS", str(WAIT_MS))


def probed(page: Path, copy: Path) -> None:
    """A copy of the page with the probe behind its own script, which its policy lets run besides."""
    text = page.read_text(encoding="utf-8")
    allowed = base64.b64encode(hashlib.sha256(PROBE.encode()).digest()).decode()
    text, policies = re.subn(r"script-src '(sha256-[^']+)'", rf"script-src '\1' 'sha256-{allowed}'", text)
    assert policies == 1
    assert text.count("</body>") == 1
    write_text(copy, text.replace("</body>", f"<script>{PROBE}</script></body>"))


def browse(page: Path, profile: Path) -> subprocess.CompletedProcess[str]:
    assert BROWSER is not None
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    options += ["--enable-logging=stderr", "--v=0", f"--user-data-dir={profile}", "--virtual-time-budget=600000"]
    return subprocess.run([BROWSER, *options, "--dump-dom", page.as_uri()], capture_output=True, text=True, check=True)


@pytest.mark.skipif(BROWSER is None, reason=f"needs a browser: none of {', '.join(NAMES)} is on the path")
def test_fifty_pairs_by_keyboard_and_their_score(tmp_path: Path) -> None:
    page, key = make_page(tmp_path / "made")
    probed(page, tmp_path / "probed.html")
    outcome = browse(tmp_path / "probed.html", tmp_path / "profile")
    found = re.search(r'<pre id="seen">([^<]*)</pre>', outcome.stdout)
    assert found is not None, outcome.stderr
    seen: dict[str, Any] = json.loads(base64.b64decode(found[1]))
    assert seen["errors"] == []
    assert seen["requests"] == []
    assert "CONSOLE" not in outcome.stderr
    assert seen["end"]
    assert seen["paused"] == [True, "Go on"]
    # A key before a pair is shown, one that is held down, and one with Ctrl answer nothing.
    assert seen["early"] == [f"Pair {k} of 50" for k in range(1, 51)]

    given = json.loads(seen["written"])
    assert seen["text"] == seen["written"]
    assert set(given) == {"experiment", "page", "rater", "date", "answers"}
    assert (given["experiment"], given["page"], given["rater"]) == ("toy", read_json(key)["page"], "Ann")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", given["date"])
    assert re.fullmatch(r"answers-toy-[\d-]{19}\.json", seen["files"][0])
    assert [one["pair"] for one in given["answers"]] == list(range(1, 51))
    # Keys take turns: left, right, F, J, F, J; the third and fourth pair were answered by the buttons, left and right.
    assert [one["side"] for one in given["answers"]] == ["left", "right"] * 25
    # The clock has run while a pair was shown, and stood during the pause of a minute.
    assert all(WAIT_MS - 20 <= one["ms"] < 60000 for one in given["answers"])
    assert all(float(timer.removesuffix(" s")) > 0 for timer in seen["timers"])

    (tmp_path / "ann.json").write_text(seen["written"], encoding="utf-8")
    score_human(key, answers=[tmp_path / "ann.json"], folder="answers", code="c", tables=tmp_path / "tables")
    [row] = read_json(tmp_path / "tables/human.json")["rows"]
    sides = [pair["real"] for pair in read_json(key)["pairs"]]
    fooled = sum(side != ("left", "right")[k % 2] for k, side in enumerate(sides))
    assert (row["rater"], row["gan"], row["n"], row["fooled"]) == ("Ann", "dcgan", 50, fooled)


@pytest.mark.skipif(BROWSER is None, reason=f"needs a browser: none of {', '.join(NAMES)} is on the path")
def test_a_script_that_is_not_the_pages_own_does_not_run(tmp_path: Path) -> None:
    page, _ = make_page(tmp_path / "made")
    text = page.read_text(encoding="utf-8")
    (tmp_path / "more.html").write_text(
        text.replace("</body>", '<script>document.body.dataset.ran = "yes"</script></body>'), encoding="utf-8"
    )
    outcome = browse(tmp_path / "more.html", tmp_path / "profile")
    assert 'data-ran="yes"' not in outcome.stdout.partition("<main>")[0]
    assert "Content Security Policy" in outcome.stderr
