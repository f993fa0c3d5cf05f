"""What must stay on one side of every split: each image's group, from its path or from the labels CSV."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence

from ganaug.data.labels import SHOWN, Labels, breaks_lines
from ganaug.data.sources import shown
from ganaug.errors import UserError

GroupOf = Callable[[str], str | None]


def grouping(groups: str | None, labels: Labels | None) -> GroupOf:
    """The function from an image's path below the data root to its group (None: it has none).

    Groups of a column or an expression are names within the whole source: one may have images of several classes.

    Args:
        groups: ``data.groups``; its expression compiles and has a bracketed group.

    Raises:
        UserError: the column is not there. The function raises it too, for a file that is in no group.
    """
    kind, _, argument = (groups or "").partition(":")
    match kind:
        case "parent":
            return _folder if labels else _object
        case "csv":
            assert labels is not None
            return _cell(argument, labels)
        case "regex":
            return _match(re.compile(argument))
    return lambda source: None


def joined(groups: Sequence[str], digests: Sequence[bytes]) -> list[str]:
    """The group of each image once groups that share an image are one, called as the smallest of them.

    Args:
        groups, digests: of each image; digests are equal for equal images.
    """
    parent = {group: group for group in groups}

    def root(group: str) -> str:
        while parent[group] != group:
            parent[group] = parent[parent[group]]
            group = parent[group]
        return group

    first: dict[bytes, str] = {}
    for group, digest in zip(groups, digests, strict=True):
        one, other = root(group), root(first.setdefault(digest, group))
        parent[max(one, other)] = min(one, other)
    return [root(group) for group in groups]


def _object(source: str) -> str:
    """``class/object`` of ``class/object/image``, inside train/ and test/ as well."""
    return "/".join(source.split("/")[-3:-1])


def _folder(source: str) -> str:
    folder = posixpath.dirname(source)
    if not folder:
        raise UserError(f"{source}: data.groups: parent needs a folder around it; move it or set data.groups to null")
    return folder


def _cell(column: str, labels: Labels) -> GroupOf:
    if column not in labels.columns:
        raise UserError(
            f"data.groups: data.labels has no column {column!r}; it has {shown(', '.join(labels.columns))}, such as "
            f"csv:{shown(labels.columns[-1])}"
        )

    def group_of(source: str) -> str:
        group = labels.rows[source][column]
        if not group:
            raise UserError(f"{source}: its cell in the column {column} of data.labels is empty; fill it")
        if breaks_lines(group):
            raise UserError(
                f"{source}: its cell in the column {column} of data.labels is {group[:SHOWN]!a}, which holds a line "
                "break or another control character; correct it"
            )
        return group

    return group_of


def _match(expression: re.Pattern[str]) -> GroupOf:
    def group_of(source: str) -> str:
        found = expression.search(source)
        if found is None or not found[1]:
            raise UserError(
                f"{source}: data.groups: the expression {expression.pattern} finds no group in this path; correct it "
                "or rename the file"
            )
        return found[1]

    return group_of
