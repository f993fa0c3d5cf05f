"""Features by networks that others trained: which images they are of, and what is written without weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganaug.config import Compute
from ganaug.errors import UserError
from ganaug.images import SplitRow, save_split
from ganaug.io import read_json, save_array, write_json
from ganaug.networks import FeatureNetwork
from ganaug.quality.features import embed_real_by, embed_sets_by
from ganaug.quality.stage import measure, measure_floor

COMPUTE = Compute(device="cpu", precision="fp32", threads=1)
NETWORK = FeatureNetwork("torchscript", path="net.pt", size=8)
REASON = "it cannot be had; get it"


class Brightness(nn.Module):
    """The mean of an image of values up to 1, times 255."""

    def forward(self, x: Tensor) -> Tensor:
        return 255 * x.mean(dim=(1, 2, 3)).unsqueeze(1)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Grey images of one value each: the row in the pool, and 100 more for samples."""
    made = {name: tmp_path / name for name in ("dev.npy", "made.npy", "split.csv", "record.json", "net.pt")}
    for name, start in (("dev.npy", 0), ("made.npy", 100)):
        values = np.arange(start, start + 6, dtype=np.uint8)
        save_array(made[name], np.broadcast_to(values[:, None, None, None], (6, 4, 4, 1)))
    roles = {0: "validation", 1: "train", 3: "train", 4: "validation", 5: "train"}
    save_split(made["split.csv"], [SplitRow(k, role, "a", str(k), str(k)) for k, role in roles.items()])  # type: ignore[arg-type]
    torch.jit.script(Brightness()).save(str(made["net.pt"]))
    write_json(made["record.json"], {"file": "net.pt", "digest": "abc", "reason": None})
    return made


def embedded(files: dict[str, Path], *, weights: Path | None) -> dict[str, np.ndarray]:
    folder = files["dev.npy"].parent / "features"
    out = {name: str(folder / f"{name}.npy") for name in ("train", "validation", "made")}
    record = str(files["record.json"])
    embed_real_by(
        NETWORK,
        record=record,
        weights=weights,
        split=str(files["split.csv"]),
        dev=str(files["dev.npy"]),
        compute=COMPUTE,
        train=out["train"],
        validation=out["validation"],
    )
    embed_sets_by(
        NETWORK,
        record=record,
        weights=weights,
        samples={"made": str(files["made.npy"])},
        compute=COMPUTE,
        out={"made": out["made"]},
    )
    return {name: np.load(path) for name, path in out.items()}


def test_features_are_of_the_images_of_each_role(files: dict[str, Path]) -> None:
    made = embedded(files, weights=files["net.pt"])
    assert {array.dtype.name for array in made.values()} == {"float32"}
    np.testing.assert_allclose(made["train"], [[1], [3], [5]], rtol=1e-5)
    np.testing.assert_allclose(made["validation"], [[0], [4]], atol=1e-4)
    np.testing.assert_allclose(made["made"], [[100 + k] for k in range(6)], rtol=1e-5)


def measured(files: dict[str, Path]) -> tuple[dict[str, object], dict[str, object]]:
    """The records of the samples and of the floor."""
    folder = files["dev.npy"].parent
    real = {role: str(folder / f"features/{role}.npy") for role in ("train", "validation")}
    facts = {"network": NETWORK.told, "code": "abc", "scaled": False, "weights": str(files["record.json"])}
    out = {name: str(folder / f"{name}.json") for name in ("made", "floor")}
    samples = {"made": str(folder / "features/made.npy")}
    measure(**real, samples=samples, repeat=0, root=0, out={"made": out["made"]}, **facts)  # type: ignore[arg-type]
    measure_floor(**real, repeat=0, root=0, out=out["floor"], **facts)  # type: ignore[arg-type]
    return read_json(out["made"]), read_json(out["floor"])


def test_measures_are_of_the_features_as_they_are(files: dict[str, Path]) -> None:
    embedded(files, weights=files["net.pt"])
    made, floor = measured(files)
    # 1, 3, 5 have the mean 3 and the variance 4; 100 to 105 have 102.5 and 3.5; 0 and 4 have 2 and 8.
    fid = (102.5 - 3) ** 2 + 4 + 3.5 - 2 * (4 * 3.5) ** 0.5
    assert made["train"]["fid"] == pytest.approx(fid, rel=1e-4)  # type: ignore[index]
    assert floor["validation"]["fid"] == pytest.approx(1 + 4 + 8 - 2 * 32**0.5, rel=1e-3)  # type: ignore[index]
    assert "guesses" not in made
    assert (made["state"], made["config"]["scaled"], made["config"]["weights"]) == ("ok", False, "abc")  # type: ignore[index]
    assert str(files["record.json"]) in made["inputs"]  # type: ignore[operator]


def test_without_weights_features_are_empty_and_every_number_is_missing_for_that_reason(files: dict[str, Path]) -> None:
    write_json(files["record.json"], {"file": None, "digest": None, "reason": REASON})
    made = embedded(files, weights=None)
    assert {array.shape for array in made.values()} == {(0, 1)}
    for record in measured(files):
        assert (record["state"], record["reason"]) == ("failed", REASON)
        parts = [part for part in record.values() if isinstance(part, dict) and "reasons" in part]
        assert parts
        for part in parts:
            assert set(part["reasons"].values()) == {REASON}
            assert part.get("kid") is None


def test_weights_that_are_gone_are_told(files: dict[str, Path]) -> None:
    with pytest.raises(UserError, match=r"net\.pt: it was there and is gone"):
        embedded(files, weights=None)
