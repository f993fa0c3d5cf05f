import pytest

from ganaug.gan.schedules import adapted, factor


@pytest.mark.parametrize(
    ("schedule", "start", "third", "half", "end"),
    [
        ("constant", 1.0, 1.0, 1.0, 1.0),
        ("adaptive", 1.0, 1.0, 1.0, 1.0),
        # (1 + cos 60 degrees) / 2
        ("cosine", 1.0, 0.75, 0.5, 0.0),
        # The cube root of a hundredth, and its root.
        ("exponential", 1.0, 0.2154435, 0.1, 0.01),
    ],
)
def test_factors_by_hand(schedule: str, start: float, third: float, half: float, end: float) -> None:
    found = [factor(schedule, done) for done in (0.0, 1 / 3, 0.5, 1.0)]
    assert found == pytest.approx([start, third, half, end], abs=1e-6)


def test_the_discriminator_slows_down_while_it_wins_and_comes_back() -> None:
    assert adapted(1.0, 0.81) == pytest.approx(0.8)
    assert adapted(0.8, 1.0) == pytest.approx(0.64)
    assert adapted(0.64, 0.8) == pytest.approx(0.8)
    assert adapted(0.8, 0.5) == pytest.approx(1.0)


def test_its_factor_stays_between_a_hundredth_and_one() -> None:
    assert adapted(0.011, 0.9) == 0.01
    assert adapted(0.9, 0.5) == 1.0
