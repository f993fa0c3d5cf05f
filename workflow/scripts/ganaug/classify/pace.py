"""How fast a classifier trains and predicts here and how large it is: a few steps, measured before the study."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from ganaug.arms import Online, Strategy
from ganaug.batches import Batches
from ganaug.classify.networks import make
from ganaug.classify.training import Recipe, TrainingSet, fit, probabilities
from ganaug.compute import prepare
from ganaug.config import Budget, Classifier, Compute
from ganaug.seeds import torch_generator

WARM_UP, MEASURED = 3, 8
PREDICTED = 512


def pace(
    classifier: Classifier, rows: Sequence[tuple[str, int]], *, classes: int, compute: Compute
) -> tuple[float, float, int]:
    """Seconds of one training step, seconds to predict one image, and bytes of the weights.

    Args:
        classifier: its settings.
        rows: some real images, as pairs (path of an ``images.npy``, row in it); they are repeated as often as needed.

    Raises:
        UserError: the images are too small for the network.
    """
    import torch

    device = prepare(compute)
    images = Batches([rows[k % len(rows)] for k in range(PREDICTED)], device)
    network = make(
        classifier, size=images.size, channels=images.channels, classes=classes, generator=torch_generator(0)
    ).to(device)
    steps = WARM_UP + MEASURED
    times = [time.monotonic()]
    budget = Budget(steps=steps, epochs=None, eval_every=steps, select="last")
    result = fit(
        network,
        TrainingSet(
            images=images,
            labels=torch.arange(PREDICTED) % classes,
            generated=torch.zeros(PREDICTED, dtype=torch.bool),
            turns=torch.zeros(PREDICTED, dtype=torch.int64),
        ),
        None,
        recipe=Recipe(classifier=classifier, budget=budget, online=Online(), strategy=Strategy()),
        order_seed=0,
        seed=0,
        compute=compute,
        device=device,
        resume=None,
        progress=lambda _: times.append(time.monotonic()),
    )
    start = time.monotonic()
    probabilities(network, images, compute=compute, device=device)
    an_image = (time.monotonic() - start) / PREDICTED
    a_step = median([after - before for before, after in pairwise(times)][WARM_UP:])
    return a_step, an_image, sum(tensor.nbytes for tensor in result.weights.values())
