"""The index of a training set: which rows of which image sets an arm trains on. Nothing is copied."""

from __future__ import annotations

from collections.abc import Sequence

from ganaug.config import amount_of
from ganaug.images import IndexRow, SetRow, SplitRow


def real_rows(split: Sequence[SplitRow], *, images: str) -> list[SetRow]:
    """The real training images of a repeat, in the order of its split."""
    return [
        SetRow(images=images, row=row.row, label=row.label, group=row.group, origin="real", source=row.source)
        for row in split
        if row.role == "train"
    ]


def duplicate_rows(real: Sequence[SetRow], *, amounts: Sequence[str]) -> list[SetRow]:
    """Real images again, class after class: number i of a class is its real image i modulo their number.

    ``amounts`` (see `ganaug.config.amount_label`) are added up, each rounded on its own as the arm matched does.
    """
    rows = []
    for label in sorted({row.label for row in real}):
        own = [row for row in real if row.label == label]
        for i in range(sum(amount_of(amount, len(own)) for amount in amounts)):
            source = own[i % len(own)]
            rows.append(SetRow(source.images, source.row, label, source.group, "duplicate", source.source))
    return rows


def synthetic_rows(index: Sequence[IndexRow], *, images: str) -> list[SetRow]:
    """Every image of a synthetic image set, in its order."""
    return [
        SetRow(images=images, row=k, label=row.label, group=row.group, origin=row.origin, source=row.source)
        for k, row in enumerate(index)
    ]
