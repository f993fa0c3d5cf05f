"""The weights of the networks that samples are measured by: found on this machine, or downloaded, or missing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganaug.data.download import UnavailableError, download
from ganaug.data.sources import MIRROR, Remote, mirror
from ganaug.io import digest, read_json, write_json
from ganaug.networks import INCEPTION, INCEPTION_URL, FeatureNetwork

KEPT = Path(".ganaug/weights")
PUBLISHED = Remote(
    name=INCEPTION,
    urls=(INCEPTION_URL,),
    algorithm="sha256",
    checksum="f58cb9b6ec323ed63459aa4fb441fe750cfe39fafad6da5cb504a16f19e958f4",
)
ABSENT = "absent"


def find_weights(network: FeatureNetwork) -> Path | None:
    """The file of a network's weights on this machine: its path; Inception's in the folder of `MIRROR`, or in `KEPT`.

    A file in the mirror is taken as it is, whatever its digest, which stands in the record.
    """
    folder = mirror()
    own = [KEPT / INCEPTION] if folder is None else [folder / INCEPTION, KEPT / INCEPTION]
    places = own if network.path is None else [Path(network.path)]
    return next((place for place in places if place.is_file()), None)


def planned_weights(network: FeatureNetwork, record: Path) -> str:
    """What a rule depends on: the digest of the weights, or `ABSENT`; unchanged where ``record`` knows them already.

    `fetch_weights` finds out more than was known when it was planned: what it downloaded, or took away later, is no
    reason to run again.
    """
    known: Mapping[str, Any] = read_json(record) if record.is_file() else {}
    found = find_weights(network)
    if found is None:
        return known["planned"] if known.get("digest") else ABSENT
    sha = digest(found)
    return str(known["planned"]) if known.get("digest") == sha else sha


def fetch_weights(network: FeatureNetwork, *, planned: str, out: Path) -> None:
    """Make sure that the weights are there, and write which they are: ``file``, ``digest``, and ``reason`` if missing.

    Only Inception's are downloaded. What cannot be had is no error: all but what needs it goes on.

    Args:
        network: the network.
        planned: what `planned_weights` said.
        out: the record.
    """
    found, reason = find_weights(network), None
    if found is None and network.path is None:
        try:
            download(PUBLISHED, KEPT / INCEPTION)
            found = KEPT / INCEPTION
        except UnavailableError as error:
            reason = (
                f"{INCEPTION} cannot be had ({error.reason}); get it from {INCEPTION_URL}, put it into a folder, set "
                f"{MIRROR} to that folder and run again"
            )
    elif found is None:
        reason = f"there is no file {Path(str(network.path)).name} where its path leads; put it there and run again"
    write_json(
        out,
        {
            "network": network.told,
            "file": found.name if found else None,
            "digest": digest(found) if found else None,
            "reason": reason,
            "planned": planned,
        },
    )
