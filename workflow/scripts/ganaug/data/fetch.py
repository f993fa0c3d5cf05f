"""The weights of the networks that samples are measured by: found on this machine, or downloaded, or told missing."""

from __future__ import annotations

from pathlib import Path

from ganaug.data.download import UnavailableError, download
from ganaug.data.extractors import KEPT, find_weights
from ganaug.data.sources import MIRROR, Remote
from ganaug.io import digest, write_json
from ganaug.networks import INCEPTION, INCEPTION_URL, FeatureNetwork

PUBLISHED = Remote(
    name=INCEPTION,
    urls=(INCEPTION_URL,),
    algorithm="sha256",
    checksum="f58cb9b6ec323ed63459aa4fb441fe750cfe39fafad6da5cb504a16f19e958f4",
)


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
                f"{MIRROR} to that folder and run again; or try the download again: snakemake --forcerun fetch_network"
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
