"""How many test images have a near-duplicate among the others, by the bits of `data.near_bits`, on real images.

The default of 6 bits comes from here. Archives are looked for in GANAUG_MIRROR; without them only the digits are
measured. Each data set is divided as its own experiment in `config` divides it.
"""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from _results import ROOT, publish

BITS = (0, 2, 4, 6, 8, 10)
SETS = {"digits": "config.yaml", "ETH-80": "experiments/eth80.yaml", "CIFAR-10": "experiments/cifar10-small.yaml"}


def section_of(file: str) -> dict[str, Any]:
    """The section ``data`` of an experiment, over that of the default one."""
    base, own = (
        yaml.safe_load((ROOT / "config" / name).read_text(encoding="utf-8"))["data"] for name in ("config.yaml", file)
    )
    return {**base, **own, "test": {**base["test"], **own.get("test", {})}}


def measure(name: str, file: str, scratch: Path) -> dict[str, Any] | None:
    """Shares and seconds by bits; None if the archive is not there."""
    from ganaug.config import Data, build
    from ganaug.data.fingerprint import describe
    from ganaug.data.integrity import neighbours
    from ganaug.data.splits import seal
    from ganaug.data.stage import load

    data = build(Data, section_of(file), "data")
    if data.path and not Path(os.environ.get("GANAUG_MIRROR", ""), Path(data.path).name).is_file():
        return None
    data = replace(data, path=str(scratch / Path(data.path).name) if data.path else None)
    whole = load(data, describe(data), scratch=scratch, workers=len(os.sched_getaffinity(0)))
    [sealed, *_] = seal(whole.index, seed=0, test=data.test, official=whole.official, joined=whole.joined)
    hashes = whole.decoded.hashes[whole.rows]
    digests = [whole.decoded.digests[row] for row in whole.rows.tolist()]
    other = {digest for digest, is_test in zip(digests, sealed, strict=True) if not is_test}
    equal = sum(digest in other for digest, is_test in zip(digests, sealed, strict=True) if is_test)
    found: dict[str, Any] = {
        name: {"images": len(hashes), "test images": int(sealed.sum()), "of them equal to another": equal}
    }
    for bits in BITS:
        start = time.monotonic()
        [near] = neighbours(hashes, [sealed], bits=bits)
        seconds = time.monotonic() - start
        alike = near.across.row >= 0
        found[f"{name}, {bits} bits"] = {
            "test images with another": int(alike[sealed].sum()),
            "others with a test image": int(alike[~sealed].sum()),
            "search, s": round(seconds, 3),
        }
    return found


def main() -> None:
    raw: dict[str, Any] = {}
    ratios: dict[str, float] = {}
    for name, file in SETS.items():
        with tempfile.TemporaryDirectory() as folder:
            found = measure(name, file, Path(folder))
        if found is None:
            print(f"{name}: not measured, its archive is not in GANAUG_MIRROR")
            continue
        raw |= found
        for bits in BITS:
            alike = found[f"{name}, {bits} bits"]["test images with another"]
            ratios[f"any/{name}, {bits} bits: share of test images with another"] = alike / found[name]["test images"]
    publish("near_duplicates", raw=raw, ratios=ratios)


if __name__ == "__main__":
    main()
