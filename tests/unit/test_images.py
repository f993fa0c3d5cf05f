import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from ganaug import batches
from ganaug.batches import Batches, to_pixels
from ganaug.errors import UserError
from ganaug.images import (
    IndexRow,
    SetRow,
    SplitRow,
    counts_of,
    grid,
    open_image_set,
    open_images,
    open_set,
    role_counts,
    save_image_set,
    save_images,
    save_set,
    train_rows,
)


def row(label: str) -> IndexRow:
    return IndexRow(label=label, group="g", origin="real", source=f"{label}.png")


def test_image_sets_round_trip_mapped(tmp_path: Path) -> None:
    images = np.arange(2 * 3 * 3 * 1, dtype=np.uint8).reshape(2, 3, 3, 1)
    save_image_set(tmp_path / "i.npy", tmp_path / "i.csv", images, [row("a"), row("b")])
    loaded = open_image_set(tmp_path / "i.npy", tmp_path / "i.csv")
    assert (loaded.images == images).all()
    assert isinstance(loaded.images, np.memmap)
    assert loaded.index == [row("a"), row("b")]


@pytest.mark.parametrize("side", [3, 1500])  # of the large ones a single image is held at a time
def test_chosen_images_are_written_as_numpy_writes_them(tmp_path: Path, side: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, side, side, 3), dtype=np.uint8)
    rows = np.array([3, 0, 2])
    told = save_images(tmp_path / "ours.npy", images, rows)
    np.save(tmp_path / "theirs.npy", images[rows])
    assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "theirs.npy").read_bytes()
    assert told == hashlib.sha256((tmp_path / "theirs.npy").read_bytes()).hexdigest()


def test_classes_are_counted_in_their_order() -> None:
    drawn = [("b", "train"), ("a", "validation"), ("b", "train"), ("a", "train"), ("c", "validation")]
    rows = [SplitRow(row=k, role=role, label=label, group="g", source="") for k, (label, role) in enumerate(drawn)]
    assert list(counts_of(rows).items()) == [("a", 2), ("b", 2), ("c", 1)]
    assert list(role_counts(rows, "train").items()) == [("a", 1), ("b", 2)]
    assert list(role_counts(rows, "validation").items()) == [("a", 1), ("c", 1)]


def test_a_torn_array_is_named(tmp_path: Path) -> None:
    save_image_set(tmp_path / "i.npy", tmp_path / "i.csv", np.zeros((1, 2, 2, 1), np.uint8), [row("a")])
    whole = (tmp_path / "i.npy").read_bytes()
    (tmp_path / "i.npy").write_bytes(whole[:-2])
    with pytest.raises(UserError, match=r"i\.npy.*delete it"):
        open_images(tmp_path / "i.npy")


def test_rows_and_images_must_match(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="N rows"):
        save_image_set(tmp_path / "i.npy", tmp_path / "i.csv", np.zeros((2, 2, 2, 1), np.uint8), [row("a")])


def test_grid_puts_images_line_by_line_on_white() -> None:
    images = np.stack([np.full((1, 1, 1), value, np.uint8) for value in (1, 2, 3)])
    assert grid(images, columns=2)[..., 0].tolist() == [[1, 255, 2], [255, 255, 255], [3, 255, 255]]


@pytest.mark.parametrize("resident", [1 << 30, 0])
def test_batches_read_across_files_in_the_order_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resident: int
) -> None:
    monkeypatch.setattr(batches, "RESIDENT_BYTES", resident)
    monkeypatch.setattr(batches, "PIECE_BYTES", 24)  # two images of 12 bytes
    for name, values in (("a", [10, 11]), ("b", [20, 21])):
        images = np.stack([np.full((2, 2, 3), value, np.uint8) for value in values])
        save_image_set(tmp_path / f"{name}.npy", tmp_path / f"{name}.csv", images, [row("x"), row("y")])
    a, b = str(tmp_path / "a.npy"), str(tmp_path / "b.npy")
    rows = Batches([(b, 1), (a, 0), (b, 0)], torch.device("cpu"))
    pixels = rows.pixels(torch.tensor([2, 1, 0, 0]))
    assert pixels.shape == (4, 3, 2, 2)
    assert pixels[:, 0, 0, 0].tolist() == [20, 10, 21, 21]


def test_images_held_at_a_time_share_one_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.zeros((3, 2, 2, 1), np.uint8)  # 4 bytes an image
    save_image_set(tmp_path / "i.npy", tmp_path / "i.csv", images, [row("x")] * 3)
    monkeypatch.setattr(batches, "RESIDENT_BYTES", 15)
    cpu, rows = torch.device("cpu"), [(str(tmp_path / "i.npy"), k) for k in range(3)]
    first = Batches(rows[:2], cpu)
    assert Batches(rows[:2], cpu).resident_bytes == first.resident_bytes == 8
    second = Batches(rows[:2], cpu, beside=[first])  # 8 + 8 > 15
    assert second.resident_bytes == 0
    assert Batches(rows[:1], cpu, beside=[first, second]).resident_bytes == 4  # 8 + 0 + 4


def test_on_a_gpu_images_may_take_half_of_its_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1000, 4000))
    assert batches.room(torch.device("cuda"), held=300) == 500
    assert batches.room(torch.device("cpu"), held=300) == batches.RESIDENT_BYTES - 300


def test_pixels_to_network_range_and_back_is_the_identity(tmp_path: Path) -> None:
    images = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    save_image_set(tmp_path / "i.npy", tmp_path / "i.csv", images, [row("a")])
    floats = Batches([(str(tmp_path / "i.npy"), 0)], torch.device("cpu"))(torch.tensor([0]))
    assert floats.min() == -1
    assert floats.max() == 1
    assert (to_pixels(floats) == images).all()


def split(*rows: tuple[str, str]) -> list[SplitRow]:
    return [SplitRow(k, role, label, f"g{k}", f"s{k}") for k, (role, label) in enumerate(rows)]  # type: ignore[arg-type]


MIXED = split(("train", "b"), ("validation", "a"), ("train", "a"), ("train", "b"), ("train", "a"), ("train", "b"))


def test_fewer_training_images_are_the_first_of_more() -> None:
    found = {most: [row.row for row in train_rows(MIXED, per_class=most)] for most in (1, 2, None)}
    assert found == {1: [0, 2], 2: [0, 2, 3, 4], None: [0, 2, 3, 4, 5]}


def test_more_images_of_a_class_than_there_are_is_refused() -> None:
    with pytest.raises(UserError, match=r"^arms: per_class is 3, and a has 2 real training images; lower it$"):
        train_rows(MIXED, per_class=3)


def test_a_set_keeps_its_turns(tmp_path: Path) -> None:
    rows = [SetRow("s.npy", k, "a", "g", "gan", f"s{k}", turn) for k, turn in enumerate((0, 1, 2))]
    save_set(tmp_path / "set.csv", rows)
    assert open_set(tmp_path / "set.csv") == rows
