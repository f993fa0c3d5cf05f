"""Adding repeats until a study is settled, looking after each: intervals and p values that allow for every look.

Student-t intervals hold for one look at a number of repeats fixed before. Looking after each repeat and stopping when
one pleases finds "effects" that are none far more often than 5%. Here a comparison has an e-value instead, whose chance
ever to reach 1/alpha is at most alpha if there is no difference (Ville 1939), after however many looks, so one
may stop at any time for any reason, and go on later.
"""

from __future__ import annotations

import math

from ganaug.study.statistics import Sample

# The prior spread of (true mean / standard deviation). The error rate holds for any value fixed in advance; 1 is the
# "unit information" of Rouder et al. (2009) and quickest for effects about as large as the spread of repeats.
SCALE = 1.0


def log_e_value(sample: Sample, *, null: float = 0.0) -> float:
    """Logarithm of the t-test e-value against a mean of ``null``; 0 below two values or where all equal ``null``.

    With t the statistic of n values, v = n - 1 and r = 1 + n SCALE^2 it is the Bayes factor
    r^(-1/2) [(1 + t^2 / v) / (1 + t^2 / (v r))]^(n / 2) of a normal prior on mean / sigma (Rouder, Speckman, Sun,
    Morey and Iverson, Psychonomic Bulletin & Review 16, 2009, the integrand of equation 1). Under the right Haar prior
    on sigma it is a test martingale whatever sigma is (Perez-Ortiz, Lardy, de Heide and Grunwald, Annals of Statistics
    52, 2024; Wang and Ramdas, "Anytime-valid t-tests and confidence sequences for Gaussian means with unknown
    variance", 2023). It assumes normal differences, as Student's t test does.
    """
    if sample.mean is None or sample.std is None:
        return 0.0
    n, r = sample.n, 1 + sample.n * SCALE**2
    away = n * (sample.mean - null) ** 2
    within = (n - 1) * sample.std**2
    if away + within == 0:
        return 0.0
    return n / 2 * (math.log(within + away) - math.log(within + away / r)) - math.log(r) / 2


def any_time_p(sample: Sample) -> float | None:
    """A p value of no difference that may be looked at after every repeat; None for fewer than two values."""
    return None if sample.std is None else math.exp(min(0.0, -log_e_value(sample)))


def any_time_interval(sample: Sample, alpha: float) -> tuple[float, float] | None:
    """The means with an e-value below 1 / ``alpha``; the truth is in the intervals of all looks with 1 - ``alpha``.

    With c = (sqrt(r) / alpha)^(2 / n) the half-width is sqrt((c - 1) / (1 - c / r)) times sqrt((n - 1) / n) times the
    standard deviation. None for fewer than two values, or so few (c >= r) that no mean could be excluded.
    """
    if sample.mean is None or sample.std is None:
        return None
    n, r = sample.n, 1 + sample.n * SCALE**2
    c = (math.sqrt(r) / alpha) ** (2 / n)
    if c >= r:
        return None
    half = math.sqrt((c - 1) / (1 - c / r) * (n - 1) / n) * sample.std
    return sample.mean - half, sample.mean + half
