"""Worked by hand: five images, classes a and b (and an absent c)."""

import math

import numpy as np
import pytest

from ganaug.classify.metrics import full, summary

LABELS = np.array([0, 0, 0, 1, 1])
# Predicted: a, a, b, b, a.
OUTPUTS = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7], [0.7, 0.3]], dtype=np.float32)


def test_macro_averages() -> None:
    values = summary(LABELS, OUTPUTS)
    assert values["accuracy"] == pytest.approx(3 / 5)
    assert values["precision"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert values["recall"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert values["f1"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert values["loss"] == pytest.approx(-sum(map(math.log, (0.9, 0.6, 0.2, 0.7, 0.3))) / 5, rel=1e-6)


def test_classes_keep_their_order_and_their_own_numbers() -> None:
    values = full(LABELS, OUTPUTS, ["a", "b"])
    assert list(values["per_class"]) == ["a", "b"]
    assert values["per_class"]["a"] == pytest.approx(
        {"n": 3, "precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "roc_auc": 1 / 2}
    )
    assert values["per_class"]["b"] == pytest.approx(
        {"n": 2, "precision": 1 / 2, "recall": 1 / 2, "f1": 1 / 2, "roc_auc": 1 / 2}
    )


def test_rows_of_the_confusion_matrix_are_true_classes() -> None:
    # Of three a, two were called a; of two b, one was called a.
    assert full(LABELS, OUTPUTS, ["a", "b"])["confusion"] == [[2, 1], [1, 1]]


def test_roc_auc_counts_ordered_pairs() -> None:
    # P(a) of the a: 0.9, 0.6, 0.2; of the b: 0.3, 0.7. In order are (0.9, 0.3), (0.9, 0.7) and (0.6, 0.3): 3 of 6.
    assert full(LABELS, OUTPUTS, ["a", "b"])["roc_auc"] == pytest.approx(3 / 6)


def test_an_absent_class_counts_as_zero_and_has_no_roc_auc() -> None:
    three = np.concatenate([OUTPUTS * 0.9, np.full((5, 1), 0.1, np.float32)], axis=1)
    values = full(LABELS, three, ["a", "b", "c"])
    assert values["per_class"]["c"] == {"n": 0, "precision": 0.0, "recall": 0.0, "f1": 0.0, "roc_auc": None}
    assert values["roc_auc"] is None
    assert values["recall"] == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert values["confusion"][2] == [0, 0, 0]


def test_a_certain_mistake_costs_a_finite_loss() -> None:
    values = summary(np.array([1]), np.array([[1.0, 0.0]], dtype=np.float32))
    assert values["loss"] == pytest.approx(-math.log(1e-12))
