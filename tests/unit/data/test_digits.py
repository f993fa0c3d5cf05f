from __future__ import annotations

from collections import Counter

import numpy as np

from ganaug.data.digits import list_digits, read_digits


def test_the_published_numbers_of_images():
    entries = list_digits()
    # Images a class as scikit-learn and the UCI page give them for the test set.
    assert Counter(entry.label for entry in entries) == {
        "0": 178,
        "1": 182,
        "2": 177,
        "3": 183,
        "4": 181,
        "5": 182,
        "6": 181,
        "7": 179,
        "8": 174,
        "9": 180,
    }
    assert len({entry.source for entry in entries}) == 1797


def test_entries_are_sorted_and_named_by_position():
    entries = list_digits()
    assert entries == sorted(entries, key=lambda entry: (entry.label, entry.source))
    # The array begins with 0, 1, ..., 9.
    assert [entry.label for entry in sorted(entries, key=lambda e: e.source)[:10]] == list("0123456789")


def test_values_are_scaled_to_bytes():
    [(name, pixels)] = read_digits(["digit-0000"])
    assert pixels.dtype == np.uint8
    assert name == "digit-0000"
    # The first row of the first digit is 0 0 5 13 9 1 0 0; 255 / 16 = 15.9375.
    assert pixels.shape == (8, 8)
    assert pixels[0].tolist() == [0, 0, 80, 207, 143, 16, 0, 0]
