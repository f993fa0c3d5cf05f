"""The index of a training set: which rows of which image sets an arm trains on. Nothing is copied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ganaug.amounts import amounts_of
from ganaug.images import IndexRow, SetRow, SplitRow, counts_of, train_rows


def real_rows(split: Sequence[SplitRow], *, images: str, per_class: int | None) -> list[SetRow]:
    """The real training images of a repeat, in the order of its split: of each class all, or the first so many."""
    return [
        SetRow(images=images, row=row.row, label=row.label, group=row.group, origin="real", source=row.source)
        for row in train_rows(split, per_class=per_class)
    ]


def duplicate_rows(real: Sequence[SetRow], *, amounts: Sequence[str]) -> list[SetRow]:
    """Real images again, class after class: number i of a class is its real image i modulo their number.

    ``amounts`` (see `ganaug.amounts.amount_label`) are added up, each rounded on its own as the arm matched does.
    """
    counts = counts_of(real)
    added = [amounts_of(amount, counts) for amount in amounts]
    rows = []
    for label in counts:
        own = [row for row in real if row.label == label]
        for i in range(sum(one[label] for one in added)):
            source = own[i % len(own)]
            rows.append(SetRow(source.images, source.row, label, source.group, "duplicate", source.source))
    return rows


def synthetic_rows(index: Sequence[IndexRow], *, images: str) -> list[SetRow]:
    """Every image of a synthetic image set, in its order."""
    return [
        SetRow(images=images, row=k, label=row.label, group=row.group, origin=row.origin, source=row.source)
        for k, row in enumerate(index)
    ]


def in_turns(rows: Sequence[SetRow], *, turns: int) -> list[SetRow]:
    """The same rows, of each class the first of ``turns`` equal parts in turn 1 and so on; one turn is no turn."""
    if turns == 1:
        return list(rows)
    counts, seen = counts_of(rows), Counter[str]()
    turned = []
    for row in rows:
        turned.append(replace(row, turn=1 + seen[row.label] * turns // counts[row.label]))
        seen[row.label] += 1
    return turned
