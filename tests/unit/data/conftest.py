"""Tiny image folders and the data section of the default experiment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ganaug.config import Data, TestSplit

MakeImage = Callable[..., Path]
MakeData = Callable[..., Data]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known of the sources is kept below the working directory."""
    monkeypatch.chdir(tmp_path_factory.mktemp("work"))


@pytest.fixture
def make_image(tmp_path: Path) -> MakeImage:
    """Write one image of random-looking but fixed pixels below tmp_path/name."""

    def make(name: str, *, tone: int = 0, size: tuple[int, int] = (8, 8), mode: str = "L") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.new("L", size)
        image.putdata([(37 * tone + 11 * k * k + 53 * k * (tone + 1)) % 256 for k in range(size[0] * size[1])])
        image.convert(mode).save(path)
        return path

    return make


@pytest.fixture
def make_data() -> MakeData:
    """The data section of a folder experiment (8 pixels, grey, half sealed by hash), with changes."""

    def make(**changes: Any) -> Data:
        values: dict[str, Any] = {
            "source": "folder",
            "path": None,
            "mirror": None,
            "sha256": None,
            "attribute": None,
            "labels": None,
            "image_size": 8,
            "channels": 1,
            "resize": "stretch",
            "background": "white",
            "groups": None,
            "test": TestSplit(method="hash", fraction=0.5, folds=None),
            "per_class": None,
            "imbalance": None,
            "validation": 1,
            "on_bad": "fail",
            "near_duplicates": "report",
            "near_bits": 6,
            "leaky": False,
        }
        return Data(**{**values, **changes})

    return make
