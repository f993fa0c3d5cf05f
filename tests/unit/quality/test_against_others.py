"""The measures give what other implementations give, of the same features, where both define the same thing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from prdc import compute_prdc
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

from ganaug.quality.fid import fid
from ganaug.quality.inception_score import inception_score
from ganaug.quality.kid import kid
from ganaug.quality.prdc import prdc
from ganaug.seeds import numpy_generator

REL = 1e-6


def pair(count: int, features: int) -> tuple[np.ndarray, np.ndarray]:
    """Correlated features of two distributions that overlap, of two numbers of rows."""
    rng = numpy_generator(0)
    mix = rng.standard_normal((features, features)) / features**0.5
    one = rng.standard_normal((count, features))
    other = rng.standard_normal((count + 20, features)) @ mix + 0.1
    return one.astype(np.float32), other.astype(np.float32)


@pytest.mark.parametrize(("count", "features"), [(60, 4), (300, 64)])
def test_fid_is_that_of_torch_fidelity(count: int, features: int) -> None:
    one, other = pair(count, features)
    # It takes means in the precision that it is given.
    stats = [fid_features_to_statistics(torch.from_numpy(rows).double()) for rows in (one, other)]
    theirs = fid_statistics_to_metric(*stats, verbose=False)["frechet_inception_distance"]
    assert fid(one, other) == pytest.approx(theirs, rel=REL)


@pytest.mark.parametrize(("count", "features"), [(50, 4), (200, 64)])
def test_kid_is_that_of_torch_fidelity(count: int, features: int) -> None:
    one, other = pair(count, features)
    other = other[:count]
    # A subset of all rows is the set, in some order.
    settings = {"kid_subsets": 1, "kid_subset_size": count, "verbose": False}
    rows = [torch.from_numpy(side).double() for side in (one, other)]
    theirs = kid_features_to_metric(*rows, **settings)["kernel_inception_distance_mean"]
    assert kid(one, other) == pytest.approx(theirs, rel=REL)


def test_the_mean_kid_of_its_subsets_is_that_of_torch_fidelity() -> None:
    one, other = pair(90, 8)
    settings = {"kid_subsets": 5, "kid_subset_size": 30, "rng_seed": 7, "verbose": False}
    rows = [torch.from_numpy(side).double() for side in (one, other)]
    theirs = kid_features_to_metric(*rows, **settings)["kernel_inception_distance_mean"]
    draw = np.random.RandomState(7)
    values = []
    for _ in range(5):
        x = one[draw.choice(len(one), 30, replace=False)]
        values.append(kid(x, other[draw.choice(len(other), 30, replace=False)]))
    assert np.mean(values) == pytest.approx(theirs, rel=REL)


@pytest.mark.parametrize("splits", [1, 4])
def test_inception_score_is_that_of_torch_fidelity(splits: int) -> None:
    logits = torch.from_numpy(3 * numpy_generator(0).standard_normal((80, 6)))
    theirs = isc_features_to_metric(logits, splits=splits, shuffle=False)
    # Probabilities as files hold them, in float32; dealt in their order.
    rows = logits.softmax(dim=1).float().numpy()

    class InOrder:
        def permutation(self, count: int) -> np.ndarray:
            return np.arange(count)

    ours = inception_score(rows, splits=splits, rng=InOrder())  # type: ignore[arg-type]
    assert ours.mean == pytest.approx(theirs["inception_score_mean"], rel=REL)
    if splits > 1:
        assert ours.deviation == pytest.approx(theirs["inception_score_std"], rel=REL)


@pytest.mark.parametrize("k", [3, 5])
def test_precision_and_recall_are_those_of_torch_fidelity(k: int) -> None:
    real, made = pair(150, 5)
    # Samples come first there.
    rows = [torch.from_numpy(side).double() for side in (made, real)]
    theirs = prc_features_to_metric(*rows, prc_neighborhood=k, save_cpu_ram=False, verbose=False)
    ours = prdc(real, made, k=k)
    assert 0.2 < ours.precision < 1
    assert (ours.precision, ours.recall) == (
        pytest.approx(theirs["precision"], rel=REL),
        pytest.approx(theirs["recall"], rel=REL),
    )


@pytest.mark.parametrize("k", [3, 5])
def test_all_four_are_those_of_naeem_and_others(k: int) -> None:
    # There the border of a ball is outside, which differs only where two distances are equal.
    real, made = pair(150, 5)
    theirs = compute_prdc(real.astype(float), made.astype(float), nearest_k=k)
    ours = prdc(real, made, k=k)
    for name in ("precision", "recall", "density", "coverage"):
        assert getattr(ours, name) == pytest.approx(theirs[name], rel=REL), name
