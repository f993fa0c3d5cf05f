"""The files of the quality stage: what samples are worth, and which snapshot is the best."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ganaug.images import labels_of, open_index, open_split
from ganaug.io import atomic, read_json, save_tensors
from ganaug.quality.kid import Features
from ganaug.quality.measures import SETTINGS, compared, copies, floors, guessed
from ganaug.records import origins, write_record
from ganaug.seeds import derive

# What `ganaug.gan.generators.save_generators` writes of a GAN that left none.
NO_GENERATORS = {"made": json.dumps({"labels": [], "generators": 0})}


@dataclass(frozen=True)
class Guesses:
    """What a classifier that was trained on real images makes of samples.

    Attributes:
        probabilities: ``.npy`` files (float32, N x classes), by the name of the set.
        indexes: the ``index.csv`` of each set, which tells the class that the GAN was asked for.
        held: such a file of the validation images.
        split: ``data/r{r}.csv``, whose classes are the columns.
    """

    probabilities: Mapping[str, str]
    indexes: Mapping[str, str]
    held: str
    split: str


def measure(
    *,
    train: str,
    validation: str,
    samples: Mapping[str, str],
    network: str,
    repeat: int,
    root: int,
    code: str,
    out: Mapping[str, str],
    guesses: Guesses | None = None,
    scaled: bool = True,
    weights: str | None = None,
) -> None:
    """Compare sets of samples with the real training and validation images.

    Where ``scaled``, every feature is brought to mean 0 and variance 1 over the training images: each repeat then has a
    network of its own, and KID depends on the scale. A record holds, of each set, the sides ``train`` and
    ``validation`` (see `ganaug.quality.measures.compared`), ``floor`` (`floors`), ``memorisation`` (`copies`), and
    where there are any ``guesses`` (`guessed`).

    Args:
        train, validation: ``.npy`` files of features (float32, N x d) of real images.
        samples: such files by name.
        network, code: what made the features, in words, and the digest of the code.
        repeat, root: the repeat and the experiment's seed; all sets of a repeat share their draws of real images.
        out: the outputs by the names in ``samples``.
        guesses: None leaves out what needs class probabilities.
        scaled: False takes the features as they are, as FID and KID of a published network are compared.
        weights: what `ganaug.data.fetch.fetch_weights` wrote; where it says why there are none, that is the reason for
            every number that is missing.
    """
    seed = derive(root, "quality", repeat)
    scale = _scale(np.load(train) if scaled else None)
    real = {"train": scale(np.load(train)), "validation": scale(np.load(validation))}
    for name, path in samples.items():
        made = scale(np.load(path))
        facts: dict[str, Any] = {side: compared(images, made, seed=seed) for side, images in real.items()}
        facts["floor"] = floors(real["train"], real["validation"], made, seed=seed)
        facts["memorisation"] = copies(real["train"], real["validation"], made, seed=seed)
        inputs = [train, validation, path]
        if guesses:
            facts["guesses"] = guessed(
                np.load(guesses.probabilities[name]),
                [row.label for row in open_index(guesses.indexes[name])],
                held=np.load(guesses.held),
                classes=labels_of(open_split(guesses.split)),
                most=facts["floor"]["size"],
                seed=seed,
            )
            inputs += [guesses.probabilities[name], guesses.indexes[name], guesses.held, guesses.split]
        _write(out[name], facts, inputs=inputs, network=network, code=code, seed=seed, scaled=scaled, weights=weights)


def measure_floor(
    *,
    train: str,
    validation: str,
    network: str,
    repeat: int,
    root: int,
    code: str,
    out: str,
    scaled: bool = True,
    weights: str | None = None,
) -> None:
    """Compare training with validation images as `measure` does: what a perfect GAN could reach."""
    seed = derive(root, "quality", repeat)
    scale = _scale(np.load(train) if scaled else None)
    facts = {"validation": compared(scale(np.load(train)), scale(np.load(validation)), seed=seed)}
    inputs = [train, validation]
    _write(out, facts, inputs=inputs, network=network, code=code, seed=seed, scaled=scaled, weights=weights)


def _write(
    path: str,
    facts: Mapping[str, Any],
    *,
    inputs: Sequence[str],
    network: str,
    code: str,
    seed: int,
    scaled: bool,
    weights: str | None,
) -> None:
    known = read_json(weights) if weights else {}
    missing = known.get("reason")
    if missing:
        facts = {part: _because(missing, found) for part, found in facts.items()}
    config = {"network": network, "scaled": scaled, "weights": known.get("digest"), **SETTINGS}
    files = [*inputs, weights] if weights else inputs
    made_from = origins(inputs=files, config=config, code=code, seeds={"quality": seed})
    write_record(path, facts=facts, made_from=made_from, outputs=[], reason=missing)


def _because(missing: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers of a set whose features are missing: not that there are few images is the reason, but ``missing``."""
    told = {"reasons": dict.fromkeys(found["reasons"], missing)}
    return {**found, **told, **({"reason": missing} if "reason" in found else {})}


def _scale(train: Features | None) -> Callable[[Features], Features]:
    """What brings features to mean 0 and variance 1 over ``train``; those that never vary there are only shifted.

    Without any to scale by they stay as they are.
    """
    if train is None or not len(train):
        return lambda features: features
    mean, std = train.mean(axis=0), train.std(axis=0)
    return lambda features: (features - mean) / np.where(std > 0, std, 1) if len(features) else features


def pick(
    *,
    measured: Mapping[str, str],
    generators: Mapping[str, Sequence[str]],
    code: str,
    out: Sequence[str],
    choice: str,
) -> None:
    """Copy the generators of the snapshot with the lowest KID against the *training* images; ties go to the earlier.

    A snapshot that a GAN did not reach has no KID and loses to any other. Where no snapshot has one there is no best:
    the files then hold no generators, as where a GAN diverged, and the record says ``failed`` and why.

    Args:
        measured: what `measure` wrote, by snapshot, in the order of training.
        generators: the files of each snapshot, one a job of the GAN.
        code: digest of the code.
        out: where the best snapshot's files are copied to.
        choice: the record that names it, with the KID of every snapshot.
    """
    sides = {snap: read_json(path)["train"] for snap, path in measured.items()}
    found = {snap: side["kid"] for snap, side in sides.items()}
    known = {snap: kid for snap, kid in found.items() if kid is not None}
    best = min(known, key=lambda snap: known[snap]) if known else None
    if best is None:
        for copy in out:
            save_tensors(copy, {}, NO_GENERATORS)
    else:
        for source, copy in zip(generators[best], out, strict=True):
            with atomic(copy) as temporary:
                shutil.copyfile(source, temporary)
    why = ", ".join(sorted({side["reason"] for side in sides.values() if side["reason"]}))
    write_record(
        choice,
        facts={"best": best, "kid": found},
        made_from=origins(
            inputs=[*measured.values(), *(path for files in generators.values() for path in files)],
            config={"snapshots": list(measured)},
            code=code,
            seeds={},
        ),
        outputs=out,
        reason=None if best else f"no snapshot has a KID to be the best by ({why})",
    )
