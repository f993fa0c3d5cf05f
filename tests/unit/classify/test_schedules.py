import pytest

from ganaug.classify.schedules import factor
from ganaug.config import Classifier


@pytest.mark.parametrize(
    ("schedule", "warmup", "done", "expected"),
    [
        ("constant", 0.0, 0.9, 1.0),
        ("cosine", 0.0, 0.0, 1.0),
        ("cosine", 0.0, 0.5, 0.5),
        ("cosine", 0.0, 2 / 3, 0.25),
        ("linear", 0.0, 0.75, 0.25),
        ("constant", 0.2, 0.05, 0.25),
        ("linear", 0.2, 0.2, 1.0),
        ("linear", 0.2, 0.6, 0.5),
        ("cosine", 0.5, 0.75, 0.5),
    ],
)
def test_the_rate_rises_and_then_falls(schedule: str, warmup: float, done: float, expected: float) -> None:
    one = Classifier(network="lenet5", lr=1.0, batch_size=1, schedule=schedule, warmup=warmup)  # type: ignore[arg-type]
    assert factor(one, done) == pytest.approx(expected)
