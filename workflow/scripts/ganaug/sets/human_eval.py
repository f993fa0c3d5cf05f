"""A page that asks a person which of two images is real, and the key to it, which the page does not hold."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from ganaug.amounts import draw_of
from ganaug.errors import UserError
from ganaug.images import ImageFiles, ImageSet, Pixels, SplitRow, labels_of, open_image_set, open_images, open_split
from ganaug.io import digest_value, write_json, write_text
from ganaug.records import origins
from ganaug.seeds import derive, numpy_generator
from ganaug.templates import html_templates

PAIRS = 50


@dataclass(frozen=True)
class Drawn:
    """Samples that are shown, as one of the arms uses them.

    Attributes:
        gan, snap, amount: as they stand in file names.
        files: the samples of repeat 0.
        record: the JSON beside them.
    """

    gan: str
    snap: str
    amount: str
    files: ImageFiles
    record: str


@dataclass(frozen=True)
class Pair:
    """A real image and a sample of the same class.

    Attributes:
        label: their class.
        drawn: which of the sets of samples it is from.
        real: row of the real image in the development images.
        sample: row of the sample in its set.
        side: where the real image stands.
    """

    label: str
    drawn: int
    real: int
    sample: int
    side: Literal["left", "right"]


def make_human_eval(
    *,
    experiment: str,
    split: str,
    dev: str,
    samples: Sequence[Drawn],
    root: int,
    code: str,
    page: str,
    key: str,
) -> None:
    """Write the page and its key.

    Args:
        experiment: its name, which the page shows.
        split, dev: ``data/r0.csv``, whose training and validation images are shown, and the ``images.npy`` of the
            development images. No test image is in either.
        samples: the sets of samples that the generated images are from; those of a GAN that failed are left out.
        root: the experiment's seed.
        code: digest of the code.
        page, key: the outputs.

    Raises:
        UserError: no GAN left samples of a class that has real images.
    """
    rows = open_split(split)
    images = open_images(dev)
    sets = [open_image_set(one.files.images, one.files.index) for one in samples]
    seed = derive(root, "human")
    pairs = choose_pairs(rows, sets, seed=seed, most=PAIRS)
    if not pairs:
        raise UserError(
            f"{samples[0].files.images}: no samples to show, since the GAN failed; {samples[0].record} tells why, "
            "use another GAN or snapshot"
        )
    sources = {row.row: row.source for row in rows}
    shown: list[tuple[str, str]] = []
    listed: list[dict[str, Any]] = []
    for number, pair in enumerate(pairs, start=1):
        both = [png(images[pair.real]), png(sets[pair.drawn].images[pair.sample])]
        left, right = both if pair.side == "left" else both[::-1]
        shown.append((left, right))
        one = samples[pair.drawn]
        truncation, mix = draw_of(one.amount)
        listed.append(
            {
                "pair": number,
                "class": pair.label,
                "real": pair.side,
                "gan": one.gan,
                "snapshot": one.snap,
                "truncation": truncation,
                "mix": mix,
                "source": sources[pair.real],
                "sample": sets[pair.drawn].index[pair.sample].source,
            }
        )
    # Of what is asked alone, so that answers stay good when the page is only worded or coloured anew.
    identity = digest_value([experiment, listed, shown])
    made_from = origins(
        inputs=[split, *(one.record for one in samples)], config={"pairs": PAIRS}, code=code, seeds={"human": seed}
    )
    empty = [f"{one.gan} ({one.snap})" for one, found in zip(samples, sets, strict=True) if not len(found)]
    write_text(page, render(experiment=experiment, identity=identity, pairs=shown))
    write_json(
        key,
        {
            "experiment": experiment,
            "page": identity,
            "wanted": PAIRS,
            "without_samples": empty,
            "pairs": listed,
            **made_from.as_dict(),
        },
    )


def choose_pairs(rows: Sequence[SplitRow], sets: Sequence[ImageSet], *, seed: int, most: int) -> list[Pair]:
    """At most ``most`` pairs of one class each, in the order shown; no image is in two of them.

    Classes take turns, and each turn takes the set of samples with the fewest pairs so far. Fewer pairs than ``most``
    mean that real images or samples are used up. The sides are thrown as a coin: a rater who counts learns nothing.
    """
    rng = numpy_generator(seed)
    labels = labels_of(rows)
    real = {label: [row.row for row in rows if row.label == label] for label in labels}
    made = [{label: [k for k, row in enumerate(one.index) if row.label == label] for label in labels} for one in sets]
    for pool in [real, *made]:
        for own in pool.values():
            rng.shuffle(own)
    found: list[Pair] = []
    taken = [0] * len(sets)
    while len(found) < most:
        before = len(found)
        for k in rng.permutation(len(labels)):
            label = labels[k]
            left = [i for i, pool in enumerate(made) if pool[label]]
            if len(found) < most and real[label] and left:
                chosen = min(left, key=lambda i: taken[i])
                taken[chosen] += 1
                found.append(Pair(label, chosen, real[label].pop(), made[chosen][label].pop(), side="left"))
        if len(found) == before:
            break
    order, heads = rng.permutation(len(found)), rng.integers(2, size=len(found))
    return [replace(found[i], side="right") if head else found[i] for i, head in zip(order, heads, strict=True)]


def png(image: Pixels) -> str:
    """An H x W x C uint8 image (1 or 3 channels) as PNG in base64.

    It is not compressed, and has no metadata: all images of one shape have files of one length, so that the length,
    which is smaller for smoother images, tells nothing.
    """
    from PIL import Image

    with BytesIO() as file:
        Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(file, format="PNG", compress_level=0)
        return base64.b64encode(file.getvalue()).decode("ascii")


def render(*, experiment: str, identity: str, pairs: Sequence[tuple[str, str]]) -> str:
    """The page: it may load nothing, and run no other script than its own.

    Args:
        experiment: its name.
        identity: digest of the pairs and their key, which the answers repeat.
        pairs: of each pair the left and the right image, as `png` has them.
    """
    environment = html_templates(Path(__file__).parent)
    style, script = (environment.get_template(f"human_eval.{part}.j2").render() for part in ("css", "js"))
    return environment.get_template("human_eval.html.j2").render(
        experiment=experiment,
        wanted=PAIRS,
        count=len(pairs),
        study={"experiment": experiment, "page": identity, "pairs": pairs},
        style=style,
        script=script,
        style_hash=_source(style),
        script_hash=_source(script),
    )


def _source(text: str) -> str:
    """An inline text as a content security policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"
