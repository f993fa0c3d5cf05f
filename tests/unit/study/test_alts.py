"""What pictures show, in words."""

from __future__ import annotations

from ganaug.study.alts import PLAIN, alt_text
from ganaug.study.report import CAPTIONS, EXPLORED

SUMMARY = {
    "arms": {
        "real": {"lenet5": {"test": {"accuracy": {"mean": 0.8}}}},
        "gan": {"lenet5": {"test": {"accuracy": {"mean": None}}}},
    },
    "comparisons": {
        "lenet5": {"gan": {"real": {"mean": 0.021, "verdict": "helps"}, "classic": {"mean": None, "verdict": "x"}}}
    },
}


def test_numbers_are_told_where_they_are_few() -> None:
    assert alt_text("accuracy", SUMMARY).endswith("Means: real 0.800, gan without scores.")
    told = alt_text("forest", SUMMARY)
    assert told.endswith("lenet5 against real: gan +2.1, helps. lenet5 against classic: gan no scores, x.")
    assert "(dcgan-last-n5)" in alt_text("samples-dcgan-last-n5", SUMMARY)


def test_every_picture_has_words_of_its_own() -> None:
    names = [*CAPTIONS, *EXPLORED]
    told = [alt_text(name, SUMMARY) for name in names]
    assert len(set(told)) == len(names)
    assert set(EXPLORED) <= set(PLAIN)
    assert not set(names) & set(told)
