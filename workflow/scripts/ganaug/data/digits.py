"""The handwritten digits that come inside scikit-learn."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from io import BytesIO

import numpy as np

from ganaug.data.layout import Entry


def list_digits() -> list[Entry]:
    """The 1,797 digits, sorted by label and source; ``digit-0007`` is the eighth of scikit-learn's array."""
    from sklearn.datasets import load_digits

    names = ((f"digit-{number:04d}", str(label)) for number, label in enumerate(load_digits().target))
    entries = [Entry(name=name, source=name, label=label, group=None, test=False) for name, label in names]
    return sorted(entries, key=lambda entry: (entry.label, entry.source))


def read_digits(names: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """The digits as PNG files: 8 x 8, grey, the values 0 to 16 scaled to 0 to 255.

    They are the test set of Alpaydin and Kaynak (1998), "Optical Recognition of Handwritten Digits", UCI.
    """
    from PIL import Image
    from sklearn.datasets import load_digits

    pixels = np.rint(load_digits().images * (255 / 16)).astype(np.uint8)
    for name in names:
        file = BytesIO()
        Image.fromarray(pixels[int(name.removeprefix("digit-"))]).save(file, format="PNG")
        yield name, file.getvalue()
