"""The files of the quality stage: what samples are worth, and which snapshot is the best."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ganaug.io import atomic, read_json, save_tensors
from ganaug.quality.fid import fid
from ganaug.quality.kid import Features, kid
from ganaug.records import origins, write_record

# What `ganaug.gan.generators.save_generators` writes of a GAN that left none.
NO_GENERATORS = {"made": json.dumps({"labels": [], "generators": 0})}


def measure(
    *, train: str, validation: str, samples: Mapping[str, str], network: str, code: str, out: Mapping[str, str]
) -> None:
    """Compare sets of samples with the real training and validation images.

    Every feature is scaled to mean 0 and variance 1 over the training images, since each repeat has a network of its
    own, and KID depends on the scale.

    Args:
        train, validation: ``.npy`` files of features (float32, N x d) of real images.
        samples: such files by name.
        network, code: what made the features, in words, and the digest of the code.
        out: the outputs by the names in ``samples``.
    """
    scale = _scale(np.load(train))
    real = {"train": scale(np.load(train)), "validation": scale(np.load(validation))}
    for name, path in samples.items():
        made = scale(np.load(path))
        sides = {side: _compared(images, made) for side, images in real.items()}
        _write(out[name], sides, inputs=[train, validation, path], network=network, code=code)


def measure_floor(*, train: str, validation: str, network: str, code: str, out: str) -> None:
    """Compare training with validation images, scaled as by `measure`: what a perfect GAN could reach."""
    scale = _scale(np.load(train))
    floor = _compared(scale(np.load(train)), scale(np.load(validation)))
    _write(out, {"validation": floor}, inputs=[train, validation], network=network, code=code)


def _write(path: str, sides: Mapping[str, Any], *, inputs: Sequence[str], network: str, code: str) -> None:
    made_from = origins(inputs=inputs, config={"network": network}, code=code, seeds={})
    write_record(path, facts=sides, made_from=made_from, outputs=[])


def _scale(train: Features) -> Callable[[Features], Features]:
    """What brings features to mean 0 and variance 1 over ``train``; those that never vary there are only shifted."""
    if not len(train):
        return lambda features: features
    mean, std = train.mean(axis=0), train.std(axis=0)
    return lambda features: (features - mean) / np.where(std > 0, std, 1) if len(features) else features


def _compared(real: Features, made: Features) -> dict[str, Any]:
    """KID and FID of two sets, or why there is none."""
    entry: dict[str, Any] = {"n_real": len(real), "n_made": len(made), "kid": None, "fid": None, "reason": None}
    for name, distance in (("kid", kid), ("fid", fid)):
        try:
            entry[name] = distance(real, made)
        except ValueError as error:
            entry["reason"] = entry["reason"] or str(error)
    return entry


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
