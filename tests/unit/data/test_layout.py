from __future__ import annotations

import posixpath

import pytest

from ganaug.data.labels import Labels, parse_labels
from ganaug.data.layout import Entry, LeftOut, arrange, find_labels, left_out
from ganaug.data.sources import Listing
from ganaug.errors import UserError


def listing(*files: str, empty: tuple[str, ...] = ()) -> Listing:
    folders = set(empty)
    for name in (*files, *(f"{folder}/." for folder in empty)):
        while name := posixpath.dirname(name):
            folders.add(name)
    return Listing(files=sorted(files), folders=sorted(folders))


def arranged(
    names: Listing, groups: str | None = None, method: str = "hash", labels: Labels | None = None
) -> list[Entry]:
    return arrange(names, groups=groups, method=method, labels=labels)


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


@pytest.mark.parametrize("method", ["hash", "stratified", "leave_one_group_out"])
def test_no_method_mixes_train_and_test(method):
    told = rf"^data.test.method: {method} would .* folders train and test; set it to official"
    with pytest.raises(UserError, match=told):
        arranged(TREE, method=method)


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


@pytest.mark.parametrize("name", ["back\\slash", "x" * 256])
def test_a_class_whose_name_is_that_of_no_folder_is_told(name):
    with pytest.raises(UserError, match=r"this class name (holds|is longer)") as caught:
        arranged(listing(f"{name}/1.png", "dog/1.png"))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("name", ["a\nb", "c\x07", "d\u2028e", "f\rg"])
def test_a_name_that_is_no_line_of_text_is_told(name):
    for tree in (
        listing(f"{name}/1.png", "dog/1.png"),
        listing(f"cat/{name}.png", "dog/1.png"),
        listing("cat/1.png", "dog/1.png", empty=(name,)),
    ):
        with pytest.raises(UserError, match=r"^'.*\\.*': a file name that holds a line break or another") as caught:
            arranged(tree)
        assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "tops",
    [("train", "Test"), ("train", "val"), ("training", "testing"), ("dev", "valid", "VALIDATION"), ("train", "Train")],
)
@pytest.mark.parametrize("method", ["hash", "official"])
def test_folders_that_divide_the_images_are_no_classes(tops, method):
    names = ", ".join(sorted(tops))
    with pytest.raises(
        UserError, match=rf"^{names}: these folders divide the images .*; rename them to train and test"
    ):
        arranged(listing(*(f"top/{top}/{label}/1.png" for top in tops for label in ("cat", "dog"))), method=method)


def test_one_class_may_be_called_like_a_side():
    assert {entry.label for entry in arranged(listing("test/1.png", "control/1.png"))} == {"test", "control"}


def test_what_is_left_out_is_counted():
    tree = listing(
        "cat/1.png", "cat/2.HEIC", "dog/1.png", "dog/3.heic", "dog/Thumbs.db", ".DS_Store", "README", "x.a\r"
    )
    left = left_out(tree, arranged(tree), table=None)
    assert left == LeftOut(suffixes={"": 1, "'.a\\r'": 1, ".db": 1, ".heic": 2}, unlisted=0)
    entries = arranged(FLAT, labels=csv(*TWO))
    assert left_out(FLAT, entries, table="top/labels.csv") == LeftOut(suffixes={".txt": 1}, unlisted=1)


def test_groups_by_an_expression_over_the_path():
    names = listing("top/cat/p1_left.png", "top/cat/p2_left.png", "top/dog/p1_right.png")
    entries = arranged(names, groups=r"regex:/(p\d+)_")
    assert [(e.label, e.group) for e in entries] == [("cat", "p1"), ("cat", "p2"), ("dog", "p1")]
    with_classes = arranged(names, groups=r"regex:^(\w+/p\d+)")  # the path starts below the folder that wraps all
    assert [e.group for e in with_classes] == ["cat/p1", "cat/p2", "dog/p1"]


@pytest.mark.parametrize("expression", [r"(p\d+)_", "^cat/(p1)?", "(x*)"], ids=["no match", "no part", "empty"])
def test_a_file_in_no_group_is_named(expression):
    with pytest.raises(UserError, match=r"^cat/other.png: data.groups: the expression .* finds no group") as caught:
        arranged(listing("cat/other.png", "dog/p1_1.png"), groups=f"regex:{expression}")
    assert expression in str(caught.value)


def test_an_object_has_one_name_in_train_and_test():
    entries = arranged(
        listing("train/a/a1/1.png", "test/a/a1/2.png", "train/b/b1/1.png", "test/b/b2/1.png"), "parent", "official"
    )
    assert [e.group for e in entries] == ["a/a1", "a/a1", "b/b2", "b/b1"]


def csv(*lines: str) -> Labels:
    return parse_labels("\n".join(lines).encode())


FLAT = listing("top/img/1.png", "top/img/2.png", "top/img/3.png", "top/labels.csv", "top/notes.txt")
TWO = ("file,label,patient", "img/2.png,dog,p1", "img/1.png,cat,p1")


def test_a_labels_csv_says_which_images_are_used():
    assert arranged(FLAT, labels=csv(*TWO)) == [
        Entry(name="top/img/1.png", source="img/1.png", label="cat", group=None, test=False),
        Entry(name="top/img/2.png", source="img/2.png", label="dog", group=None, test=False),
    ]


def test_the_data_root_is_the_folder_that_the_paths_in_the_csv_start_from():
    for prefix in ("", "img/", "top/img/"):
        entries = arranged(FLAT, labels=csv("file,label", f"{prefix}1.png,cat", f"{prefix}2.png,dog"))
        assert [(e.name, e.source) for e in entries] == [
            ("top/img/1.png", f"{prefix}1.png"),
            ("top/img/2.png", f"{prefix}2.png"),
        ]


def test_groups_of_a_labels_csv():
    labels = csv(*TWO)
    assert [e.group for e in arranged(FLAT, "csv:patient", labels=labels)] == ["p1", "p1"]
    assert [e.group for e in arranged(FLAT, r"regex:(\d)\.png$", labels=labels)] == ["1", "2"]
    assert [e.group for e in arranged(FLAT, "parent", labels=labels)] == ["img", "img"]


def test_a_column_or_a_group_that_is_not_there_is_told():
    with pytest.raises(UserError, match=r"^data.groups: data.labels has no column 'object'; it has file, label, pat"):
        arranged(FLAT, "csv:object", labels=csv(*TWO))
    with pytest.raises(UserError, match=r"^img/2.png: its cell in the column patient of data.labels is empty"):
        arranged(FLAT, "csv:patient", labels=csv("file,label,patient", "img/1.png,cat,p1", "img/2.png,dog,"))
    with pytest.raises(UserError, match=r"^1.png: data.groups: parent needs a folder around it"):
        arranged(FLAT, "parent", labels=csv("file,label", "1.png,cat", "2.png,dog"))


def test_a_group_that_is_no_line_of_text_is_told():
    labels = csv("file,label,patient", "img/1.png,cat,p1", 'img/2.png,dog,"p\r2"')
    told = r"^img/2.png: its cell in the column patient of data.labels is 'p\\r2', which holds a line break"
    with pytest.raises(UserError, match=told):
        arranged(FLAT, "csv:patient", labels=labels)
    assert len(arranged(FLAT, labels=labels)) == 2  # a column of remarks may


def test_an_official_test_set_of_a_labels_csv():
    four = listing(*(f"{n}.png" for n in range(4)))
    labels = csv("file,label,test", "0.png,cat,0", "1.png,cat,1", "2.png,dog,1", "3.png,dog,0")
    entries = arranged(four, method="official", labels=labels)
    assert [(e.source, e.test) for e in entries] == [
        ("0.png", False),
        ("1.png", True),
        ("2.png", True),
        ("3.png", False),
    ]
    with pytest.raises(UserError, match=r"^data.test.method: stratified would seal .* column test; set it to official"):
        arranged(four, method="stratified", labels=labels)
    with pytest.raises(UserError, match=r"^data.test.method: official needs a column test in data.labels"):
        arranged(four, method="official", labels=csv("file,label", "0.png,cat", "3.png,dog"))


def test_a_listed_class_on_one_side_only_is_named():
    three = listing(*(f"{n}.png" for n in range(3)))
    with pytest.raises(UserError, match=r"^dog: this class is in test but not in train"):
        arranged(three, method="official", labels=csv("file,label,test", "0.png,cat,0", "1.png,cat,1", "2.png,dog,1"))


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("img/4.png", "is not there"),
        ("../top/img/3.png", "is not there"),
        ("/img/3.png", "is not there"),
        ("IMG/3.png", "is not there"),
        ("img", "is not there"),
        ("notes.txt", "has not the name of an image"),
    ],
)
def test_a_listed_file_that_is_no_image_is_named(file, told):
    line = f"{file},cat,p2"
    for lines in ((*TWO, line), (TWO[0], line, *TWO[1:])):
        with pytest.raises(UserError, match=rf"^data.labels: {file} {told}; correct its line or remove it"):
            arranged(FLAT, labels=csv(*lines))


def test_a_listed_single_class_is_named():
    with pytest.raises(UserError, match=r"^cat: the only class"):
        arranged(FLAT, labels=csv("file,label", "img/1.png,cat"))


def test_a_labels_csv_is_found_below_the_folder_that_wraps_all():
    assert find_labels(FLAT, "labels.csv") == "top/labels.csv"
    assert find_labels(FLAT, "./top/labels.csv") == "top/labels.csv"
    assert find_labels(listing("labels.csv", "top/labels.csv", "top/1.png"), "labels.csv") == "labels.csv"
    with pytest.raises(
        UserError, match=r"^data.labels: no list.csv in the source \(the CSV files are top/labels.csv\)"
    ):
        find_labels(FLAT, "list.csv")
    with pytest.raises(UserError, match=r"^data.labels: no list.csv in the source \(it holds no CSV file\)"):
        find_labels(listing("cat/1.png"), "list.csv")
