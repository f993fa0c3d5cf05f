"""Where the weights of the networks are that samples are measured by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganaug.data.sources import mirror
from ganaug.io import digest, read_json
from ganaug.networks import INCEPTION, FeatureNetwork

KEPT = Path(".ganaug/weights")
ABSENT = "absent"


def find_weights(network: FeatureNetwork) -> Path | None:
    """The file of a network's weights on this machine: by its path; Inception's in ``GANAUG_MIRROR``, or in `KEPT`.

    A file in the mirror is taken as it is, whatever its digest, which stands in the record.
    """
    folder = mirror()
    own = [KEPT / INCEPTION] if folder is None else [folder / INCEPTION, KEPT / INCEPTION]
    places = own if network.path is None else [Path(network.path)]
    return next((place for place in places if place.is_file()), None)


def planned_weights(network: FeatureNetwork, record: Path) -> str:
    """What a rule depends on: the digest of the weights, or `ABSENT`; unchanged where ``record`` knows them already.

    `ganaug.data.fetch.fetch_weights` may find more than was there when it was planned: neither what it downloaded nor
    what is taken away later is a reason to run again.
    """
    known: Mapping[str, Any] = read_json(record) if record.is_file() else {}
    found = find_weights(network)
    if found is None:
        return known["planned"] if known.get("digest") else ABSENT
    sha = digest(found)
    return str(known["planned"]) if known.get("digest") == sha else sha
