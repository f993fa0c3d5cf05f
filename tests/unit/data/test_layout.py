from __future__ import annotations

import posixpath
from typing import Literal

import pytest

from ganaug.data.layout import Entry, arrange
from ganaug.data.sources import Listing
from ganaug.errors import UserError


def listing(*files: str, empty: tuple[str, ...] = ()) -> Listing:
    folders = set(empty)
    for name in (*files, *(f"{folder}/." for folder in empty)):
        while name := posixpath.dirname(name):
            folders.add(name)
    return Listing(files=sorted(files), folders=sorted(folders))


def arranged(
    names: Listing, groups: Literal["parent"] | None = None, method: Literal["hash", "official"] = "hash"
) -> list[Entry]:
    return arrange(names, groups=groups, method=method)


def test_class_folders():
    entries = arranged(listing("dog/1.png", "cat/2.png", "cat/1.png", "cat/Thumbs.db", "README.txt"))
    assert entries == [
        Entry(name="cat/1.png", source="cat/1.png", label="cat", group=None, test=False),
        Entry(name="cat/2.png", source="cat/2.png", label="cat", group=None, test=False),
        Entry(name="dog/1.png", source="dog/1.png", label="dog", group=None, test=False),
    ]


def test_folders_that_wrap_everything_are_skipped():
    entries = arranged(listing("x/y/cat/1.png", "x/y/dog/1.png"))
    assert [(e.name, e.source, e.label) for e in entries] == [
        ("x/y/cat/1.png", "cat/1.png", "cat"),
        ("x/y/dog/1.png", "dog/1.png", "dog"),
    ]


def test_groups_are_the_parent_folders():
    entries = arranged(listing("top/cow/cow1/a.png", "top/cow/cow2/a.png", "top/horse/h1/a.png"), groups="parent")
    assert [(e.label, e.group, e.source) for e in entries] == [
        ("cow", "cow/cow1", "cow/cow1/a.png"),
        ("cow", "cow/cow2", "cow/cow2/a.png"),
        ("horse", "horse/h1", "horse/h1/a.png"),
    ]


@pytest.mark.parametrize("name", ["cow/a.png", "cow/x/y/a.png"])
def test_groups_need_class_object_image(name):
    with pytest.raises(UserError, match=f"^{name}: data.groups"):
        arranged(listing(name, "horse/h1/a.png", "horse/h2/a.png"), groups="parent")


TREE = listing("top/train/cat/1.png", "top/train/dog/1.png", "top/test/cat/1.png", "top/test/dog/2.png")


def test_an_official_test_set():
    entries = arranged(TREE, method="official")
    assert [(e.source, e.label, e.test) for e in entries] == [
        ("test/cat/1.png", "cat", True),
        ("train/cat/1.png", "cat", False),
        ("test/dog/2.png", "dog", True),
        ("train/dog/1.png", "dog", False),
    ]


def test_hash_never_mixes_train_and_test():
    with pytest.raises(UserError, match=r"^data.test.method: hash would .* folders train and test; set it to official"):
        arranged(TREE)


def test_official_needs_both_folders():
    with pytest.raises(UserError, match=r"data.test.method: official needs folders train and test"):
        arranged(listing("cat/1.png", "dog/1.png"), method="official")
    with pytest.raises(UserError, match=r"data.test.method: official needs folders train and test"):
        arranged(listing("train/cat/1.png", "train/dog/1.png"), method="official")


def test_a_third_folder_beside_train_and_test_is_named():
    with pytest.raises(UserError, match=r"^val: a folder beside train and test"):
        arranged(listing("train/a/1.png", "test/a/1.png", "val/a/1.png"), method="official")


@pytest.mark.parametrize(("here", "there"), [("test", "train"), ("train", "test")])
def test_a_class_on_one_side_only_is_named(here, there):
    with pytest.raises(UserError, match=f"^emu: this class is in {here} but not in {there}"):
        arranged(listing("train/a/1.png", "test/a/1.png", f"{here}/emu/1.png"), method="official")


def test_an_empty_source():
    with pytest.raises(UserError, match=r"data.path: holds no images"):
        arranged(listing("a/1.txt", ".hidden/1.png"))


@pytest.mark.parametrize(
    ("names", "method"),
    [(("cat/1.png", "cat/2.png"), "hash"), (("train/cat/1.png", "test/cat/1.png"), "official")],
)
def test_a_single_class_is_named(names, method):
    with pytest.raises(UserError, match=r"^cat: the only class"):
        arranged(listing(*names), method=method)


def test_a_class_folder_without_images_is_named():
    with pytest.raises(UserError, match=r"^emu: this class folder has no images"):
        arranged(listing("cat/1.png", "dog/1.png", "emu/1.txt"))
    with pytest.raises(UserError, match=r"^test/dog: this class folder has no images"):
        arranged(
            listing("train/cat/1.png", "train/dog/1.png", "test/cat/1.png", empty=("test/dog",)), method="official"
        )


def test_a_single_class_beside_an_empty_one():
    with pytest.raises(UserError, match=r"^dog: this class folder has no images"):
        arranged(listing("top/cat/x/1.png", "top/cat/y/1.png", empty=("top/dog",)))


def test_an_image_in_no_class_folder_is_named():
    with pytest.raises(UserError, match=r"^stray.png: this image lies in no class folder"):
        arranged(listing("cat/1.png", "dog/1.png", "stray.png"))


def test_a_name_that_is_not_utf8_is_told():
    with pytest.raises(UserError, match=r"^'cat/\\udcff.png': a file name that is not UTF-8"):
        arranged(listing("cat/\udcff.png", "dog/1.png"))
