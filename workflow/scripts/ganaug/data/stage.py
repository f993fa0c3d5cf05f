"""The data stage: decode everything once, seal the test set, check it, and write image sets and the report."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.config import Data
from ganaug.data.archive import list_archive, read_archive
from ganaug.data.decode import RESIZE, Decoded, Target, decode, target_for, try_load
from ganaug.data.digits import list_digits, read_digits
from ganaug.data.fingerprint import PREPROCESS_KEYS, fingerprint
from ganaug.data.integrity import NEAR_BITS, Hashes, check_sealed, near_duplicates, perceptual_hashes, pixel_digests
from ganaug.data.layout import Entry, arrange
from ganaug.data.sources import list_folder, mirror, read_folder, resolve_archive, resolve_folder
from ganaug.data.splits import Mask, seal
from ganaug.errors import UserError
from ganaug.images import ImageSet, IndexRow, labels_of, save_image_set
from ganaug.io import digest, write_json

PAIRS_SHOWN = 50
SCRATCH = ".tmp-preprocess-"

Reader = Callable[[Collection[str]], Iterator[tuple[str, bytes]]]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Whole:
    """Every readable image of a source.

    Attributes:
        images: sorted by label and source.
        official: which of them lie in the source's own test folder.
        skipped: the files that could not be read, each with the reason.
    """

    images: ImageSet
    official: Mask
    skipped: list[dict[str, str]]


@dataclass(frozen=True)
class Part:
    """One division into development and test set, as rows of the whole, and what the report says of it."""

    dev: Rows
    test: Rows
    report: dict[str, Any]


def preprocess(data: Data, *, seed: int, record: Mapping[str, Any], code: str, out: Path) -> None:
    """Make ``p{part}/{dev,test}/{images.npy,index.csv}`` and ``report.json``, and ``p{part}/leaked`` if ``data.leaky``.

    Everything is checked before anything is written, and all sets are whole before the first gets its name.

    Args:
        record: what ``data/source.json`` says of the source.
        code: the digest of this stage's code, for the report.
        out: the folder ``data`` of the experiment.

    Raises:
        UserError: the source is missing, changed or unusable, an image cannot be read, a class lacks images, or the
            test set is not apart from the rest.
    """
    whole = load(data, record)
    images, index = whole.images.images, whole.images.index
    masks = seal(index, seed=seed, test=data.test, official=whole.official)
    digests = pixel_digests(images)
    for mask in masks:
        check_sealed(index, digests, mask)
    hashes = perceptual_hashes(images)
    parts = [divide(index, mask, hashes, part=part, policy=data.near_duplicates) for part, mask in enumerate(masks)]
    report = {
        "classes": labels_of(index),
        "image_size": images.shape[1],
        "channels": images.shape[3],
        "resize": RESIZE,
        "skipped": whole.skipped,
        "parts": [part.report for part in parts],
        "source": dict(record),
        "config": {key: value for key, value in asdict(data).items() if key in PREPROCESS_KEYS},
        "seed": seed,
        "code": code,
    }
    _write(whole.images, parts, report, leaky=data.leaky, out=out)


def load(data: Data, record: Mapping[str, Any]) -> Whole:
    """Find, read and decode the whole source.

    Raises:
        UserError: it is missing, not what ``record`` describes, or unusable, or an image cannot be read.
    """
    entries, read = _open(data, record)
    if fingerprint(data) != record["fingerprint"]:
        raise UserError(
            f"data.source: the {data.source} is not what data/source.json recorded; delete that file and run again"
        )
    names = [entry.name for entry in entries]
    target = _target(data, entries, read)
    row_of = {name: row for row, name in enumerate(names)}
    contents = ((row_of[name], content) for name, content in read(names))
    decoded = decode(contents, [entry.source for entry in entries], target, skip_bad=data.on_bad == "skip")
    return _readable(entries, decoded)


def _open(data: Data, record: Mapping[str, Any]) -> tuple[list[Entry], Reader]:
    if data.source == "digits":
        return list_digits(), read_digits
    assert data.path is not None
    if data.source == "archive":
        root = resolve_archive(data.path, mirror(), sha256=record["sha256"])
        listing, read = list_archive(root), partial(read_archive, root)
    else:
        root = resolve_folder(data.path)
        listing, read = list_folder(root), partial(read_folder, root)
    return arrange(listing, groups=data.groups, method=data.test.method), read


def _target(data: Data, entries: Sequence[Entry], read: Reader) -> Target:
    """What the images become; the first readable one decides what the config leaves open."""
    if data.image_size is not None and data.channels is not None:
        return Target(size=data.image_size, channels=data.channels, model=None)
    for entry in entries:
        [(_, content)] = read([entry.name])
        image = try_load(content)
        if not isinstance(image, str):
            return target_for(image, entry.source, image_size=data.image_size, channels=data.channels)
        if data.on_bad == "fail":
            raise UserError(f"{entry.source}: cannot be read ({image}); remove it or set data.on_bad to skip")
    raise UserError("data.path: none of its images can be read; look at what the files hold")


def _readable(entries: Sequence[Entry], decoded: Decoded) -> Whole:
    kept = [row for row in range(len(entries)) if row not in decoded.bad]
    index = [
        IndexRow(
            label=entries[row].label,
            group=entries[row].group or decoded.groups[row],
            origin="real",
            source=entries[row].source,
        )
        for row in kept
    ]
    if lost := sorted({entry.label for entry in entries} - set(labels_of(index))):
        raise UserError(f"{lost[0]}: none of the images of this class can be read; look at what the files hold")
    return Whole(
        images=ImageSet(images=decoded.images[kept] if decoded.bad else decoded.images, index=index),
        official=np.array([entries[row].test for row in kept]),
        skipped=[{"file": entries[row].source, "reason": why} for row, why in decoded.bad.items()],
    )


def divide(index: Sequence[IndexRow], sealed: Mask, hashes: Hashes, *, part: int, policy: str) -> Part:
    """Divide the images into test and development set, and treat near-duplicates between them as ``policy`` says.

    In the report ``count`` is the number of test images that have a near-duplicate in the development set, ``pairs``
    the closest of them, each with its nearest, and ``dropped`` the number of development images left out.

    Raises:
        UserError: the policy is ``stop`` and there are some, or ``drop`` leaves a class without images.
    """
    test, dev = np.flatnonzero(sealed), np.flatnonzero(~sealed)
    test_rows = [index[row] for row in test.tolist()]
    near = near_duplicates(hashes[test], hashes[dev])
    pairs = [[test_rows[a].source, index[int(dev[b])].source, bits] for a, b, bits in near.pairs]
    if pairs and policy == "stop":
        raise UserError(
            f"{pairs[0][0]}: this test image is nearly the same as {pairs[0][1]} ({pairs[0][2]} of 64 bits apart), and "
            f"{len(pairs) - 1} others have such a twin; remove them or set data.near_duplicates to drop or report"
        )
    kept = dev[~near.development] if policy == "drop" else dev
    dev_rows = [index[row] for row in kept.tolist()]
    if lost := sorted(set(labels_of(test_rows)) - set(labels_of(dev_rows))):
        raise UserError(
            f"data.near_duplicates: drop leaves class {lost[0]} without images outside the test set; set it to report"
        )
    report = {
        "part": part,
        "dev": _counts(dev_rows),
        "test": _counts(test_rows),
        "groups": {"dev": len({row.group for row in dev_rows}), "test": len({row.group for row in test_rows})},
        "near_duplicates": {
            "policy": policy,
            "bits": NEAR_BITS,
            "count": len(pairs),
            "dropped": len(dev) - len(kept),
            "pairs": pairs[:PAIRS_SHOWN],
        },
    }
    return Part(dev=kept, test=test, report=report)


def _counts(rows: Sequence[IndexRow]) -> dict[str, int]:
    return dict(sorted(Counter(row.label for row in rows).items()))


def _write(whole: ImageSet, parts: Sequence[Part], report: dict[str, Any], *, leaky: bool, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for left in out.glob(f"{SCRATCH}*"):  # by a process that was killed
        shutil.rmtree(left)
    with TemporaryDirectory(dir=out, prefix=SCRATCH) as folder:
        scratch = Path(folder)
        files: list[Path] = []
        for part in parts:
            sets = {"dev": part.dev, "test": part.test, **({"leaked": part.test} if leaky else {})}
            for name, rows in sets.items():
                images, index = (Path(f"p{part.report['part']}", name, file) for file in ("images.npy", "index.csv"))
                save_image_set(
                    scratch / images, scratch / index, whole.images[rows], [whole.index[row] for row in rows]
                )
                files += [images, index]
        report = {**report, "digests": {(out / file).as_posix(): digest(scratch / file) for file in files}}
        for file in files:
            (out / file).parent.mkdir(parents=True, exist_ok=True)
            (scratch / file).replace(out / file)
    write_json(out / "report.json", report)
