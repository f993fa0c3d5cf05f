"""From the names in a folder or archive to classes, groups and the official test set."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ganaug.data.groups import GroupOf, grouping
from ganaug.data.labels import Labels, breaks_lines, unsafe
from ganaug.data.sources import Listing, is_hidden, is_image, shown
from ganaug.errors import UserError

OFFICIAL = frozenset({"train", "test"})
# What folders that divide the images are called, in any case.
SIDES = frozenset({"train", "training", "test", "testing", "val", "valid", "validation", "dev"})


@dataclass(frozen=True)
class Entry:
    """One image of the source, before it is read.

    Attributes:
        name: its path in the folder or archive.
        source: its path below the data root: the innermost folder that holds everything, or, with a labels CSV, the
            folder that the paths in it start from.
        label: class name.
        group: what it must not be parted from, such as the object or patient it shows; None without groups.
        test: whether it is of the official test set; False where there is none.
    """

    name: str
    source: str
    label: str
    group: str | None
    test: bool


def arrange(listing: Listing, *, groups: str | None, method: str, labels: Labels | None = None) -> list[Entry]:
    """The images of a listing, sorted by label and source.

    Without ``labels`` class folders stand at the top, or inside train/ and test/, both below any number of folders
    that wrap everything; hidden files and whatever has no image suffix are left out. With them the images are those
    that they list, wherever they lie.

    Args:
        groups, method: ``data.groups`` and ``data.test.method``.

    Raises:
        UserError: no images, fewer than two classes, a class whose name cannot be that of a folder, an image in no
            class folder or in no group, a listed file that is not there, a class without images, or one on one side
            of an official split only; or there is an official split and ``method`` is not ``official``, or the other
            way round.
    """
    images = _images(listing)
    if labels is None:
        entries = _from_folders(images, listing, method=method, groups=groups)
    else:
        entries = _from_labels(images, listing, labels, method=method, group_of=grouping(groups, labels))
    _check_classes(entries, official=method == "official")
    return sorted(entries, key=lambda entry: (entry.label, entry.source))


@dataclass(frozen=True)
class LeftOut:
    """Files that are not used, though they are not hidden.

    Attributes:
        suffixes: how many have a suffix that is not of an image, by suffix (lower case, "" for none).
        unlisted: how many have that of an image, and the labels CSV does not list them.
    """

    suffixes: dict[str, int]
    unlisted: int


def left_out(listing: Listing, entries: Sequence[Entry], *, table: str | None) -> LeftOut:
    """What of the listing is no entry; ``table`` is the labels CSV, if there is one, as ``find_labels`` names it."""
    used = {entry.name for entry in entries}
    others = [name for name in listing.files if name not in used and name != table and not is_hidden(name)]
    suffixes = Counter(posixpath.splitext(name)[1].lower() for name in others if not is_image(name))
    return LeftOut(
        suffixes={shown(suffix): suffixes[suffix] for suffix in sorted(suffixes)}, unlisted=sum(map(is_image, others))
    )


def find_labels(listing: Listing, path: str) -> str:
    """The name in the listing of the labels CSV at ``path`` below the data root.

    Raises:
        UserError: there is none.
    """
    path, there = posixpath.normpath(path), frozenset(listing.files)
    for root in _roots(_images(listing), listing):
        if root + path in there:
            return root + path
    others = [name for name in listing.files if name.lower().endswith(".csv") and not is_hidden(name)]
    has = f"the CSV files are {shown(', '.join(others[:3]))}" if others else "it holds no CSV file"
    raise UserError(f"data.labels: no {path} in the source ({has}); correct the path or add it")


def _images(listing: Listing) -> list[str]:
    images = [name for name in listing.files if is_image(name)]
    if not images:
        raise UserError("data.path: holds no images; put class folders with images there")
    for name in [*images, *(folder for folder in listing.folders if not is_hidden(folder))]:
        _check_text(name)
    return images


def _roots(images: Sequence[str], listing: Listing) -> list[str]:
    """The folders that wrap all images and folders, as prefixes of their names, the outermost, "", first."""
    paths = [tuple(name.split("/")) for name in images]
    depth = _root_depth([*paths, *_folder_paths(listing)], spare=min(map(len, paths)) - 1)
    return ["", *accumulate(f"{folder}/" for folder in paths[0][:depth])]


def _folder_paths(listing: Listing) -> list[tuple[str, ...]]:
    return [tuple(name.split("/")) for name in listing.folders if not is_hidden(name)]


def _from_labels(
    images: Sequence[str], listing: Listing, labels: Labels, *, method: str, group_of: GroupOf
) -> list[Entry]:
    official = method == "official"
    if official and not labels.official:
        raise UserError(
            "data.test.method: official needs a column test in data.labels; add it (0 or 1), or set it to hash"
        )
    if labels.official and not official:
        # As with folders train and test: the verdict would be on another test set than the owner's.
        raise UserError(
            f"data.test.method: {method} would seal a new test set, and data.labels has a column test; set it to "
            "official, or rename the column"
        )
    there, usable, first = frozenset(listing.files), frozenset(images), next(iter(labels.rows))
    root = next((root for root in _roots(images, listing) if root + first in there), "")
    for file in labels.rows:
        if root + file not in usable:
            fault = "has not the name of an image" if root + file in there else "is not there"
            raise UserError(f"data.labels: {file} {fault}; correct its line or remove it")
    return [
        Entry(
            name=root + file,
            source=file,
            label=row["label"],
            group=group_of(file),
            test=official and row["test"] == "1",
        )
        for file, row in labels.rows.items()
    ]


def _from_folders(images: Sequence[str], listing: Listing, *, method: str, groups: str | None) -> list[Entry]:
    official, parent = method == "official", groups == "parent"
    paths = {name: tuple(name.split("/")) for name in images}
    folder_paths = _folder_paths(listing)
    depth = _root_depth([*paths.values(), *folder_paths], spare=min(map(len, paths.values())) - (3 if parent else 2))
    below = {name: path[depth:] for name, path in paths.items()}
    folder_parts = [path[depth:] for path in folder_paths if len(path) > depth]
    _check_tops({parts[0] for parts in folder_parts}, method=method)
    group_of = grouping(groups, None)
    entries = [
        _entry(name, parts, official=official, parent=parent, group_of=group_of) for name, parts in below.items()
    ]
    _check_filled(below, folder_parts, depth=2 if official else 1)
    return entries


def _check_text(name: str) -> None:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise UserError(f"{name!a}: a file name that is not UTF-8; rename it") from None
    if breaks_lines(name):
        raise UserError(f"{name!a}: a file name that holds a line break or another control character; rename it")


def _root_depth(paths: Sequence[tuple[str, ...]], *, spare: int) -> int:
    """How many folders, at most ``spare``, wrap everything."""
    depth = 0
    while depth < spare and len({path[depth] for path in paths if len(path) > depth}) == 1:
        depth += 1
    return depth


def _check_tops(tops: set[str], *, method: str) -> None:
    """Whether the folders at the top are train and test, and no others, if and only if the split is ``official``."""
    divided, official = tops >= OFFICIAL, method == "official"
    if divided and not official:
        # Pooled and sealed anew, the verdict would be on a test set that is not the one its owner has in mind.
        raise UserError(
            f"data.test.method: {method} would seal a new test set, and the images have folders train and test; set it "
            "to official, or move the images of both into the same class folders"
        )
    if not divided and len(sides := sorted(top for top in tops if top.casefold() in SIDES)) > 1:
        raise UserError(
            f"{', '.join(sides)}: these folders divide the images and are no classes; rename them to train and test "
            "and set data.test.method to official, or move the images of all into the same class folders"
        )
    if official and not divided:
        raise UserError("data.test.method: official needs folders train and test; add them, or set it to hash")
    if divided and tops != OFFICIAL:
        raise UserError(f"{min(tops - OFFICIAL)}: a folder beside train and test; move its images into one of them")


def _entry(name: str, parts: tuple[str, ...], *, official: bool, parent: bool, group_of: GroupOf) -> Entry:
    source = "/".join(parts)
    inner = parts[1:] if official else parts
    if len(inner) < 2:
        raise UserError(f"{source}: this image lies in no class folder; move it into one or remove it")
    if parent and len(inner) != 3:
        raise UserError(f"{source}: data.groups: parent needs class/object/image; move it or set data.groups to null")
    return Entry(name=name, source=source, label=inner[0], group=group_of(source), test=official and parts[0] == "test")


def _check_filled(images: Mapping[str, tuple[str, ...]], folders: Sequence[tuple[str, ...]], *, depth: int) -> None:
    """Whether every class folder, ``depth`` levels below the data root, holds an image."""
    filled = {parts[:depth] for parts in images.values()}
    for folder in sorted({parts[:depth] for parts in folders if len(parts) >= depth}):
        if folder not in filled:
            raise UserError(f"{'/'.join(folder)}: this class folder has no images; fill it or remove it")


def _check_classes(entries: Sequence[Entry], *, official: bool) -> None:
    if official:
        check_same_classes(
            {entry.label for entry in entries if not entry.test}, {entry.label for entry in entries if entry.test}
        )
    names = sorted({entry.label for entry in entries})
    for name in names:
        if fault := unsafe(name):
            raise UserError(f"{name!r}: this class name {fault}; rename it")
    if len(names) < 2:
        raise UserError(f"{names[0]}: the only class; a classifier needs at least two")


def check_same_classes(train: set[str], test: set[str]) -> None:
    """Whether an official split has every class on both sides.

    Raises:
        UserError: it has not; names the first class that is missing.
    """
    for here, there, missing in (("test", "train", test - train), ("train", "test", train - test)):
        if missing:
            raise UserError(f"{min(missing)}: this class is in {here} but not in {there}; add or remove it")
