"""All randomness starts here: one root seed, and a named stream for each use of it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import torch


def derive(root: int, *names: str | int) -> int:
    """A seed in [0, 2**63) for the stream ``names`` of the experiment whose seed is ``root``.

    It is the head of the SHA-256 of ``[root, *names]`` as JSON, so streams are independent of each other, of their
    order of use, and of what else is in the study. A derived seed can be the root of streams below it. In use:

    ========================================  =====================================================
    ``"test"``                                the sealed test set, or the folds
    ``"split", r``                            train and validation of repeat r
    ``"gan", r, label``                       one GAN of one class (``"gan", r`` for one of all): below it ``weights``,
                                              ``noise``, ``inner``, ``look``, ``order, epoch``
    ``"pretrain", r``                         the GAN of all classes that ``fine_tune`` begins with, and so on
    ``"prepare", r, label``                   what is done to the images first: below it the step's name
    ``"sample", r, label``                    its samples: below it the block of 64, for their latents
    ``"classic", r, label``                   classic images of a class: below it the image's number
    ``"order", r``                            batches of a classifier: below it ``epoch, number``, or ``pretrain`` first
    ``"classifier", r, f``                    initial weights of a classifier: below it ``step, number`` (augmentation,
                                              mixing), ``dropout, number``, ``judge``, ``mirror``
    ``"curation", r``                         which samples of a pool are taken: below it ``GAN, snapshot, label``
    ``"grid"``                                draws of repeats, for the intervals of the grid
    ``"verdict"``                             draws and weights of repeats: below it ``bootstrap``, ``signed``
    ``"human"``                               pairs that people are asked about, and their sides
    ``"quality", r``                          draws of rows for measures of samples: below it the measure
    ``"explore"``                             pictures of the data: below it ``random`` and ``classes, label``
    ========================================  =====================================================
    """
    text = json.dumps([root, *names], separators=(",", ":"), ensure_ascii=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def rank(root: int, *names: str | int) -> float:
    """A number in [0, 1) that depends on the stream alone: sorts or thresholds stay when items are added."""
    return derive(root, *names) / 2**63


def numpy_generator(seed: int) -> np.random.Generator:
    """A NumPy generator for a derived seed."""
    import numpy as np

    return np.random.default_rng(seed)


def torch_generator(seed: int) -> torch.Generator:
    """A torch generator on the CPU for a derived seed; noise is drawn there so that devices agree."""
    import torch

    return torch.Generator().manual_seed(seed)
