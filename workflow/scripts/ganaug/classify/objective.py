"""What a step minimises."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganaug.classify.networks import to_cpu


def supervised(logits: Tensor, targets: Tensor, *, weights: Tensor | None, smoothing: float) -> Tensor:
    """The weighted mean of the cross-entropies of a batch, a scalar.

    Args:
        logits: float32, N x K.
        targets: classes (int64, N) or shares of classes (float32, N x K, rows summing to 1).
        weights: of each image (float32, N), or None for equal ones.
        smoothing: the share of the targets that is spread over all classes.
    """
    if weights is None:
        return functional.cross_entropy(logits, targets, label_smoothing=smoothing)
    each = functional.cross_entropy(logits, targets, label_smoothing=smoothing, reduction="none")
    return (each * weights).sum() / weights.sum()


def adversarial(judge: nn.Linear, features: Tensor, real: Tensor) -> Tensor:
    """The discriminator's part of the combined loss, supervised + lambda x adversarial, a scalar.

    The DeepGAN paper names the sum and lambda, and leaves open how the two are joined. The reading here: classifier
    and discriminator share a body, of which the discriminator is one more head; it learns by binary cross-entropy to
    tell real from generated images of the same batches, and both losses train the body. With lambda 0 it is the
    plain classifier on the same images. The generator is not trained on: a GAN's samples are fixed before any
    classifier sees them, or the test of the arm would depend on the classifier.

    Args:
        judge: features -> one logit, above 0 for real.
        features: of the shared body, N x d.
        real: whether an image is real (bool, N).
    """
    return functional.binary_cross_entropy_with_logits(judge(features).flatten().float(), real.float())


def new_judge(features: int, *, rng: torch.Generator, device: torch.device) -> nn.Linear:
    """A discriminator's head on so many features, with torch's usual weights drawn from ``rng``."""
    with torch.device("meta"):
        judge = nn.Linear(features, 1)
    to_cpu(judge)
    bound = features**-0.5
    nn.init.uniform_(judge.weight, -bound, bound, generator=rng)
    nn.init.uniform_(judge.bias, -bound, bound, generator=rng)
    return judge.to(device)
