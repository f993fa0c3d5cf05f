"""Every number of one set of samples as JSON holds it, each with the reason where there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from statistics import fmean, stdev
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.quality.calibrate import Measure, calibrate
from ganaug.quality.fid import fid, fid_infinite
from ganaug.quality.gan_test import gan_test
from ganaug.quality.inception_score import inception_score
from ganaug.quality.kid import MOST as KID_ROWS
from ganaug.quality.kid import Features, kid, kid_interval
from ganaug.quality.memorisation import memorisation, within
from ganaug.quality.prdc import prdc
from ganaug.seeds import derive, numpy_generator

# By which neighbour balls end: 3 with Kynkaanniemi et al., 5 with Naeem et al.
NEIGHBOURS = {3: ("precision", "recall"), 5: ("density", "coverage")}

# More images take minutes; the floors and the shares hardly move beyond.
ROWS = 5000
MOST_COMPARED = 20_000

DRAWS = 10
# Of what takes a second and more: FID at infinite N, and FID of as many features as Inception has.
FEW_DRAWS = 2
MANY_FEATURES = 512

SPLITS = 10
PAIRS = 24

# What all of it is computed by: it stands in the record.
SETTINGS = {
    "neighbours": {name: k for k, names in NEIGHBOURS.items() for name in names},
    "draws": DRAWS,
    "few_draws": FEW_DRAWS,
    "splits": SPLITS,
    "most": {"kid": KID_ROWS, "prdc": ROWS, "floor": ROWS, "memorisation": MOST_COMPARED},
}

Facts = dict[str, Any]


def compared(real: Features, made: Features, *, seed: int) -> Facts:
    """How near samples are to real images: all rows of both, or of very many as many as `SETTINGS` tells.

    Args:
        real, made: float32, N x d and M x d.
        seed: of the draws of rows.

    Returns:
        The numbers by name, None where there is none; ``reasons`` says why, by name, and ``reason`` for KID or else
        FID.
    """
    found: Facts = {"n_real": len(real), "n_made": len(made)}
    reasons: dict[str, str] = {}
    _attempt(found, reasons, ("kid",), lambda: {"kid": kid(real, made)})
    _attempt(found, reasons, ("kid_low", "kid_high"), lambda: _interval(real, made, seed))
    _attempt(found, reasons, ("fid",), lambda: {"fid": fid(real, made)})
    _attempt(found, reasons, ("fid_infinite",), lambda: _infinite(real, made, seed=seed))
    for k, names in NEIGHBOURS.items():
        _attempt(found, reasons, names, partial(_shares, real, made, k=k, seed=seed))
    return {**found, "reason": reasons.get("kid") or reasons.get("fid"), "reasons": reasons}


def floors(train: Features, held: Features, made: Features, *, seed: int) -> Facts:
    """What samples get against training images, and what held-out images get in their place, at the same N.

    Args:
        train, held, made: float32, each of d columns.
        seed: of the draws of rows, which are the same for every number.

    Returns:
        ``size`` (N), and by number the draws of ``made`` and of ``real``, as n, mean, std and values; ``reasons`` by
        name where there are none.
    """
    found: Facts = {}
    reasons: dict[str, str] = {}
    size = min(len(train), len(held), len(made), ROWS)
    # Sets that are taken whole are the same in each draw.
    draws = 1 if size == max(len(train), len(held), len(made)) else DRAWS
    few = min(draws, FEW_DRAWS)
    measures: list[tuple[Sequence[str], Measure, int]] = [
        (("kid",), lambda real, other: {"kid": kid(real, other)}, draws),
        *((names, partial(_shares, k=k, seed=seed), draws) for k, names in NEIGHBOURS.items()),
        (("fid",), lambda real, other: {"fid": fid(real, other)}, few if train.shape[1] > MANY_FEATURES else draws),
        (("fid_infinite",), partial(_infinite, seed=seed), few),
    ]
    for names, measure, times in measures:
        drawn = partial(_drawn, measure, train=train, held=held, made=made, seed=seed, draws=times)
        _attempt(found, reasons, names, drawn)
    return {
        "size": size,
        **{
            side: {name: both and _over(both[place]) for name, both in found.items()}
            for place, side in enumerate(("made", "real"))
        },
        "reasons": reasons,
    }


def copies(train: Features, held: Features, made: Features, *, seed: int) -> Facts:
    """How many samples are nearer to a training image than unseen real images are, and the closest pairs.

    All training images are compared, and of more samples or held-out images than `SETTINGS` tells so many at random.

    Args:
        train, held, made: float32, each of d columns.
        seed: of the draws of rows.

    Returns:
        ``pairs`` (rows of samples and of training images, nearest first) and numbers, or None and ``reasons``;
        ``suspicion`` is the p that samples copy by held-out images or `within` train, whichever is larger.
    """
    found: Facts = {}
    reasons: dict[str, str] = {}
    names = ("samples", "held", "closer", "expected", "copying", "chance", "suspicion", "equal", "pairs")
    _attempt(found, reasons, names, lambda: _copies(train, held, made, seed))
    return {**found, "reasons": reasons}


def guessed(
    probabilities: NDArray[np.float32],
    labels: Sequence[str],
    *,
    held: NDArray[np.float32],
    classes: Sequence[str],
    most: int,
    seed: int,
) -> Facts:
    """What class probabilities tell of samples: the Inception Score, and GAN-test.

    Args:
        probabilities: float32, N x K.
        labels: N, the class of each sample.
        held: float32, M x K, of held-out real images.
        classes: K names, in the order of the columns.
        most: N of `floors`, which the score at equal N does not exceed.
        seed: of the draws of rows.

    Returns:
        ``inception_score`` of all samples, in parts as its authors take it; ``inception_score_equal`` of as many
        samples as held-out images, undivided, with the draws of ``made`` and of ``real`` as in `floors`; ``gan_test``;
        None where there is none, and ``reasons``.
    """
    found: Facts = {}
    reasons: dict[str, str] = {}
    _attempt(found, reasons, ("inception_score",), lambda: _score(probabilities, seed))
    _attempt(found, reasons, ("inception_score_equal",), lambda: _scores(probabilities, held, most, seed))
    _attempt(found, reasons, ("gan_test",), lambda: {"gan_test": _tested(probabilities, labels, classes)})
    return {**found, "reasons": reasons}


def _attempt(
    found: Facts, reasons: dict[str, str], names: Sequence[str], compute: Callable[[], Mapping[str, Any]]
) -> None:
    try:
        found.update(compute())
    except ValueError as error:
        found.update(dict.fromkeys(names))
        reasons.update(dict.fromkeys(names, str(error)))


def _rng(seed: int, name: str) -> np.random.Generator:
    return numpy_generator(derive(seed, name))


def _some(rows: Features, most: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """The places of at most so many rows."""
    return np.sort(rng.permutation(len(rows))[:most]) if len(rows) > most else np.arange(len(rows))


def _interval(real: Features, made: Features, seed: int) -> Facts:
    found = kid_interval(real, made, rng=_rng(seed, "kid"))
    return {"kid_low": found.low, "kid_high": found.high}


def _infinite(real: Features, made: Features, *, seed: int) -> dict[str, float]:
    return {"fid_infinite": fid_infinite(real, made, rng=_rng(seed, "fid_infinite")).infinite}


def _shares(real: Features, made: Features, *, k: int, seed: int) -> dict[str, float]:
    rng = _rng(seed, "prdc")
    one, other = (rows[_some(rows, ROWS, rng)] for rows in (real, made))
    found = asdict(prdc(one, other, k=k))
    return {name: found[name] for name in NEIGHBOURS[k]}


def _drawn(
    measure: Measure, *, train: Features, held: Features, made: Features, seed: int, draws: int
) -> dict[str, tuple[list[float], list[float]]]:
    rng = _rng(seed, "floor")
    got = calibrate(measure, train=train, held=held, made=made, draws=draws, most=ROWS, rng=rng)
    return {name: (got.made[name], got.floor[name]) for name in got.made}


def _over(values: Sequence[float]) -> Facts:
    std = stdev(values) if len(values) > 1 else None
    return {"n": len(values), "mean": fmean(values), "std": std, "values": list(values)}


def _copies(train: Features, held: Features, made: Features, seed: int) -> Facts:
    rng = _rng(seed, "memorisation")
    shown, unseen = (_some(rows, MOST_COMPARED, rng) for rows in (made, held))
    found = memorisation(train=train, held=held[unseen], samples=made[shown])
    pairs = [{**asdict(pair), "sample": int(shown[pair.sample])} for pair in found.closest(PAIRS)]
    return {
        "samples": len(shown),
        "held": len(unseen),
        "closer": found.closer,
        "expected": found.expected,
        "copying": found.copying,
        "chance": found.chance,
        "suspicion": max(found.suspicion, within(found, train=train).suspicion),
        "equal": found.equal,
        "pairs": pairs,
    }


def _score(probabilities: NDArray[np.float32], seed: int) -> Facts:
    found = inception_score(probabilities, splits=SPLITS, rng=_rng(seed, "inception_score"))
    return {"inception_score": asdict(found)}


def _scores(probabilities: NDArray[np.float32], held: NDArray[np.float32], most: int, seed: int) -> Facts:
    size = min(len(probabilities), len(held), most)
    rng = _rng(seed, "floor")
    draws = 1 if size == max(len(probabilities), len(held)) else DRAWS
    scores = [
        [inception_score(rows[_some(rows, size, rng)], splits=1, rng=rng).mean for rows in (held, probabilities)]
        for _ in range(draws)
    ]
    real, made = zip(*scores, strict=True)
    return {"inception_score_equal": {"size": size, "made": _over(made), "real": _over(real)}}


def _tested(probabilities: NDArray[np.float32], labels: Sequence[str], classes: Sequence[str]) -> Facts:
    found = gan_test(probabilities, labels, classes)
    by_class = {name: {"n": n, "accuracy": accuracy} for name, (n, accuracy) in found.per_class.items()}
    return {"n": found.n, "accuracy": found.accuracy, "per_class": by_class}
