"""The files of sampling: the images of every class from one snapshot of a GAN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from ganaug.amounts import amounts_of, draw_of
from ganaug.compute import prepare
from ganaug.config import Compute, Gan
from ganaug.gan.generators import Maker, gan_seed, open_generators
from ganaug.gan.sampling import Draw, sample
from ganaug.images import ImageFiles, IndexRow, Pixels, open_images, open_split, role_counts, save_image_set
from ganaug.io import read_json
from ganaug.records import origins, write_record
from ganaug.seeds import derive


def sample_set(
    *,
    name: str,
    gan: Gan,
    amount: str,
    repeat: int,
    root: int,
    split: str,
    dev: str,
    generators: Sequence[str],
    records: Sequence[str],
    compute: Compute,
    code: str,
    out: ImageFiles,
    record: str,
) -> None:
    """Draw the samples of every class from one snapshot and write them as an image set.

    If a GAN of the repeat diverged the set is empty and its record says ``failed`` and why.

    Args:
        name: the GAN's name in the config.
        amount: see `ganaug.amounts.amount_label`.
        split, dev: ``data/r{r}.csv``, whose training images a ratio counts, and the ``images.npy`` it points into.
        generators, records: of all jobs of the GAN in this repeat, and of the choice where it is the best snapshot.
        out, record: the outputs.
    """
    device = prepare(compute)
    size, channels = open_images(dev).shape[2:]
    counts = amounts_of(amount, role_counts(open_split(split), "train"))
    seeds = {label: derive(root, "sample", repeat, label) for label in counts}
    made_from = origins(
        inputs=[*generators, split],
        config={**asdict(gan), "amount": amount, "precision": compute.precision, "threads": compute.threads},
        code=code,
        seeds=seeds,
    )
    reasons = [status["reason"] for status in map(read_json, records) if status["reason"]]
    makers: dict[str, Maker] = {}
    for path in generators:
        makers |= open_generators(path, gan, size=size, channels=channels, device=device)
    truncation, mix = draw_of(amount)
    pictures: list[Pixels] = []
    index: list[IndexRow] = []
    # A snapshot that every class reached before a later divergence is a sound one.
    usable = sorted(makers) == sorted(seeds)
    for label in sorted(makers) if usable else []:
        seed = str(gan_seed(gan, root=root, repeat=repeat, label=label))
        pictures.append(
            sample(
                makers[label].generator,
                gan,
                seed=seeds[label],
                count=counts[label],
                device=device,
                label=makers[label].label,
                draw=Draw(truncation=truncation, mix=mix),
            )
        )
        index += [
            IndexRow(label, f"{name}/{label}/{i}", "gan", f"{name}/{label}/{i}", name, seed, str(i))
            for i in range(counts[label])
        ]
    empty = np.empty((0, size, size, channels), dtype=np.uint8)
    save_image_set(out.images, out.index, np.concatenate(pictures) if pictures else empty, index)
    reason = None if usable else f"GAN {name}: {'; '.join(reasons)}"
    write_record(
        record,
        facts={"gan": name, "amount": amount},
        made_from=made_from,
        outputs=[out.images, out.index],
        reason=reason,
    )
