"""The handwritten digits that come inside scikit-learn."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from ganaug.data.layout import Entry
from ganaug.images import Pixels


def list_digits() -> list[Entry]:
    """The 1,797 digits, sorted by label and source; ``digit-0007`` is the eighth of scikit-learn's array."""
    from sklearn.datasets import load_digits

    names = ((f"digit-{number:04d}", str(label)) for number, label in enumerate(load_digits().target))
    entries = [Entry(name=name, source=name, label=label, group=None, test=False) for name, label in names]
    return sorted(entries, key=lambda entry: (entry.label, entry.source))


def read_digits(names: Collection[str]) -> Iterator[tuple[str, Pixels]]:
    """The digits: uint8, 8 x 8, grey, the values 0 to 16 scaled to 0 to 255.

    They are the test set of Alpaydin and Kaynak (1998), "Optical Recognition of Handwritten Digits", UCI.
    """
    from sklearn.datasets import load_digits

    pixels = np.rint(load_digits().images * (255 / 16)).astype(np.uint8)
    for name in names:
        yield name, pixels[int(name.removeprefix("digit-"))]
