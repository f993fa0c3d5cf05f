"""The labels CSV of a source: which of its files are used, and the class of each."""

from __future__ import annotations

import csv
import posixpath
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

from ganaug.errors import UserError

NEEDED = ("file", "label")
SHOWN = 60  # characters of a text of any length in a message
LONGEST_NAME = 255  # bytes in the name of a folder, on the usual file systems


@dataclass(frozen=True)
class Labels:
    """A labels CSV.

    Attributes:
        columns: its header.
        rows: the cells of each listed file by column, by the file's path below the data root.
    """

    columns: tuple[str, ...]
    rows: Mapping[str, Mapping[str, str]]

    @property
    def official(self) -> bool:
        """Whether it says which images are the test set."""
        return "test" in self.columns


def parse_labels(content: bytes) -> Labels:
    """Read a labels CSV: UTF-8, a header, commas between cells; white space around a cell is no part of it.

    Its columns are ``file`` (a path below the data root), ``label``, if there is an official test set ``test``
    (0 or 1), and any others, which can hold groups.

    Raises:
        UserError: it is no such CSV, lacks a column, lists no file or one twice, or a cell cannot be what it is for;
            names the line.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"data.labels: byte {error.start} is not UTF-8; save the CSV as UTF-8") from None
    lines = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        columns = tuple(cell.strip() for cell in next(lines, []))
        _check_columns(columns)
        rows: dict[str, Mapping[str, str]] = {}
        for cells in lines:
            if cells:  # not an empty line
                file, row = _row(columns, cells, where=f"line {lines.line_num}")
                if file in rows:
                    raise UserError(f"data.labels: line {lines.line_num}: {file} is listed twice; remove one of them")
                rows[file] = row
    except csv.Error as error:
        raise UserError(f"data.labels: line {lines.line_num}: no CSV ({error}); mend it") from None
    if not rows:
        raise UserError("data.labels: the CSV lists no file; add a line for each image")
    return Labels(columns=columns, rows=rows)


def _check_columns(columns: Sequence[str]) -> None:
    if missing := [name for name in NEEDED if name not in columns]:
        there = ", ".join(columns)[:SHOWN]
        raise UserError(
            f"data.labels: the first line has no column {missing[0]}, it has {there!r}; begin the CSV with file,label"
        )
    if twice := [name for name in columns if columns.count(name) > 1]:
        raise UserError(f"data.labels: two columns are called {twice[0]!r}; rename one of them")


def _row(columns: Sequence[str], cells: Sequence[str], *, where: str) -> tuple[str, Mapping[str, str]]:
    if len(cells) != len(columns):
        raise UserError(
            f"data.labels: {where} has {len(cells)} cells for {len(columns)} columns; put what holds a comma in quotes"
        )
    row = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
    if not row["file"] or breaks_lines(row["file"]):
        raise UserError(f"data.labels: {where}: {row['file']!r} names no file; write its path or remove the line")
    if fault := unsafe(row["label"]):
        raise UserError(f"data.labels: {where}: the class {row['label'][:SHOWN]!r} {fault}; give it another name")
    if row.get("test", "0") not in ("0", "1"):
        raise UserError(
            f"data.labels: {where}: test is {row['test'][:SHOWN]!r}; write 1 for a test image and 0 for others"
        )
    return posixpath.normpath(row["file"]), row


def unsafe(label: str) -> str | None:
    """What keeps a class name from being the name of a folder and a part of one-line messages, or None."""
    if not label:
        return "has no name"
    if "/" in label or "\\" in label:
        return "holds a slash"
    if label.startswith("."):
        return "begins with a dot"
    if breaks_lines(label):
        return "holds a line break or another control character"
    if len(label.encode()) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} bytes"
    return None


def breaks_lines(text: str) -> bool:
    """Whether ``text`` holds a line break or another control character."""
    return not text.isprintable() and any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in text)
