"""What of classifiers is refused before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ganaug.errors import UserError
from tests.workflow.configs import parsed

GRID = {"gan": "dcgan", "per_class": [5, 10], "ratios": [0, 1]}
BEST = {"gan": {"name": "dcgan", "ratio": 1, "snapshot": "best"}}
CURATED = {"gan": {"name": "dcgan", "ratio": 1, "pool": 4, "keep": "confidence"}}


def study(
    classifiers: Mapping[str, Mapping[str, Any]],
    *,
    arms: Mapping[str, Any] | None = None,
    listed: Sequence[str] | None = None,
    **changes: Any,
) -> object:
    """The default experiment with these classifiers, all LeNets if they do not say otherwise, in this order."""
    return parsed(
        {
            "classifiers": {name: {"preset": "lenet5", **own} for name, own in classifiers.items()},
            "arms": dict(arms or {}),
            "study": {
                "arms": ["real", "duplicate", "gan", *(arms or {})],
                "classifiers": list(listed or classifiers),
                **changes,
            },
        }
    )


def refusal(classifiers: Mapping[str, Mapping[str, Any]], **changes: Any) -> str:
    with pytest.raises(UserError) as caught:
        study(classifiers, **changes)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_chain_of_weights_may_not_end_nowhere_or_in_itself() -> None:
    nowhere = refusal({"a": {"weights": "real/b"}, "b": {"weights": "real/none"}})
    assert nowhere == ("classifiers.b.weights: this study has no cell real/none; add its arm and classifier to study")
    round_about = refusal({"a": {"weights": "real/b"}, "b": {"weights": "gan/a"}})
    assert round_about == (
        "classifiers.a.weights: a begins with b begins with a; give the first a classifier of its own"
    )
    study({"a": {"weights": "real/b"}, "b": {"weights": "gan/c"}, "c": {}})


def test_weights_of_the_study_itself_are_named_without_it() -> None:
    told = refusal({"a": {"weights": "digits/real/b"}, "b": {}})
    assert told == "classifiers.a.weights: digits/real/b is of this study; write real/b"
    study({"a": {"weights": "other/real/b"}, "b": {}})


@pytest.mark.parametrize("arm", [BEST, CURATED])
def test_who_judges_samples_does_not_begin_with_those_it_chose(arm: Mapping[str, Any]) -> None:
    pair = {"a": {"weights": "tried/b"}, "b": {}}
    assert refusal(pair, arms={"tried": arm}) == (
        "classifiers.a.weights: lead to the arm tried, whose images are chosen by this classifier, the first of the "
        "study; list another one first"
    )
    study(pair, arms={"tried": arm}, listed=["b", "a"])
    chain = {"first": {"weights": "gan/a"}, **pair}
    assert "classifiers.first.weights: lead to the arm tried" in refusal(chain, arms={"tried": arm})


def test_weights_that_know_more_real_images_than_a_training_set_are_refused() -> None:
    pair = {"a": {}, "b": {"weights": "real/a"}}
    known = "classifiers.b.weights: real/a has seen 20 real images of a class, and a training set of this study has "
    assert refusal(pair, grid=GRID).startswith(known + "5;")
    assert refusal(pair, arms={"few": {"per_class": 10}}).startswith(known + "10;")
    study(pair, arms={"whole": {"per_class": 20}})
    study({"a": {}, "b": {"weights": "few/a"}}, arms={"few": {"per_class": 5}}, grid=GRID)


def test_a_normalisation_over_a_batch_needs_more_than_one_image() -> None:
    told = refusal({"a": {"preset": "fastcnn", "batch_size": 1}})
    assert told == "classifiers.a.batch_size: fastcnn normalises over a batch; set it to 2 or more"
    study({"a": {"batch_size": 1}})
