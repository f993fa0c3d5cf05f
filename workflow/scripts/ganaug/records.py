"""The record beside every artefact: how it ended, and the digests of all that made it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganaug.io import digest_value, digests, write_json


@dataclass(frozen=True)
class Origins:
    """What an artefact is made from.

    Attributes:
        inputs: SHA-256 of every input file, by path.
        config: the section of the config that applies.
        code: digest of the code that ran (see `ganaug.code`).
        seeds: derived seeds by the name of their stream.
    """

    inputs: Mapping[str, str]
    config: Mapping[str, Any]
    code: str
    seeds: Mapping[str, int]

    @property
    def digest(self) -> str:
        """One SHA-256 over all of it."""
        return digest_value(self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON holds it."""
        return {"inputs": dict(self.inputs), "config": dict(self.config), "code": self.code, "seeds": dict(self.seeds)}


def origins(*, inputs: Iterable[str], config: Mapping[str, Any], code: str, seeds: Mapping[str, int]) -> Origins:
    """The origins of what is made from the files ``inputs``, which are read here."""
    return Origins(inputs=digests(inputs), config=config, code=code, seeds=seeds)


def write_record(
    path: str | Path,
    *,
    facts: Mapping[str, Any],
    made_from: Origins,
    outputs: Iterable[str | Path],
    reason: str | None = None,
) -> None:
    """Write ``state``, ``reason``, ``facts``, the origins and the digest of every output as JSON.

    ``state`` is ``ok`` without a ``reason`` and ``failed`` with one: what depends on the artefact is then
    a visible failed row, never imputed. A record holds no times, so equal artefacts have equal records.
    """
    write_json(
        path,
        {
            "state": "failed" if reason else "ok",
            "reason": reason,
            **facts,
            **made_from.as_dict(),
            "outputs": {os.path.relpath(output, Path(path).parent): sha for output, sha in digests(outputs).items()},
        },
    )
