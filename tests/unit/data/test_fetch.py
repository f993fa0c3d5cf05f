"""The weights of networks that samples are measured by: where they are looked for, and what is said without them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganaug.data import fetch
from ganaug.data.download import UnavailableError
from ganaug.data.extractors import ABSENT, KEPT, find_weights, planned_weights
from ganaug.data.fetch import PUBLISHED, fetch_weights
from ganaug.data.sources import Remote
from ganaug.io import digest, read_json
from ganaug.networks import INCEPTION, INCEPTION_URL, FeatureNetwork

NETWORK = FeatureNetwork("inception")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GANAUG_MIRROR", raising=False)
    return tmp_path


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(remote: Remote, target: Path) -> None:
        raise UnavailableError(f"{remote.urls[0]}: no such host, or no network", "mend that")

    monkeypatch.setattr(fetch, "download", refuse)


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    def give(remote: Remote, target: Path) -> None:
        target.parent.mkdir(parents=True)
        target.write_text(remote.name, encoding="utf-8")

    monkeypatch.setattr(fetch, "download", give)


def run(network: FeatureNetwork = NETWORK) -> tuple[str, bool]:
    """What a run does: `fetch_weights`, if what was planned is not what it was when the record was made.

    Returns:
        What was planned, and whether the rule ran.
    """
    record, memory = Path("weights.json"), Path("planned.txt")
    planned = planned_weights(network, record)
    if memory.exists() and memory.read_text(encoding="utf-8") == planned:
        return planned, False
    fetch_weights(network, planned=planned, out=record)
    memory.write_text(planned, encoding="utf-8")
    return planned, True


def test_inception_is_clean_fids() -> None:
    from cleanfid.downloads_helper import inception_url

    assert PUBLISHED.urls == (inception_url,) == (INCEPTION_URL,)
    assert inception_url.endswith(f"/{PUBLISHED.name}")


@pytest.mark.usefixtures("offline")
def test_without_weights_the_record_says_how_to_get_them_and_asks_again_once_they_are_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run() == (ABSENT, True)
    known = read_json("weights.json")
    assert (known["file"], known["digest"]) == (None, None)
    for part in (INCEPTION, INCEPTION_URL, "GANAUG_MIRROR", "no network"):
        assert part in known["reason"]
    assert run() == (ABSENT, False)
    mirror = folder / "mirror"
    mirror.mkdir()
    (mirror / INCEPTION).write_text("weights", encoding="utf-8")
    monkeypatch.setenv("GANAUG_MIRROR", str(mirror))
    assert find_weights(NETWORK) == mirror / INCEPTION
    sha = digest(mirror / INCEPTION)
    assert run() == (sha, True)
    known = read_json("weights.json")
    assert (known["file"], known["digest"], known["reason"]) == (INCEPTION, sha, None)
    assert str(folder) not in (folder / "weights.json").read_text(encoding="utf-8")
    assert run() == (sha, False)


@pytest.mark.usefixtures("online")
def test_what_was_downloaded_is_no_reason_to_run_again() -> None:
    assert run() == (ABSENT, True)
    assert find_weights(NETWORK) == KEPT / INCEPTION
    assert read_json("weights.json")["digest"] == digest(KEPT / INCEPTION)
    assert run() == (ABSENT, False)


@pytest.mark.parametrize("network", [NETWORK, FeatureNetwork("dinov2", path="dino.pt")], ids=lambda one: one.kind)
@pytest.mark.usefixtures("offline")
def test_results_stand_when_weights_are_taken_away_and_not_when_others_come(network: FeatureNetwork) -> None:
    path = Path(network.path) if network.path else KEPT / INCEPTION
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("weights", encoding="utf-8")
    assert run(network)[1]
    path.unlink()
    assert not run(network)[1]
    path.write_text("weights", encoding="utf-8")
    assert not run(network)[1]
    path.write_text("others", encoding="utf-8")
    assert run(network) == (digest(path), True)


def test_a_path_that_leads_nowhere_is_told_and_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(fetch, "download")
    assert run(FeatureNetwork("dinov2", path="weights/dino.pt")) == (ABSENT, True)
    assert "no file dino.pt" in read_json("weights.json")["reason"]
