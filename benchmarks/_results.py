"""What every benchmark leaves: a table on the screen and a JSON of one shape."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow/scripts"))

from ganaug.io import write_json  # noqa: E402
from ganaug.study.provenance import hardware, versions  # noqa: E402


def publish(name: str, *, raw: Mapping[str, Any], ratios: Mapping[str, float]) -> None:
    """Print the figures of a benchmark and write ``benchmarks/results/<name>.json``.

    Args:
        name: of the benchmark.
        raw: measured values; their names end in the unit.
        ratios: by names that begin with the device, such as ``cpu/``.
    """
    path = ROOT / f"benchmarks/results/{name}.json"
    write_json(path, {"machine": hardware(), "versions": versions(), "raw": dict(raw), "ratios": dict(ratios)})
    width = max(len(key) for key in [*raw, *ratios])
    for key, value in [*raw.items(), *ratios.items()]:
        print(f"{key:<{width}}  {value:.3f}" if isinstance(value, float) else f"{key:<{width}}  {value}")
    print(f"written to {path.relative_to(ROOT)}")
