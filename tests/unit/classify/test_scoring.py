import hashlib
from pathlib import Path

import numpy as np
import pytest

from ganaug.classify.scoring import refuse_test_images, refuse_unsealed
from ganaug.errors import UserError
from ganaug.images import IndexRow, Origin, SetRow

SEALED = np.full((4, 4, 1), 7, dtype=np.uint8)
NAMES = {hashlib.sha256(bytes([7] * 16)).hexdigest(): "test/cow/c9.png"}


def rows(folder: Path, *, origin: Origin, image: np.ndarray) -> list[SetRow]:
    np.save(folder / "images.npy", np.stack([np.zeros_like(image), image]))
    return [
        SetRow(images=str(folder / "images.npy"), row=k, label="cow", group="g", origin=origin, source=f"c{k}.png")
        for k in range(2)
    ]


@pytest.mark.parametrize("origin", ["real", "duplicate"])
def test_a_sealed_image_in_a_training_set_is_named_with_its_twin(tmp_path: Path, origin: Origin) -> None:
    with pytest.raises(UserError, match=r"sets/real/r0\.csv: the test image test/cow/c9\.png .* as c1\.png"):
        refuse_test_images(rows(tmp_path, origin=origin, image=SEALED), sealed=NAMES, where="sets/real/r0.csv")


def test_an_image_that_differs_in_one_pixel_is_let_through(tmp_path: Path) -> None:
    other = SEALED.copy()
    other[0, 0, 0] = 8
    training = rows(tmp_path, origin="real", image=other)
    assert refuse_test_images(training, sealed=NAMES, where="x") is None  # type: ignore[func-returns-value]


def test_weights_of_an_experiment_that_did_not_seal_the_same_images_are_refused() -> None:
    own = [IndexRow(label="cow", group=name, origin="real", source=f"{name}.png") for name in ("c1", "c2")]
    refuse_unsealed(own, [*own, IndexRow(label="cow", group="c3", origin="real", source="c3.png")], where="x")
    with pytest.raises(
        UserError, match=r"^x/index\.csv: does not seal 1 of this study's 2 test images, .* is c2\.png,"
    ):
        refuse_unsealed(own, own[:1], where="x/index.csv")
