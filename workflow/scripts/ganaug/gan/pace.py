"""How fast a GAN trains here and how large its generator is: a few steps, measured before anything is trained."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import torch

from ganaug.batches import Batches
from ganaug.compute import prepare
from ganaug.config import Compute, Gan
from ganaug.gan.networks.family import Shape, build
from ganaug.gan.penalties import PATH_EVERY
from ganaug.gan.stack import MOST_TOGETHER, can_train_together, gathered
from ganaug.gan.state import start
from ganaug.gan.updates import Real, update
from ganaug.images import open_images
from ganaug.seeds import torch_generator

# Steps that may be slow because they are the first, and steps that are measured: both at least so many.
WARM_UP, MEASURED = 3, 8
# A period is taken to have at most so many steps, so that preflight stays short.
LONGEST = 32


def pace(gan: Gan, rows: Sequence[tuple[str, int]], *, classes: int, compute: Compute) -> tuple[float, int]:
    """Seconds of one training step of one GAN on average, and bytes of one generator.

    Some steps cost more than others: those with a turn of the generator, or a penalty. Whole periods of them are
    measured, after each kind of step was done once, and the median of the periods is taken. A network that grows is
    measured at its whole size.

    Args:
        gan: its settings; a GAN that learns nothing by steps takes 0 seconds.
        classes: how many there are.
        rows: some real images, as pairs (path of an ``images.npy``, row in it); they are repeated to a whole batch.

    Raises:
        UserError: the family cannot make images of that size.
    """
    device = prepare(compute)
    told = gan.mode == "conditional"
    size, channels = open_images(rows[0][0]).shape[2:]
    shape = Shape(nz=gan.nz, size=size, channels=channels, classes=classes if told else 0)
    of_a_job = math.ceil(classes / gan.jobs)
    count = min(of_a_job, MOST_TOGETHER) if compute.processes == 1 and can_train_together(gan, shape) else 1
    images = Batches([rows[k % len(rows)] for k in range(gan.batch_size * count)], device)
    networks = [build(gan, shape, rng=torch_generator(0)) for _ in range(count)]
    if networks[0].discriminator is None:
        return 0.0, 0
    state = start(gathered(networks), gan, seeds=[0] * count, length=1, device=device)
    labels = torch.zeros(len(images), dtype=torch.int64, device=device) if told else None
    each = period(gan)
    warm_up = max(WARM_UP, each)
    times = []
    while state.step < warm_up + each * math.ceil(MEASURED / each):
        real = Real(images(torch.arange(len(images))), labels)
        update(state, real, gan, augment=gan.diffaugment is not False, compute=compute)
        state.step += 1
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.monotonic())
    seconds = median((after - before) / each for before, after in pairwise(times[warm_up - 1 :: each]))
    return seconds / count, sum(tensor.nbytes for tensor in state.sampler.state_dict().values()) // count


def period(gan: Gan) -> int:
    """After how many steps their costs repeat, at most `LONGEST`."""
    turns = gan.n_critic * (1 if gan.path_length is None else PATH_EVERY)
    return min(math.lcm(turns, gan.penalty_every), LONGEST)
