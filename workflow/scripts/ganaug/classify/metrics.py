"""From labels and probabilities to numbers; scikit-learn computes, this fixes classes and averaging."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

METRICS = ("loss", "accuracy", "precision", "recall", "f1")

Labels = NDArray[np.int64]
Probabilities = NDArray[np.float32]


def summary(labels: Labels, probabilities: Probabilities) -> dict[str, float]:
    """Loss, accuracy and macro precision, recall and F1.

    Args:
        labels: N numbers of classes, 0 to K - 1.
        probabilities: N x K, rows summing to 1.

    Precision of a class never predicted, and recall of a class that is absent, count as 0; the macro average
    is over all K classes. The loss is the mean cross-entropy in nats, probabilities clipped at 1e-12.
    """
    from sklearn.metrics import precision_recall_fscore_support

    predicted = probabilities.argmax(axis=1)
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, predicted, labels=np.arange(probabilities.shape[1]), average="macro", zero_division=0
    )
    own = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return {
        "loss": float(-np.log(own.clip(1e-12)).mean()),
        "accuracy": float((predicted == labels).mean()),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
    }


def full(labels: Labels, probabilities: Probabilities, classes: Sequence[str]) -> dict[str, Any]:
    """Everything in `summary`, ROC-AUC, the same per class, and the confusion matrix (rows true, columns predicted).

    ROC-AUC is of one class against the rest, and macro-averaged over the classes; where a class is absent, or the
    only one, its own and the average are None.
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, roc_auc_score

    numbers = np.arange(len(classes))
    predicted = probabilities.argmax(axis=1)
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=numbers, average=None, zero_division=0
    )
    areas = [
        float(roc_auc_score(labels == k, probabilities[:, k])) if 0 < (labels == k).sum() < len(labels) else None
        for k in numbers
    ]
    whole = [area for area in areas if area is not None]
    return {
        "n": len(labels),
        **summary(labels, probabilities),
        "roc_auc": float(np.mean(whole)) if len(whole) == len(areas) else None,
        "per_class": {
            name: {
                "n": int(support[k]),
                "precision": float(precision[k]),
                "recall": float(recall[k]),
                "f1": float(f1[k]),
                "roc_auc": areas[k],
            }
            for k, name in enumerate(classes)
        },
        "confusion": confusion_matrix(labels, predicted, labels=numbers).tolist(),
    }
