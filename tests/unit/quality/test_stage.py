"""Which snapshot is picked, and what is said where nothing can be measured."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ganaug.gan.generators import save_generators
from ganaug.io import read_json, write_json
from ganaug.quality.stage import measure, measure_floor, pick


def save(path: Path, *values: float) -> str:
    np.save(path, np.array(values, dtype=np.float32)[:, None])
    return str(path)


def test_samples_are_held_against_both_splits(tmp_path: Path) -> None:
    # The training features 10 and 14 are -1 and 1 when scaled, those of validation 2 and 3, those of a 0 and 1.
    train, validation = save(tmp_path / "train.npy", 10, 14), save(tmp_path / "validation.npy", 16, 18)
    facts = {"train": train, "validation": validation, "network": "lenet5", "code": "abc"}
    facts |= {"repeat": 0, "root": 0}
    samples = {"a": save(tmp_path / "a.npy", 12, 14), "none": save(tmp_path / "none.npy")}
    measure(samples=samples, out={name: str(tmp_path / f"{name}.json") for name in samples}, **facts)
    measure_floor(out=str(tmp_path / "floor.json"), **facts)
    made, whole, none = (read_json(tmp_path / f"{name}.json") for name in ("a", "floor", "none"))
    floor = whole["validation"]
    # k(x, y) = (xy + 1)^3: within {-1, 1} 0, within {0, 1} 1, within {2, 3} 343.
    assert made["train"]["kid"] == pytest.approx(0 + 1 - 2 * (1 + 0 + 1 + 8) / 4)
    assert made["validation"]["kid"] == pytest.approx(1 + 343 - 2 * (1 + 1 + 27 + 64) / 4)
    assert floor["kid"] == pytest.approx(0 + 343 - 2 * (-1 - 8 + 27 + 64) / 4)
    assert (made["train"]["n_real"], made["train"]["n_made"]) == (2, 2)
    # Means 0 and 2.5, variances 2 and 0.5.
    assert floor["fid"] == pytest.approx(6.25 + 2 + 0.5 - 2)
    assert (made["state"], made["code"], made["config"]["network"]) == ("ok", "abc", "lenet5")
    assert set(made["inputs"]) == {train, validation, samples["a"]}
    assert set(whole["inputs"]) == {train, validation}
    assert none["train"]["kid"] is None
    assert "at least two" in none["train"]["reason"] or "needs 2" in none["train"]["reason"]


@pytest.mark.parametrize(
    ("found", "best"),
    [({"e1": 0.5, "e2": 0.2, "last": 0.3}, "e2"), ({"e1": 0.2, "last": 0.2}, "e1"), ({"e1": 0.9, "last": None}, "e1")],
)
def test_the_lowest_kid_against_training_images_is_the_best(
    tmp_path: Path, found: dict[str, float | None], best: str
) -> None:
    measured, generators = {}, {}
    for snap, value in found.items():
        path = tmp_path / f"{snap}.json"
        # Validation would choose the other way round.
        write_json(path, {"train": {"kid": value, "reason": None}, "validation": {"kid": -(value or 0)}})
        measured[snap] = str(path)
        generators[snap] = []
        for job in range(2):
            (tmp_path / f"{snap}-{job}").write_text(f"{snap} {job}")
            generators[snap].append(str(tmp_path / f"{snap}-{job}"))
    copies = [str(tmp_path / f"best-{job}") for job in range(2)]
    pick(measured=measured, generators=generators, code="abc", out=copies, choice=str(tmp_path / "best.json"))
    assert [Path(copy).read_text() for copy in copies] == [f"{best} 0", f"{best} 1"]
    choice = read_json(tmp_path / "best.json")
    assert (choice["state"], choice["best"], choice["kid"], choice["code"]) == ("ok", best, found, "abc")
    assert len(choice["inputs"]) == 3 * len(found)
    assert set(choice["outputs"]) == {"best-0", "best-1"}


def test_without_any_kid_no_snapshot_is_the_best_and_there_are_no_generators(tmp_path: Path) -> None:
    measured, generators = {}, {}
    for snap in ("e1", "last"):
        generators[snap] = [str(tmp_path / f"{snap}.safetensors")]
        save_generators(generators[snap][0], [{"weight": torch.ones(1)}], ["cat"])
        measured[snap] = str(tmp_path / f"{snap}.json")
        write_json(measured[snap], {"train": {"kid": None, "reason": "KID needs at least two images of each side"}})
    copy, choice = str(tmp_path / "best.safetensors"), tmp_path / "best.json"
    pick(measured=measured, generators=generators, code="abc", out=[copy], choice=str(choice))
    save_generators(tmp_path / "none.safetensors", [], [])
    assert Path(copy).read_bytes() == (tmp_path / "none.safetensors").read_bytes()
    told = read_json(choice)
    assert (told["state"], told["best"], told["kid"]) == ("failed", None, {"e1": None, "last": None})
    assert told["reason"] == ("no snapshot has a KID to be the best by (KID needs at least two images of each side)")
