"""The table of GANs: what stands in it is what the files say, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganaug.config import Gan, Prepare
from ganaug.io import read_json, write_csv, write_json
from ganaug.study.gans import Measured, improvements, tabulate_gans
from ganaug.study.statistics import describe
from ganaug.study.tables import DASH

COLUMNS = ("label", "epoch", "d_loss", "g_loss", "d_accuracy", "diversity", "recall")


def gan(**changes: object) -> Gan:
    values = {"network": "dcgan", "architecture": {}, "mode": "per_class", "jobs": 1, "nz": 8, "lr_g": 0.1, "lr_d": 0.1}
    values |= {"betas": (0.5, 0.9), "batch_size": 4, "epochs": 2, "steps": None, **changes}
    return Gan(**values)  # type: ignore[arg-type]


def quality(path: Path, kid: float | None) -> Path:
    side = {"kid": kid, "fid": None, "reason": "FID needs 85 images for 84 features, not 10; see KID"}
    write_json(path, {"network": "lenet5", "train": side, "validation": {**side, "kid": 1.0}})
    return path


def history(path: Path, losses: dict[str, list[float]]) -> Path:
    rows = [
        {
            "label": label,
            "epoch": k + 1,
            "d_loss": loss,
            "g_loss": 1,
            "d_accuracy": 0.5,
            "diversity": 7 - k,
            "recall": "",
        }
        for label, values in losses.items()
        for k, loss in enumerate(values)
    ]
    write_csv(path, COLUMNS, rows)
    return path


def test_numbers_are_means_over_classes_at_the_snapshot_and_then_over_repeats(tmp_path: Path) -> None:
    first = history(tmp_path / "h0.csv", {"cat": [1, 2], "dog": [3, 4]})
    second = history(tmp_path / "h1.csv", {"cat": [5, 6], "dog": [7, 8]})
    files = [quality(tmp_path / "q0.json", 0.2), quality(tmp_path / "q1.json", 0.4)]
    none = [quality(tmp_path / "q2.json", None), quality(tmp_path / "q3.json", None)]
    floor = tmp_path / "floor.json"
    write_json(floor, {"network": "lenet5", "kid": 0.05, "fid": None, "reason": "FID needs more"})
    tabulate_gans(
        [Measured("dcgan", "e1", files, [[first], [second]]), Measured("dcgan", "last", none, [[first], [second]])],
        floors=[floor, floor],
        gans={"dcgan": gan()},
        tables=tmp_path,
    )
    facts = read_json(tmp_path / "gans.json")
    early, last = facts["rows"]
    assert early["kid_train"] == {
        "n": 2,
        "mean": pytest.approx(0.3),
        "std": pytest.approx(0.02**0.5),
        "values": [0.2, 0.4],
    }
    assert (early["d_loss"]["values"], last["d_loss"]["values"]) == ([2, 6], [3, 7])
    assert (early["diversity"]["mean"], last["diversity"]["mean"]) == (7, 6)
    assert (last["kid_train"]["n"], last["kid_train"]["mean"], early["recall"]["n"]) == (0, None, 0)
    assert facts["floor"]["kid"]["mean"] == pytest.approx(0.05)
    lines = (tmp_path / "gans.md").read_text(encoding="utf-8").splitlines()
    assert lines[2].startswith("| dcgan | e1 | 0.300 ± 0.141 | 1.000 ± 0.000 |")
    assert lines[-1].startswith("| real images | - | - | 0.050 ± 0.000 |".replace("-", DASH))


def test_an_improvement_is_one_setting_and_the_plain_one_comes_first() -> None:
    gans = {
        "sharp": gan(prepare=Prepare(sharpen=1.0)),
        "plain": gan(),
        "both": gan(prepare=Prepare(sharpen=1.0), schedule="cosine"),
        "cosine": gan(schedule="cosine"),
        "longer": gan(epochs=3),
    }
    kids = {"sharp": [0.1, 0.2], "plain": [0.3, 0.5], "both": [0.0, 0.0], "cosine": [0.3, 0.5], "longer": [0.0, 0.0]}
    samples = {(name, "last"): {"kid_train": describe(values)} for name, values in kids.items()}
    found = {(one["before"], one["after"]): one for one in improvements(samples, gans)}
    assert set(found) == {("plain", "sharp"), ("plain", "cosine"), ("sharp", "both"), ("cosine", "both")}
    assert found["plain", "sharp"]["difference"] == pytest.approx(-0.25)
    assert found["plain", "sharp"]["change"] == "prepare: sharpen 1.0"
    # Differences -0.2 and -0.3: t(0.975, 1) = 12.706, the standard error is 0.05.
    assert found["plain", "sharp"]["low"] == pytest.approx(-0.25 - 12.706 * 0.05, abs=1e-4)
