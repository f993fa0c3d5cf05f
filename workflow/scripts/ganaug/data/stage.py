"""The data stage: decode everything once, seal the test set, check it, and write image sets and the report."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ganaug.config import Data
from ganaug.data.archive import list_archive, read_archive
from ganaug.data.decode import Reader, Target, target_for, try_load
from ganaug.data.digits import list_digits, read_digits
from ganaug.data.fingerprint import PREPROCESS_KEYS, check_unchanged
from ganaug.data.groups import joined
from ganaug.data.integrity import Nearest, Neighbours, check_sealed, neighbours, repeated
from ganaug.data.labels import parse_labels
from ganaug.data.layout import Entry, LeftOut, arrange, find_labels, left_out
from ganaug.data.pool import Decoded, decode
from ganaug.data.published import open_published
from ganaug.data.sources import PUBLISHED, list_folder, mirror, read_folder, resolve_archive, resolve_folder
from ganaug.data.splits import Mask, seal
from ganaug.errors import UserError
from ganaug.images import IndexRow, counts_of, labels_of, save_images, save_index
from ganaug.io import digest, write_json

PAIRS_SHOWN = 50
SCRATCH = ".tmp-preprocess-"

Held = TypeVar("Held")
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Whole:
    """Every image of a source, decoded, and which of them could be read.

    Attributes:
        decoded: all that the source lists.
        target: what they were made into.
        rows: those of ``decoded`` that could be read, sorted by label and source.
        index: what is known of each of ``rows``.
        official: which of ``rows`` lie in the source's own test folder.
        joined: groups of the source that became part of another one, as they share an image with it.
        skipped: the files that could not be read, each with the reason.
        left_out: the files that are no images or not listed.
    """

    decoded: Decoded
    target: Target
    rows: Rows
    index: list[IndexRow]
    official: Mask
    joined: dict[str, str]
    skipped: list[dict[str, str]]
    left_out: LeftOut


@dataclass(frozen=True)
class Part:
    """One division into development and test set, as rows of the whole, and what the report says of it."""

    dev: Rows
    test: Rows
    report: dict[str, Any]


def preprocess(data: Data, *, seed: int, record: Mapping[str, Any], code: str, workers: int, out: Path) -> None:
    """Make ``p{part}/{dev,test}/{images.npy,index.csv}`` and ``report.json``, and ``p{part}/leaked`` if ``data.leaky``.

    Everything is checked before anything is written, and all sets are whole before the first gets its name.

    Args:
        record: what ``data/source.json`` says of the source.
        code: the digest of this stage's code, for the report.
        workers: how many processes may decode at once, which changes no result.
        out: the folder ``data`` of the experiment.

    Raises:
        UserError: the source is missing, changed or unusable, an image cannot be read, a class lacks images, or the
            test set is not apart from the rest.
    """
    with _scratch(out) as scratch:
        whole = load(data, record, workers=workers, scratch=scratch)
        index = whole.index
        masks = seal(index, seed=seed, test=data.test, official=whole.official, joined=whole.joined)
        digests = [whole.decoded.digests[row] for row in whole.rows.tolist()]
        near = neighbours(whole.decoded.hashes[whole.rows], masks, bits=data.near_bits)
        for mask, found in zip(masks, near, strict=True):
            _check_sealed(data, index, digests, mask, found)
        parts = [
            divide(index, mask, digests, near[part], part=part, policy=data.near_duplicates, bits=data.near_bits)
            for part, mask in enumerate(masks)
        ]
        report = {
            "classes": labels_of(index),
            "image_size": whole.target.size,
            "channels": whole.target.channels,
            "resize": whole.target.describe(),
            "background": data.background,
            "sizes": _sizes(whole.decoded.sizes[whole.rows[parts[0].dev]]),
            "skipped": whole.skipped,
            "left_out": asdict(whole.left_out),
            "joined": whole.joined,
            "parts": [part.report for part in parts],
            "source": dict(record),
            "config": {key: value for key, value in asdict(data).items() if key in PREPROCESS_KEYS},
            "seed": seed,
            "code": code,
        }
        _write(whole, parts, report, leaky=data.leaky, scratch=scratch, out=out)


@contextmanager
def _scratch(out: Path) -> Iterator[Path]:
    """A folder on the file system of ``out``, which is removed in the end; others that killed processes left, too."""
    out.mkdir(parents=True, exist_ok=True)
    for left in out.glob(f"{SCRATCH}*"):
        shutil.rmtree(left)
    with TemporaryDirectory(dir=out, prefix=SCRATCH) as folder:
        yield Path(folder)


def load(data: Data, record: Mapping[str, Any], *, workers: int, scratch: Path) -> Whole:
    """Find, read and decode the whole source into a file in the folder ``scratch``.

    Raises:
        UserError: it is missing, not what ``record`` describes, or unusable, or an image cannot be read.
    """
    check_unchanged(data, record)
    entries, read, left = _open(data)
    names = [entry.name for entry in entries]
    target = _target(data, entries, read)
    row_of = {name: row for row, name in enumerate(names)}
    contents = ((row_of[name], content) for name, content in read(names))
    sources = [entry.source for entry in entries]
    decoded = decode(
        contents,
        sources,
        target,
        grouped=not all(entry.group for entry in entries),
        workers=workers,
        out=scratch / "decoded.npy",
        skip_bad=data.on_bad == "skip",
    )
    return _readable(entries, decoded, target, left)


def _open(data: Data) -> tuple[list[Entry], Reader, LeftOut]:
    if data.source == "digits" or data.source in PUBLISHED:
        entries, reader = (list_digits(), read_digits) if data.source == "digits" else open_published(data)
        return entries, reader, LeftOut(suffixes={}, unlisted=0)
    assert data.path is not None
    read: Callable[[Collection[str]], Iterator[tuple[str, bytes]]]
    if data.source == "archive":
        root = resolve_archive(data.path, mirror(data.mirror), sha256=data.sha256)
        listing, read = list_archive(root), partial(read_archive, root)
    else:
        root = resolve_folder(data.path)
        listing, read = list_folder(root), partial(read_folder, root)
    labels = table = None
    if data.labels is not None:
        table = find_labels(listing, data.labels)
        labels = parse_labels(_one(read, table))
    entries = arrange(listing, groups=data.groups, method=data.test.method, labels=labels)
    left = left_out(listing, entries, table=table)
    return entries, partial(_paths, root) if data.source == "folder" else read, left


def _one(read: Callable[[Collection[str]], Iterator[tuple[str, Held]]], name: str) -> Held:
    """What ``name`` holds. An archive is read that far and no further: listing and decoding look at its end."""
    for _, content in read([name]):
        return content
    raise UserError(f"{name}: is gone since the source was listed; run again when nothing changes it")


def _paths(root: Path, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """The files themselves: the processes that decode them read them too."""
    for name in names:
        yield name, f"{root}/{name}"


def _target(data: Data, entries: Sequence[Entry], read: Reader) -> Target:
    """What the images become; the first readable one decides what the config leaves open."""
    if data.image_size is not None and data.channels is not None:
        return Target(
            size=data.image_size,
            channels=data.channels,
            resize=data.resize,
            background=data.background,
            model=None,
        )
    for entry in entries:
        image = try_load(_one(read, entry.name), entry.source)
        if not isinstance(image, str):
            return target_for(
                image,
                entry.source,
                image_size=data.image_size,
                channels=data.channels,
                resize=data.resize,
                background=data.background,
            )
        if data.on_bad == "fail":
            raise UserError(f"{entry.source}: cannot be read ({image}); remove it or set data.on_bad to skip")
    raise UserError("data.path: none of its images can be read; look at what the files hold")


def _readable(entries: Sequence[Entry], decoded: Decoded, target: Target, left: LeftOut) -> Whole:
    kept = [row for row in range(len(entries)) if row not in decoded.bad]
    # Images that are equal only once they are resized are equal all the same.
    own = [entries[row].group or decoded.groups[row] for row in kept]
    groups = joined(own, [decoded.digests[row] for row in kept])
    index = [
        IndexRow(label=entries[row].label, group=group, origin="real", source=entries[row].source)
        for row, group in zip(kept, groups, strict=True)
    ]
    if lost := sorted({entry.label for entry in entries} - set(labels_of(index))):
        raise UserError(f"{lost[0]}: none of the images of this class can be read; look at what the files hold")
    return Whole(
        decoded=decoded,
        target=target,
        rows=np.array(kept, dtype=np.intp),
        index=index,
        official=np.array([entries[row].test for row in kept]),
        joined={old: new for row, old, new in zip(kept, own, groups, strict=True) if entries[row].group and old != new},
        skipped=[{"file": entries[row].source, "reason": why} for row, why in decoded.bad.items()],
        left_out=left,
    )


def _check_sealed(
    data: Data, index: Sequence[IndexRow], digests: Sequence[bytes], sealed: Mask, near: Neighbours
) -> None:
    """`check_sealed`; of published images, which nobody can take out of their files, copies may be dropped instead."""
    dev, advice = ~sealed, "remove one of them"
    if data.source in PUBLISHED:
        advice = "set data.near_duplicates to drop, which leaves out the second, or try a larger data.image_size"
        if data.near_duplicates == "drop":
            dev &= near.across.row < 0
    check_sealed(index, digests, test=sealed, dev=dev, advice=advice)


def divide(
    index: Sequence[IndexRow],
    sealed: Mask,
    digests: Sequence[bytes],
    near: Neighbours,
    *,
    part: int,
    policy: str,
    bits: int,
) -> Part:
    """Divide the images into test and development set, and treat near-duplicates between them as ``policy`` says.

    In the report ``count`` is the number of test images that have a near-duplicate in the development set, ``pairs``
    the closest of them, each with its nearest, ``exact`` the number of development images that are equal to a test
    image, and ``dropped`` that of development images left out, these among them. ``within`` tells of each set, before
    any are left out, how many images have an exact or a near copy in it, and the closest pairs.

    Args:
        digests: equal for equal images.
        near: the near-duplicates of each image under this division, at most ``bits`` of 64 bits apart.

    Raises:
        UserError: the policy is ``stop`` and there are some, or ``drop`` leaves a class without images.
    """
    test, dev = np.flatnonzero(sealed), np.flatnonzero(~sealed)
    test_rows = [index[row] for row in test.tolist()]
    pairs = _pairs(index, near.across, test)
    if pairs and policy == "stop":
        raise UserError(
            f"{pairs[0][0]}: this test image is nearly the same as {pairs[0][1]} ({pairs[0][2]} of 64 bits apart), and "
            f"{len(pairs) - 1} others have such a twin; remove them or set data.near_duplicates to drop or report"
        )
    kept = dev[near.across.row[dev] < 0] if policy == "drop" else dev
    dev_rows = [index[row] for row in kept.tolist()]
    if lost := sorted(set(labels_of(test_rows)) - set(labels_of(dev_rows))):
        raise UserError(
            f"data.near_duplicates: drop leaves class {lost[0]} without images outside the test set; set it to report"
        )
    sealed_digests = {digests[row] for row in test.tolist()}
    report = {
        "part": part,
        "dev": counts_of(dev_rows),
        "test": counts_of(test_rows),
        "groups": {"dev": len({row.group for row in dev_rows}), "test": len({row.group for row in test_rows})},
        "near_duplicates": {
            "policy": policy,
            "bits": bits,
            "count": len(pairs),
            "exact": sum(digests[row] in sealed_digests for row in dev.tolist()),
            "dropped": len(dev) - len(kept),
            "pairs": pairs[:PAIRS_SHOWN],
            "within": {
                name: {
                    "exact": repeated([digests[row] for row in rows.tolist()]),
                    "near": int((near.within.row[rows] >= 0).sum()),
                    "pairs": _pairs(index, near.within, rows)[:PAIRS_SHOWN],
                }
                for name, rows in (("dev", dev), ("test", test))
            },
        },
    }
    return Part(dev=kept, test=test, report=report)


def _pairs(index: Sequence[IndexRow], nearest: Nearest, rows: Rows) -> list[tuple[str, str, int]]:
    """Each of ``rows`` that has a near-duplicate, with it and the bits that they differ in; no pair twice."""
    found = rows[nearest.row[rows] >= 0]
    there = zip(found.tolist(), nearest.row[found].tolist(), nearest.bits[found].tolist(), strict=True)
    first_of: dict[tuple[int, int], tuple[int, int, int]] = {}
    for row, other, bits in there:
        first_of.setdefault((min(row, other), max(row, other)), (bits, row, other))
    return [(index[row].source, index[other].source, bits) for bits, row, other in sorted(first_of.values())]


def _sizes(sizes: NDArray[np.int32]) -> list[tuple[int, int, int]]:
    """Width, height and number of the images that have them, the most frequent first."""
    counts = Counter(map(tuple, sizes.tolist()))
    return [(width, height, count) for (width, height), count in sorted(counts.items(), key=lambda p: (-p[1], p[0]))]


def _write(
    whole: Whole, parts: Sequence[Part], report: dict[str, Any], *, leaky: bool, scratch: Path, out: Path
) -> None:
    digests: dict[Path, str] = {}
    for part in parts:
        sets = {"dev": part.dev, "test": part.test, **({"leaked": part.test} if leaky else {})}
        for name, rows in sets.items():
            images, index = (Path(f"p{part.report['part']}", name, file) for file in ("images.npy", "index.csv"))
            digests[images] = save_images(scratch / images, whole.decoded.images, whole.rows[rows])
            save_index(scratch / index, (whole.index[row] for row in rows.tolist()))
            digests[index] = digest(scratch / index)
    report = {**report, "digests": {(out / file).as_posix(): value for file, value in digests.items()}}
    for file in digests:
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        (scratch / file).replace(out / file)
    write_json(out / "report.json", report)
