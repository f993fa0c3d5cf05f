"""The report's section on networks that others trained, from the files of features to its sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ganaug.io import save_array, write_json
from ganaug.quality.stage import measure, measure_floor
from ganaug.study.gans import Measured, tabulate_gans
from ganaug.study.report_networks import network_section

REASON = "the weights cannot be had; get them"


def section(folder: Path, *, reason: str | None) -> dict[str, Any]:
    """One set of 5 samples, 4 training and 3 validation images: one feature each, or none for a ``reason``."""
    rows = {"train": [0.0, 1, 2, 3], "validation": [0.5, 1.5, 2.5], "made": [9.0, 9, 9, 9, 9]}
    files = {name: str(folder / f"{name}.npy") for name in rows}
    for name, values in rows.items():
        save_array(files[name], np.array([] if reason else values, dtype=np.float32)[:, None])
    weights = str(folder / "weights.json")
    write_json(weights, {"digest": None if reason else "abc", "reason": reason})
    how: dict[str, Any] = {"network": "A network", "code": "abc", "scaled": False, "weights": weights}
    real = {role: files[role] for role in ("train", "validation")}
    out = {name: str(folder / f"{name}.json") for name in ("made", "floor")}
    measure(**real, samples={"made": files["made"]}, repeat=0, root=0, out={"made": out["made"]}, **how)
    measure_floor(**real, repeat=0, root=0, out=out["floor"], **how)
    tabulate_gans(
        [Measured("dcgan", "last", "n5", [Path(out["made"])], [[]])],
        floors=[Path(out["floor"])],
        gans={},
        scores=[],
        arms={},
        classifier="lenet5",
        tables=folder,
        name="gans-mine",
    )
    return network_section(folder / "gans-mine.json")


def test_a_network_has_the_tables_of_distances_and_shares(tmp_path: Path) -> None:
    found = section(tmp_path, reason=None)
    assert (found["name"], found["network"], found["nothing"]) == ("mine", "A network", [])
    titles = [table["title"] for table in found["tables"]]
    assert titles[0] == "Distance to real images"
    assert "Training" not in titles
    distances = found["tables"][0]
    row = dict(zip(distances["head"], distances["rows"][0], strict=True))
    # The means are 1.5 and 9, the variances 5/3 and 0.
    assert float(row["FID, train"]) == round((9 - 1.5) ** 2 + 5 / 3, 3)
    assert not (tmp_path / "gan_classes.csv").exists()


def test_without_weights_the_section_says_why_and_has_no_table(tmp_path: Path) -> None:
    found = section(tmp_path, reason=REASON)
    assert (found["tables"], found["nothing"]) == ([], [REASON])
