from __future__ import annotations

import pytest

from ganaug.data.labels import parse_labels
from ganaug.errors import UserError


def test_cells_by_file_and_column():
    labels = parse_labels(b"label,file,patient\ncat,a/1.png,p1\ndog,a/2.png,p2\n")
    assert labels.columns == ("label", "file", "patient")
    assert labels.rows == {
        "a/1.png": {"label": "cat", "file": "a/1.png", "patient": "p1"},
        "a/2.png": {"label": "dog", "file": "a/2.png", "patient": "p2"},
    }
    assert not labels.official
    assert parse_labels(b"file,label,test\n1.png,cat,1\n").official


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbffile,label\nk\xc3\xa4se.png,cat\n",
        "file,label\r\nkäse.png,cat".encode(),
        "file , label\n\nkäse.png , cat\n\n".encode(),
        '"file","label"\n"käse.png","cat"\n'.encode(),
        "file,label\n./x/..//käse.png,cat\n".encode(),
    ],
    ids=["byte order mark", "Windows", "spaces and empty lines", "quotes", "a path that takes a turn"],
)
def test_what_programs_write(content):
    assert {file: row["label"] for file, row in parse_labels(content).rows.items()} == {"käse.png": "cat"}


def test_a_file_name_may_hold_a_comma():
    assert list(parse_labels(b'file,label\n"a,b.png",cat\n').rows) == ["a,b.png"]


BAD = {
    "not UTF-8": (b"file,label\n\xff.png,cat\n", "byte 11 is not UTF-8; save the CSV as UTF-8"),
    "UTF-16": ("file,label\n1.png,cat\n".encode("utf-16"), "byte 0 is not UTF-8"),
    "nothing": (b"", "the first line has no column file, it has ''; begin the CSV with file,label"),
    "no header": (b"1.png,cat\n2.png,dog\n", "the first line has no column file, it has '1.png, cat'"),
    "no label": (b"file,class\n1.png,cat\n", "the first line has no column label, it has 'file, class'"),
    "semicolons": (b"file;label\n1.png;cat\n", "the first line has no column file, it has 'file;label'"),
    "a column twice": (b"file,label,label\n1.png,cat,dog\n", "two columns are called 'label'; rename one"),
    "no files": (b"file,label\n", "the CSV lists no file; add a line for each image"),
    "too few cells": (b"file,label\n1.png\n", "line 2 has 1 cells for 2 columns"),
    "too many cells": (b"file,label\na,b.png,cat\n", "line 2 has 3 cells for 2 columns; put what holds a comma in"),
    "an open quote": (b'file,label\n1.png,"cat\n2.png,dog\n', "no CSV (unexpected end of data); mend it"),
    "no file name": (b"file,label\n ,cat\n", "line 2: '' names no file; write its path"),
    "a file name of two lines": (b'file,label\n"1\n.png",cat\n', "line 3: '1\\n.png' names no file"),
    "twice": (b"file,label\n1.png,cat\n2.png,cat\n./1.png,dog\n", "line 4: 1.png is listed twice; remove one"),
    "no class": (b"file,label\n1.png, \n", "line 2: the class '' has no name"),
    "a slash": (b"file,label\n1.png,a/b\n", "line 2: the class 'a/b' holds a slash; give it another name"),
    "a way out": (b"file,label\n1.png,..\n", "line 2: the class '..' begins with a dot"),
    "a backslash": (b"file,label\n1.png,a\\b\n", "line 2: the class 'a\\\\b' holds a slash"),
    "a line break": (b'file,label\n1.png,"a\nb"\n', "line 3: the class 'a\\nb' holds a line break"),
    "an escape": (b"file,label\n1.png,\x1b[31mcat\n", "line 2: the class '\\x1b[31mcat' holds a line break or another"),
    "a zero byte": (b"file,label\n1.png,c\0t\n", "line 2: "),
    "a long name": (b"file,label\n1.png," + b"x" * 256 + b"\n", "is longer than 255 bytes"),
    "neither test nor not": (b"file,label,test\n1.png,cat,yes\n", "line 2: test is 'yes'; write 1 for a test image"),
    "no word on test": (b"file,label,test\n1.png,cat,\n", "line 2: test is ''; write 1 for a test image"),
    "an endless cell": (b"file,label\n1.png," + b"x" * 200_000, "no CSV (field larger than field limit (131072))"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_told_in_one_line(name):
    content, told = BAD[name]
    with pytest.raises(UserError) as caught:
        parse_labels(content)
    assert str(caught.value).startswith("data.labels: ")
    assert told in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
