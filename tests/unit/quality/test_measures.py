"""What the quality stage writes: copies that were planted, floors, guesses, and reasons where there is no number."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ganaug.images import IndexRow, SplitRow, save_index, save_split
from ganaug.io import read_json
from ganaug.quality.measures import copies, floors
from ganaug.quality.stage import Guesses, measure, measure_floor
from ganaug.seeds import derive, numpy_generator

Features = NDArray[np.float32]
SHARES = ("precision", "recall", "density", "coverage")


def measured(
    tmp_path: Path, *, train: Features, held: Features, made: Features, guesses: Guesses | None = None, repeat: int = 0
) -> dict[str, Any]:
    """The record of one set of samples."""
    for name, rows in (("train", train), ("held", held), ("made", made)):
        np.save(tmp_path / f"{name}.npy", rows)
    measure(
        train=str(tmp_path / "train.npy"),
        validation=str(tmp_path / "held.npy"),
        samples={"dcgan/last/n5": str(tmp_path / "made.npy")},
        network="lenet5",
        repeat=repeat,
        root=7,
        code="abc",
        out={"dcgan/last/n5": str(tmp_path / "made.json")},
        guesses=guesses,
    )
    record: dict[str, Any] = read_json(tmp_path / "made.json")
    return record


def normal(*counts: int, d: int = 4) -> list[Features]:
    rng = numpy_generator(0)
    return [rng.standard_normal((count, d)).astype(np.float32) for count in counts]


def pictures(count: int, *, seed: int) -> NDArray[np.float64]:
    """Random smooth pictures of 32 x 32 pixels (0 to 255), sums of waves of at most two periods a side."""
    rng = numpy_generator(seed)
    place = np.arange(32) / 32 * 2 * np.pi
    made = np.zeros((count, 32, 32))
    for across in range(3):
        for down in range(-2, 3):
            if (across, down) > (0, 0):
                waves = across * place + down * place[:, None]
                strength = rng.standard_normal((2, count, 1, 1))
                made += strength[0] * np.cos(waves) + strength[1] * np.sin(waves)
    return (127.5 + 12 * made).clip(0, 255)


def changed(picture: NDArray[np.float64], change: str, rng: np.random.Generator) -> NDArray[np.float64]:
    if change == "noise":
        return (picture + 8 * rng.standard_normal(picture.shape)).clip(0, 255)
    if change == "shift":
        return np.concatenate([picture[:, :1], picture[:, :-1]], axis=1)
    return (picture + 8).clip(0, 255) if change == "brightness" else picture


def test_planted_copies_and_near_copies_are_all_found(tmp_path: Path) -> None:
    train, held, made = (pictures(count, seed=count) for count in (300, 200, 150))
    rng, changes = numpy_generator(0), ("copy", "noise", "shift", "brightness")
    planted = {7 * k: 11 * k for k in range(20)}
    for k, (row, source) in enumerate(planted.items()):
        made[row] = changed(train[source], changes[k % 4], rng)
    clean = pictures(150, seed=150)

    def copied(samples: NDArray[np.float64]) -> dict[str, Any]:
        # What the network sees are the pixels themselves.
        flat = {"train": train, "held": held, "made": samples}
        features = {name: rows.reshape(len(rows), -1).astype(np.float32) for name, rows in flat.items()}
        facts: dict[str, Any] = measured(tmp_path, **features)["memorisation"]
        return facts

    found = copied(made)
    assert {pair["sample"]: pair["train"] for pair in found["pairs"][:20]} == planted
    # Nearer than each of 200 real images that are not in train.
    assert {pair["rank"] for pair in found["pairs"][:20]} == {0}
    assert {pair["sample"] for pair in found["pairs"][:5]} == {row for row in planted if row % 28 == 0}
    assert [pair["distance"] for pair in found["pairs"][:5]] == [0] * 5
    assert found["equal"] == 5
    assert (found["samples"], found["held"], found["expected"]) == (150, 200, 1 / 201)
    assert found["closer"] >= 20 / 150
    assert found["chance"] < 1e-6
    honest = copied(clean)
    assert (honest["equal"], honest["closer"] < 5 / 150, honest["chance"] > 0.01) == (0, True, True)


def test_the_chance_of_so_many_that_are_nearer_by_hand(tmp_path: Path) -> None:
    line = [np.float32(values)[:, None] for values in ([0, 100], [3, 104, 205], [1, 102, 10, 20])]
    found = measured(tmp_path, train=line[0], held=line[1], made=line[2])["memorisation"]
    # Two of four samples are nearer than all of three held-out images: the first two of seven in an order of chance.
    assert (found["closer"], found["expected"]) == (0.5, 0.25)
    assert found["chance"] == pytest.approx(4 / 7 * 3 / 6)
    assert found["reasons"] == {}


def test_samples_that_are_the_held_out_images_are_at_the_floor_exactly(tmp_path: Path) -> None:
    train, held = normal(90, 40)
    floor = measured(tmp_path, train=train, held=held, made=held)["floor"]
    assert floor["size"] == 40
    assert floor["made"] == floor["real"]
    assert floor["reasons"] == {}
    # FID at infinite N is drawn less often than the others.
    assert {name: entry["n"] for name, entry in floor["real"].items()} == {
        **dict.fromkeys(("kid", "fid", *SHARES), 10),
        "fid_infinite": 2,
    }


def test_sets_that_are_taken_whole_are_drawn_once_and_equal_ones_are_perfect(tmp_path: Path) -> None:
    rows = normal(40)[0]
    record = measured(tmp_path, train=rows, held=rows, made=rows)
    for side in (record["train"], record["validation"]):
        # Each ball holds its own centre and the five nearest.
        assert [side[name] for name in SHARES] == [1, 1, pytest.approx(6 / 5), 1]
        assert side["fid"] == pytest.approx(0, abs=1e-5)
    assert {entry["n"] for entry in record["floor"]["real"].values()} == {1}
    assert record["floor"]["real"]["recall"] == {"n": 1, "mean": 1.0, "std": None, "values": [1.0]}


def test_shares_by_hand(tmp_path: Path) -> None:
    # Real images stand at 0, 1, ..., 9, and scaling shrinks all distances alike. Two samples are among them.
    train = np.arange(10, dtype=np.float32)[:, None]
    made = np.float32([0.1, 1.1, 100, 101, 102, 103, 104, 105])[:, None]
    side = measured(tmp_path, train=train, held=train, made=made)["train"]
    assert side["precision"] == 2 / 8
    # The third neighbour of these two is some 100 away, so their balls hold all real images.
    assert side["recall"] == 1
    # Balls to the fifth neighbour reach 5, 4, 3, 3, ... from 0, 1, 2, 3, ...: 0.1 lies in those of 0 to 3, 1.1 in those
    # of 0 to 4.
    assert side["density"] == pytest.approx((4 + 5) / 8 / 5)
    assert side["coverage"] == 5 / 10


def test_each_number_that_is_missing_has_its_own_reason(tmp_path: Path) -> None:
    train, held, made = normal(12, 4, 9)
    record = measured(tmp_path, train=train, held=held, made=made)
    side, reasons = record["validation"], record["validation"]["reasons"]
    assert set(reasons) == {"kid_low", "kid_high", "fid", "fid_infinite", "density", "coverage"}
    assert {side[name] for name in reasons} == {None}
    assert reasons["fid"] == side["reason"] == "FID needs 5 images for 4 features, not 4; see KID"
    assert reasons["fid_infinite"].startswith("FID at infinite N needs 10 images")
    assert reasons["kid_low"] == "an interval of KID needs 20 images of each side, not 4"
    assert reasons["coverage"] == "the neighbour number 5 of each image needs 6 images, not 4"
    # Against training images there are enough for FID.
    assert record["train"]["fid"] > 0
    assert set(record["train"]["reasons"]) == {"kid_low", "kid_high", "fid_infinite"}
    assert record["floor"]["size"] == 4
    assert set(record["floor"]["reasons"]) == {"fid", "fid_infinite", "density", "coverage"}
    assert record["floor"]["made"]["fid"] is None
    assert record["floor"]["made"]["kid"]["n"] == 10


def test_without_samples_there_is_a_reason_for_everything(tmp_path: Path) -> None:
    train, held = normal(12, 8)
    none = np.empty((0, 1), np.float32)
    guesses = guessed_files(tmp_path, none, [])
    record = measured(tmp_path, train=train, held=held, made=none, guesses=guesses)
    assert record["state"] == "ok"
    for part in (record["train"], record["floor"], record["memorisation"], record["guesses"]):
        numbers = set(part) - {"n_real", "n_made", "size", "reason", "reasons", "made", "real"}
        assert numbers <= set(part["reasons"])
        assert {part[name] for name in numbers} <= {None}
    assert record["memorisation"]["reasons"]["closer"] == "memorisation cannot be measured without generated images"
    assert record["guesses"]["reasons"]["gan_test"] == "GAN-test needs samples, and there are none"


def test_without_validation_images_samples_are_held_against_training_images_alone(tmp_path: Path) -> None:
    train, made = normal(60, 50)
    record = measured(tmp_path, train=train, held=np.empty((0, 1), np.float32), made=made)
    assert record["train"]["reasons"] == {}
    assert record["validation"]["kid"] is None
    assert record["floor"]["size"] == 0
    assert "a floor needs images in every set" in record["floor"]["reasons"]["precision"]
    assert record["memorisation"]["reasons"]["closer"] == "memorisation cannot be measured without held-out images"


def guessed_files(tmp_path: Path, probabilities: Features, labels: list[str]) -> Guesses:
    np.save(tmp_path / "probabilities.npy", probabilities)
    np.save(tmp_path / "guessed.npy", np.float32([[1, 0]] * 4 + [[0, 1]] * 4))
    rows = [IndexRow(label, "", "gan", f"s{k}", "dcgan", "1", str(k)) for k, label in enumerate(labels)]
    save_index(tmp_path / "index.csv", rows)
    save_split(tmp_path / "r0.csv", [SplitRow(k, "train", label, "g", "s") for k, label in enumerate(["dog", "cat"])])
    return Guesses(
        probabilities={"dcgan/last/n5": str(tmp_path / "probabilities.npy")},
        indexes={"dcgan/last/n5": str(tmp_path / "index.csv")},
        held=str(tmp_path / "guessed.npy"),
        split=str(tmp_path / "r0.csv"),
    )


def test_guesses_give_gan_test_and_the_inception_score(tmp_path: Path) -> None:
    train, held, made = normal(12, 8, 20)
    # Columns are the classes in order: cat, dog. Of 10 samples each, all cats and 5 dogs are taken for what they are.
    probabilities = np.float32([[1, 0]] * 15 + [[0, 1]] * 5)
    guesses = guessed_files(tmp_path, probabilities, ["cat"] * 10 + ["dog"] * 10)
    record = measured(tmp_path, train=train, held=held, made=made, guesses=guesses)
    assert record["guesses"]["gan_test"] == {
        "n": 20,
        "accuracy": 0.75,
        "per_class": {"cat": {"n": 10, "accuracy": 1.0}, "dog": {"n": 10, "accuracy": 0.5}},
    }
    # Splits are of two samples each: 2 where one is a cat and one a dog, else 1.
    score = record["guesses"]["inception_score"]
    assert score["rows"] == 2
    assert score["mean"] == pytest.approx(1 + round(10 * (score["mean"] - 1)) / 10)
    assert 1 < score["mean"] <= 1.5
    # At equal N all 8 validation images are taken, half of each class: their score is 2, that of unequal shares less.
    equal = record["guesses"]["inception_score_equal"]
    assert (equal["size"], equal["real"]["n"]) == (8, 10)
    assert equal["real"]["values"] == pytest.approx([2] * 10)
    assert equal["made"]["values"] != equal["made"]["values"][:1] * 10
    assert all(1 <= value <= 2 + 1e-9 for value in equal["made"]["values"])
    assert str(tmp_path / "index.csv") in record["inputs"]


def test_the_same_seed_gives_the_same_bytes_and_repeats_draw_anew(tmp_path: Path) -> None:
    train, held, made = normal(60, 30, 50)
    measured(tmp_path, train=train, held=held, made=made)
    first = (tmp_path / "made.json").read_bytes()
    record = measured(tmp_path, train=train, held=held, made=made)
    assert (tmp_path / "made.json").read_bytes() == first
    assert record["seeds"] == {"quality": derive(7, "quality", 0)}
    other = measured(tmp_path, train=train, held=held, made=made, repeat=1)
    assert other["train"]["kid"] == record["train"]["kid"]
    assert other["floor"]["made"]["kid"]["values"] != record["floor"]["made"]["kid"]["values"]
    assert other["train"]["kid_low"] != record["train"]["kid_low"]


def test_the_floor_of_a_repeat_does_not_depend_on_which_samples_are_measured(tmp_path: Path) -> None:
    train, held, made = normal(60, 30, 50)
    one = measured(tmp_path, train=train, held=held, made=made)["floor"]
    assert one["real"] == measured(tmp_path, train=train, held=held, made=made + 5)["floor"]["real"]


def test_the_floor_at_full_size_has_the_same_numbers(tmp_path: Path) -> None:
    train, held = normal(60, 30)
    np.save(tmp_path / "t.npy", train)
    np.save(tmp_path / "h.npy", held)
    measure_floor(
        train=str(tmp_path / "t.npy"),
        validation=str(tmp_path / "h.npy"),
        network="lenet5",
        repeat=0,
        root=7,
        code="abc",
        out=str(tmp_path / "floor.json"),
    )
    floor = read_json(tmp_path / "floor.json")["validation"]
    like = measured(tmp_path, train=train, held=held, made=held)["train"]
    assert floor == like
    assert floor["kid_low"] < floor["kid_high"]


def test_near_copies_are_found_though_a_held_out_image_has_a_twin_in_train() -> None:
    """One held-out image that is in train hides all copies from the share that is nearer than any, not from ranks."""
    rng = numpy_generator(5)
    train, held = (rng.standard_normal((count, 8)).astype(np.float32) for count in (200, 50))
    held[0] = train[0]
    near = (train.repeat(2, axis=0) + 0.05 * rng.standard_normal((400, 8))).astype(np.float32)
    found = copies(train, held, near, seed=0)
    assert (found["closer"], found["chance"], found["equal"]) == (0.0, 1.0, 0)
    assert found["copying"] > 0.95
    assert found["suspicion"] < 1e-6
    honest = copies(train, held, rng.standard_normal((400, 8)).astype(np.float32), seed=0)
    assert honest["suspicion"] > 0.01


def test_fresh_views_of_the_training_objects_are_no_copies() -> None:
    """Validation is of another object, so every view of the training objects is nearer to train than it is."""
    rng = numpy_generator(6)
    objects = 10 * rng.standard_normal((4, 8))

    def views(of: Sequence[int], each: int) -> np.ndarray:
        return np.concatenate([objects[one] + rng.standard_normal((each, 8)) for one in of]).astype(np.float32)

    train, held = views((0, 1, 2), 41), views((3,), 41)
    honest = copies(train, held, views((0, 1, 2), 100), seed=0)
    assert honest["closer"] == 1.0
    assert honest["chance"] < 1e-6
    assert honest["suspicion"] > 0.01
    near = (train + 0.05 * rng.standard_normal(train.shape)).astype(np.float32)
    assert copies(train, held, near, seed=0)["suspicion"] < 1e-6


def test_sets_of_one_size_share_their_floor_however_many_samples_they_are_drawn_from() -> None:
    rng = numpy_generator(7)
    train, held, few, many = (rng.standard_normal((count, 4)).astype(np.float32) for count in (200, 50, 100, 400))
    one, other = (floors(train, held, made, seed=3) for made in (few, many))
    assert one["size"] == other["size"] == 50
    assert one["real"] == other["real"]
    assert one["made"] != other["made"]
