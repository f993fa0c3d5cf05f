"""GAN-test is counted by hand."""

import numpy as np
import pytest

from ganaug.quality.gan_test import gan_test

CLASSES = ["cat", "dog", "eel"]


def test_by_hand() -> None:
    # Taken for dog, cat, cat and, as the first of two as likely, cat.
    probabilities = np.float32([[0.1, 0.8, 0.1], [0.5, 0.3, 0.2], [0.9, 0.1, 0], [0.5, 0.5, 0]])
    found = gan_test(probabilities, ["dog", "dog", "cat", "dog"], CLASSES)
    assert (found.n, found.accuracy) == (4, 0.5)
    assert found.per_class == {"cat": (1, 1.0), "dog": (3, pytest.approx(1 / 3))}


def test_nothing_to_test_is_refused() -> None:
    with pytest.raises(ValueError, match="there are none"):
        gan_test(np.empty((0, 1), np.float32), [], CLASSES)
    with pytest.raises(ValueError, match="3 classes for each of 1 samples, not 0 x 1 of them"):
        gan_test(np.empty((0, 1), np.float32), ["cat"], CLASSES)
