"""From the names in a folder or archive to classes, groups and the official test set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ganaug.data.sources import Listing, is_hidden, is_image
from ganaug.errors import UserError

OFFICIAL = frozenset({"train", "test"})


@dataclass(frozen=True)
class Entry:
    """One image of the source, before it is read.

    Attributes:
        name: its path in the folder or archive.
        source: its path below the data root, which is the innermost folder that holds everything.
        label: class name.
        group: the object it shows, as ``class/object``, or None without groups.
        test: whether it lies in the official test folder; False where there is none.
    """

    name: str
    source: str
    label: str
    group: str | None
    test: bool


def arrange(listing: Listing, *, groups: Literal["parent"] | None, method: Literal["hash", "official"]) -> list[Entry]:
    """The images of a listing, sorted by label and source.

    Class folders stand at the top, or inside train/ and test/, both below any number of folders that wrap
    everything. Hidden files and whatever has no image suffix are left out.

    Raises:
        UserError: no images, fewer than two classes, an image in no class folder or (with groups) in no object
            folder, a class without images, or one on one side of an official split only; or there are train/ and
            test/ and ``method`` is not ``official``, or the other way round.
    """
    images = [name for name in listing.files if is_image(name)]
    folders = [name for name in listing.folders if not is_hidden(name)]
    if not images:
        raise UserError("data.path: holds no images; put class folders with images there")
    for name in images:
        _check_text(name)
    paths = {name: tuple(name.split("/")) for name in images}
    folder_paths = [tuple(name.split("/")) for name in folders]
    depth = _root_depth([*paths.values(), *folder_paths], spare=min(map(len, paths.values())) - (3 if groups else 2))
    below = {name: path[depth:] for name, path in paths.items()}
    folder_parts = [path[depth:] for path in folder_paths if len(path) > depth]
    tops = {parts[0] for parts in folder_parts}
    official = method == "official"
    _check_tops(tops, official=official)
    entries = [_entry(name, parts, official=official, groups=groups) for name, parts in below.items()]
    _check_classes(entries, folder_parts, official=official)
    return sorted(entries, key=lambda entry: (entry.label, entry.source))


def _check_text(name: str) -> None:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise UserError(f"{name!a}: a file name that is not UTF-8; rename it") from None


def _root_depth(paths: Sequence[tuple[str, ...]], *, spare: int) -> int:
    """How many folders, at most ``spare``, wrap everything."""
    depth = 0
    while depth < spare and len({path[depth] for path in paths if len(path) > depth}) == 1:
        depth += 1
    return depth


def _check_tops(tops: set[str], *, official: bool) -> None:
    """Whether the folders at the top are train and test, and no others, if and only if the split is ``official``."""
    divided = tops >= OFFICIAL
    if divided and not official:
        # Pooled and sealed anew, the verdict would be on a test set that is not the one its owner has in mind.
        raise UserError(
            "data.test.method: hash would seal a new test set, and the images have folders train and test; set it to "
            "official, or move the images of both into the same class folders"
        )
    if official and not divided:
        raise UserError("data.test.method: official needs folders train and test; add them, or set it to hash")
    if divided and tops != OFFICIAL:
        raise UserError(f"{min(tops - OFFICIAL)}: a folder beside train and test; move its images into one of them")


def _entry(name: str, parts: tuple[str, ...], *, official: bool, groups: Literal["parent"] | None) -> Entry:
    source = "/".join(parts)
    inner = parts[1:] if official else parts
    if len(inner) < 2:
        raise UserError(f"{source}: this image lies in no class folder; move it into one or remove it")
    if groups and len(inner) != 3:
        raise UserError(f"{source}: data.groups: parent needs class/object/image; move it or set data.groups to null")
    return Entry(
        name=name,
        source=source,
        label=inner[0],
        group="/".join(inner[:2]) if groups else None,
        test=official and parts[0] == "test",
    )


def _check_classes(entries: Sequence[Entry], folders: Sequence[tuple[str, ...]], *, official: bool) -> None:
    skip = 1 if official else 0
    filled = {tuple(entry.source.split("/")[: skip + 1]) for entry in entries}
    for folder in sorted({parts[: skip + 1] for parts in folders if len(parts) > skip}):
        if folder not in filled:
            raise UserError(f"{'/'.join(folder)}: this class folder has no images; fill it or remove it")
    if official:
        check_same_classes(
            {entry.label for entry in entries if not entry.test}, {entry.label for entry in entries if entry.test}
        )
    labels = sorted({entry.label for entry in entries})
    if len(labels) < 2:
        raise UserError(f"{labels[0]}: the only class; a classifier needs at least two class folders")


def check_same_classes(train: set[str], test: set[str]) -> None:
    """Whether an official split has every class on both sides.

    Raises:
        UserError: it has not; names the first class that is missing.
    """
    for here, there, missing in (("test", "train", test - train), ("train", "test", train - test)):
        if missing:
            raise UserError(f"{min(missing)}: this class is in {here} but not in {there}; add or remove it")
