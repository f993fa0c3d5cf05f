import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganaug.classify.scoring import refuse_known, refuse_test_images
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


def test_weights_of_another_experiment_may_not_know_a_test_image_or_its_group() -> None:
    sealed = [IndexRow(label="cow", group=f"g{k}", origin="real", source=f"c{k}.png") for k in (1, 2)]
    other = IndexRow(label="cow", group="g3", origin="real", source="c3.png")
    refuse_known(sealed, [other], same_source=True, where="x")
    # The same object; and of the same source the same file, however it was decoded.
    with pytest.raises(UserError, match=r"^x/index\.csv: holds 1 of this study's 2 test images, the first is c2\.png,"):
        refuse_known(sealed, [replace(other, group="g2")], same_source=False, where="x/index.csv")
    named = replace(other, source="c1.png")
    with pytest.raises(UserError, match=r"the first is c1\.png,"):
        refuse_known(sealed, [named], same_source=True, where="x")
    # Elsewhere a file of that name is another image.
    refuse_known(sealed, [named], same_source=False, where="x")
