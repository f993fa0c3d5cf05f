"""The verdicts, their references, the sentences, and their false-positive rate."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from ganaug import config
from ganaug.arms import Arm, ClassicArm, DuplicateArm, GanArm, Online
from ganaug.study.decision import decide
from ganaug.study.scores import read_scores
from ganaug.study.statistics import repeats_needed
from ganaug.study.verdict import apart, choose_classic, compare, headline, points

from .conftest import ARMS, GAINS, Write, cell, full_study, make_data, make_study, score_file

ROPE = 0.005


def verdict_of(differences: list[float]) -> str:
    return decide([differences], rope=ROPE)[0].verdict


def test_a_clear_gain_helps_and_a_clear_loss_hurts() -> None:
    gains = [0.04, 0.05, 0.06, 0.04, 0.05, 0.06]
    assert verdict_of(gains) == "helps"
    assert verdict_of([-gain for gain in gains]) == "hurts"


def test_an_interval_within_the_region_is_no_practical_difference() -> None:
    # sd 0.001: the half-width is 2.571 * 0.001 * sqrt(6/5) / sqrt(6) = 0.00115
    assert verdict_of([0.001, -0.001] * 3) == "no practical difference"
    # here the interval excludes 0, but its far end is still of no practical interest
    assert verdict_of([0.002, 0.003] * 3) == "no practical difference"


def test_a_certain_gain_inside_the_region_does_not_help() -> None:
    # mean 0.004 and half-width 2.571 * 0.00219 / 2.449 = 0.0023: above 0, but across the limit of 0.005
    decision = decide([[0.002, 0.006] * 3], rope=ROPE)[0]
    assert decision.low is not None
    assert decision.low > 0
    assert decision.verdict == "underpowered"


def test_noise_is_underpowered_and_says_how_many_repeats_it_needs() -> None:
    # mean 0.01, sd 0.02 * sqrt(6/5) = 0.021909
    decision = decide([[0.03, -0.01] * 3], rope=ROPE)[0]
    assert decision.verdict == "underpowered"
    assert decision.repeats_needed == repeats_needed(0.01, 0.021909, 6, alpha=0.05, rope=ROPE, least=6)
    assert decision.repeats_needed is not None
    assert decision.repeats_needed > 21  # where the interval would exclude 0 if the mean were known to be 0.01


def test_below_six_repeats_nothing_is_settled() -> None:
    decision = decide([[0.05, 0.051, 0.049, 0.05, 0.05]], rope=ROPE)[0]
    assert decision.verdict == "underpowered"
    assert decision.repeats_needed == 6
    assert decide([[0.05]], rope=ROPE)[0].low is None
    assert decide([[]], rope=ROPE)[0].sample.mean is None


def test_null_studies_rarely_say_helps() -> None:
    rng = np.random.default_rng(0)
    studies, repeats, treated = 400, 6, 4  # `test_power` has more of them
    for noise in (ROPE, 4 * ROPE):
        accuracy = rng.normal(0.9, noise, size=(studies, treated + 2, repeats))  # columns: real, classic, then arms
        real, classic, arms = accuracy[:, 0], accuracy[:, 1], accuracy[:, 2:]
        false = 0
        for study in range(studies):
            family = [classic[study] - real[study], *(arms[study] - real[study]), *(arms[study] - classic[study])]
            false += any(d.verdict == "helps" for d in decide([list(map(float, one)) for one in family], rope=ROPE))
        assert false / studies < 0.05


def test_real_gains_are_found() -> None:
    rng = np.random.default_rng(1)
    family = rng.normal(0.05, 0.01, size=(200, 6))
    found = sum(decide([list(map(float, one))], rope=ROPE)[0].verdict == "helps" for one in family)
    assert found > 190


def test_every_arm_is_compared_with_real_and_with_the_best_classic_arm(write: Write) -> None:
    findings = compare(read_scores(write(full_study())), study=make_study(), arms=ARMS)
    pairs = [(one.arm, one.reference) for one in findings.comparisons]
    others = ["duplicate", "gan", "mixed", "synthetic"]
    against_real = [(arm, "real") for arm in GAINS if arm != "real"]
    assert pairs == [*against_real, *((arm, "classic") for arm in others)]
    said = {pair: one.decision.verdict for pair, one in zip(pairs, findings.comparisons, strict=True)}
    assert said["gan", "real"] == "helps"
    assert said["gan", "classic"] == "helps"
    assert said["mixed", "real"] == "underpowered"
    assert said["synthetic", "real"] == "hurts"


def test_the_control_has_an_interval_of_its_own(write: Write) -> None:
    findings = compare(read_scores(write(full_study())), study=make_study(), arms=ARMS)
    control = findings.find("duplicate", "real", "lenet5")
    other = findings.find("mixed", "real", "lenet5")
    assert control is not None
    assert other is not None
    assert (control.control, other.control) == (True, False)
    assert control.decision.level == pytest.approx(0.95)
    assert control.decision.verdict == "control: no difference seen"
    # of the eight in the family, mixed against real and against classic fail: the first at 5% / 2, which both keep
    assert other.decision.level == pytest.approx(0.975)
    assert findings.find("gan", "real", "lenet5").decision.level > 0.99  # type: ignore[union-attr]


def test_a_control_that_differs_is_told(write: Write) -> None:
    files = [score_file(r, [cell("real", 0.8), cell("duplicate", 0.83 + r / 1000)]) for r in range(6)]
    study = make_study(arms=("real", "duplicate"))
    control = compare(read_scores(write(files)), study=study, arms=ARMS).find("duplicate", "real", "lenet5")
    assert control is not None
    assert control.decision.verdict == "control: differs"


def test_the_best_classic_arm_is_chosen_on_validation_never_on_test(write: Write) -> None:
    arms = {"real": Arm(), "flip": Arm(classic=ClassicArm(ratio=1)), "turn": Arm(classic=ClassicArm(ratio=2))}
    study = make_study(arms=tuple(arms))
    cells = [cell("flip", 0.9, validation=0.7), cell("turn", 0.8, validation=0.75)]
    best = choose_classic(read_scores(write([score_file(0, cells)])), "lenet5", study=study, arms=arms)
    assert best is not None
    assert best.arm == "turn"
    blind = [cell("flip", 0.8, validation=None), cell("turn", 0.9, validation=None)]
    best = choose_classic(read_scores(write([score_file(0, blind)])), "lenet5", study=study, arms=arms)
    assert best is not None
    assert best.arm == "flip"
    assert "no validation" in best.reason


def test_decisions_of_many_looks_have_wider_intervals(write: Write) -> None:
    files = [
        score_file(r, [cell("real", 0.8), cell("duplicate", 0.8 + GAINS["duplicate"][r]), cell("gan", 0.8 + gain)])
        for r, gain in enumerate(GAINS["gan"])
    ]
    study = replace(make_study(arms=("real", "duplicate", "gan")), settle=30)
    scores = read_scores(write(files))
    findings = compare(scores, study=study, arms=ARMS)
    found, control = (findings.find(arm, "real", "lenet5") for arm in ("gan", "duplicate"))
    assert found is not None
    assert control is not None
    # r = 7, c = (sqrt(7) / 0.05)^(1/3) = 3.754: sqrt(2.754 / (1 - 3.754 / 7) * 5 / 6) = 2.225 deviations of 0.00894
    assert (found.decision.low, found.decision.high) == pytest.approx((0.0301, 0.0699), abs=1e-4)
    assert (found.decision.verdict, found.decision.level) == ("helps", pytest.approx(0.95))
    # 2.225 deviations of sqrt(0.00001 / 5)
    assert (control.control, control.decision.high) == (True, pytest.approx(0.00315, abs=1e-5))
    text = str(headline(scores, findings, study=study, arms=ARMS, data=make_data()))
    assert "+5.0 points of test accuracy over real images alone (95% interval +3.0 to +7.0, 6 repeats)" in text
    assert "until every comparison is settled, 30 at most; intervals and verdicts hold for all looks together" in text
    assert "For all comparisons and looks together, the chance of any wrong helps or hurts is at most 5% (Holm)" in text


def test_what_is_open_after_a_look_tells_the_budget(write: Write) -> None:
    study = replace(make_study(arms=("real", "mixed")), settle=30)
    scores = read_scores(write(full_study(arms=("real", "mixed"))))
    text = str(headline(scores, compare(scores, study=study, arms=ARMS), study=study, arms=ARMS, data=make_data()))
    assert re.search(r"\(95% interval \S+ to \S+, 6 repeats of at most 30\)", text)
    # eight comparisons at once have no interval yet: (sqrt(7) * 8 / 0.05)^(1/3) = 7.51 is above 7
    study = replace(make_study(), settle=30)
    scores = read_scores(write(full_study()))
    text = str(headline(scores, compare(scores, study=study, arms=ARMS), study=study, arms=ARMS, data=make_data()))
    assert "(6 repeats, which are too few for an interval that holds after every look; at most 30)" in text


def test_every_look_may_choose_another_classic_arm(write: Write) -> None:
    arms = {**ARMS, "turn": Arm(classic=ClassicArm(ratio=2))}
    noise = [0.03, -0.03, 0.02, -0.02, 0.01, -0.01]
    names = {"classic": 1, "turn": 2, "mixed": -1}
    files = [
        score_file(r, [cell("real", 0.8), *(cell(arm, 0.8 + sign * noise[r]) for arm, sign in names.items())])
        for r in range(6)
    ]
    once = make_study(arms=("real", *names))
    found = [compare(read_scores(write(files)), study=one, arms=arms) for one in (once, replace(once, settle=30))]
    shown = [[(one.arm, one.reference) for one in findings.comparisons] for findings in found]
    assert shown[0] == shown[1]
    assert len(shown[0]) == 5
    # each other arm against real (3), and against the one classic arm and the other (2 each)
    levels = [findings.comparisons[0].decision.level for findings in found]
    assert levels == pytest.approx([1 - 0.05 / 5, 1 - 0.05 / 7])


def test_headline_of_a_clear_study(write: Write) -> None:
    scores, study = read_scores(write(full_study())), make_study()
    text = str(headline(scores, compare(scores, study=study, arms=ARMS), study=study, arms=ARMS, data=make_data()))
    assert text.startswith(
        "On toy (20 real training images a class), GAN augmentation (arm gan) helps lenet5: "
        "+5.0 points of test accuracy over real images alone ("
    )
    # Eight comparisons, one Holm family: these two are drawn at levels between 1 - 0.05 / 8 and 1 - 0.05 / 5.
    levels = [float(level) for level in re.findall(r"([\d.]+)% interval", text)]
    assert all(100 * (1 - 0.05 / 8) + 0.05 >= level >= 100 * (1 - 0.05 / 5) - 0.05 for level in levels)
    assert "; against classic augmentation (arm classic) it helps: +3.5 points (" in text
    assert "classic: helps; mixed: not settled; synthetic: hurts" in text
    assert "600 optimiser steps" in text
    assert "conditional on this test set" in text


def test_headline_claims_no_error_rate_where_repeats_share_folds(write: Write) -> None:
    files = [{**file, "part": r % 3, "conditional_on_test_set": False} for r, file in enumerate(full_study())]
    scores, study = read_scores(write(files)), make_study()
    text = str(headline(scores, compare(scores, study=study, arms=ARMS), study=study, arms=ARMS, data=make_data()))
    assert "at most 5% (Holm) if repeats were independent; 6 repeats share the images of 3 test sets in turn" in text


def test_test_sets_of_later_rounds_hold_what_those_of_the_first_hold(write: Write) -> None:
    files = [{**file, "part": r, "conditional_on_test_set": False} for r, file in enumerate(full_study())]
    scores = read_scores(write(files))
    rounds = config.TestSplit(method="leave_one_group_out", fraction=None, folds=5, rounds=2)
    assert apart(scores, make_data()) == 6
    assert apart(scores, replace(make_data(), test=rounds)) == 5


def test_headline_is_honest_below_six_repeats(write: Write) -> None:
    scores, study = read_scores(write(full_study(repeats=1))), make_study(epochs=20)
    data = make_data(leaky=True)
    text = str(headline(scores, compare(scores, study=study, arms=ARMS), study=study, arms=ARMS, data=data))
    assert "it is not settled whether GAN augmentation (arm gan) helps lenet5: +4.0 points" in text
    assert "1 repeat, no interval below 2; a verdict needs at least 6" in text
    assert "20 epochs" in text
    assert "saw the test images" in text


def test_headline_with_every_gan_cell_failed(write: Write) -> None:
    scores = read_scores(write([score_file(r, [cell("real", 0.8), cell("gan", None)]) for r in range(6)]))
    study = make_study(arms=("real", "gan"))
    findings = compare(scores, study=study, arms=ARMS)
    comparison = findings.find("gan", "real", "lenet5")
    assert comparison is not None
    assert comparison.dropped == 6
    text = str(headline(scores, findings, study=study, arms=ARMS, data=make_data()))
    assert "nothing can be said of GAN augmentation (arm gan) with lenet5" in text
    assert "6 cells failed" in text


def test_points_are_signed_percentage_points() -> None:
    assert (points(0.021), points(-0.0123), points(0.0)) == ("+2.1", "\N{MINUS SIGN}1.2", "+0.0")


def test_online_changes_and_balance_are_classic_augmentation(write: Write) -> None:
    arms = {
        "real": Arm(),
        "duplicate": Arm(duplicate=DuplicateArm(ratio=5)),
        "fewer": Arm(per_class=5),
        "fewer-classic": Arm(per_class=5, classic=ClassicArm(ratio=5)),
        "gan": Arm(gan=GanArm("dcgan", ratio=5), online=Online(policy="flip_crop")),
        "mixup": Arm(online=Online(mixup=1.0)),
        "oversample": Arm(duplicate=DuplicateArm(balance=True)),
    }
    scores = read_scores(write([score_file(0, [cell("real", 0.9)])]))
    for studied, best in (
        (("real", "duplicate", "fewer", "fewer-classic", "gan"), None),
        (("real", "gan", "mixup"), "mixup"),
        (("real", "oversample", "gan"), "oversample"),
    ):
        chosen = choose_classic(scores, "lenet5", study=make_study(arms=studied), arms=arms)
        assert (chosen.arm if chosen else None) == best
