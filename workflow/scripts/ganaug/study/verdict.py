"""What the differences between arms mean: helps, hurts, no practical difference, or not settled yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from statistics import fmean

from ganaug.arms import Arm, Online
from ganaug.config import Data, Study
from ganaug.study.decision import LEAST_REPEATS, Decision, Verdict, decide, decide_any_time
from ganaug.study.scores import Scores

REAL = "real"
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Comparison:
    """``arm`` minus ``reference`` for one classifier, in test accuracy paired over repeats.

    ``dropped`` counts (repeat, fit) pairs lost to failed cells; ``control`` marks the A/A control, outside the family.
    """

    arm: str
    reference: str
    classifier: str
    control: bool
    dropped: int
    decision: Decision


@dataclass(frozen=True)
class BestClassic:
    """The classic arm that other arms must beat, and how it was chosen (never on the test set)."""

    arm: str
    reason: str


@dataclass(frozen=True)
class Findings:
    """All comparisons in the order of the study's classifiers and arms, and the best classic arm of each classifier.

    ``most`` is the budget of repeats where decisions hold after every look (``study.settle``), else None.
    """

    comparisons: tuple[Comparison, ...]
    best_classic: Mapping[str, BestClassic]
    most: int | None

    def find(self, arm: str, reference: str, classifier: str) -> Comparison | None:
        """One comparison, or None where there is no such."""
        wanted = (arm, reference, classifier)
        return next((c for c in self.comparisons if (c.arm, c.reference, c.classifier) == wanted), None)


def choose_classic(scores: Scores, classifier: str, *, study: Study, arms: Mapping[str, Arm]) -> BestClassic | None:
    """The classic arm with the highest mean validation accuracy; without validation the first by name."""
    names = [name for name in study.arms if arms[name].is_classic]
    if not names:
        return None
    if len(names) == 1:
        return BestClassic(names[0], "the only classic arm")
    validation = {name: scores.by_repeat(name, classifier, "validation", "accuracy") for name in names}
    means = {name: fmean(values.values()) for name, values in validation.items() if values}
    if not means:
        return BestClassic(min(names), "the first by name, since there is no validation set to choose on")
    return BestClassic(max(means, key=means.__getitem__), "the classic arm with the highest mean validation accuracy")


def compare(scores: Scores, *, study: Study, arms: Mapping[str, Arm]) -> Findings:
    """Every arm against ``real`` and against the best classic arm, for every classifier, as one Holm family.

    The control against ``real`` stays outside the family and keeps an interval of its own. With ``study.settle``
    decisions hold after every look, of which each may choose another classic arm: the family then has them all.
    """
    deciding = _deciding(study)
    best: dict[str, BestClassic] = {}
    planned: list[Comparison] = []
    for classifier in study.classifiers:
        classic = choose_classic(scores, classifier, study=study, arms=arms)
        if classic:
            best[classifier] = classic
        chosen = [classic.arm] if classic else []
        references = chosen if study.settle is None else [name for name in study.arms if arms[name].is_classic]
        for reference in [REAL, *references]:
            for arm in study.arms:
                if arm not in (REAL, reference):
                    planned.append(_comparison(scores, arm, reference, classifier, arms[arm].is_control, study))
    family = [number for number, comparison in enumerate(planned) if not comparison.control]
    decisions = deciding([planned[number].decision.sample.values for number in family], rope=study.rope)
    for number, decision in zip(family, decisions, strict=True):
        planned[number] = replace(planned[number], decision=decision)
    shown = [one for one in planned if one.reference == REAL or one.reference == best[one.classifier].arm]
    return Findings(comparisons=tuple(shown), best_classic=best, most=study.settle)


def _deciding(study: Study) -> Callable[..., list[Decision]]:
    return decide if study.settle is None else decide_any_time


def _comparison(
    scores: Scores, arm: str, reference: str, classifier: str, only_duplicates: bool, study: Study
) -> Comparison:
    differences, dropped = scores.paired(arm, reference, classifier)
    control = only_duplicates and reference == REAL
    alone = _deciding(study)([list(differences.values())], rope=study.rope)[0]
    if control:
        alone = replace(alone, verdict=_control_verdict(alone), repeats_needed=None)
    return Comparison(arm, reference, classifier, control, dropped, alone)


def _control_verdict(decision: Decision) -> Verdict:
    if decision.sample.n < LEAST_REPEATS:
        return "control: too few repeats"
    return "control: differs" if decision.verdict in ("helps", "hurts") else "control: no difference seen"


def points(difference: float) -> str:
    """A difference in accuracy as signed percentage points: 0.021 is ``+2.1``."""
    return f"{100 * difference:+.1f}".replace("-", MINUS)


@dataclass(frozen=True)
class Headline:
    """The study in plain sentences: an answer for each classifier, then what it rests on."""

    answers: tuple[str, ...]
    conditions: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join([*self.answers, *self.conditions])


def headline(scores: Scores, findings: Findings, *, study: Study, arms: Mapping[str, Arm], data: Data) -> Headline:
    """What the study says of its first arm with real and GAN images; else with GAN images; else the first compared."""
    treated = [name for name in study.arms if name != REAL and not arms[name].is_control]
    augmented = [name for name in treated if arms[name].generated]
    main = next((name for name in [*(name for name in augmented if arms[name].real), *augmented, *treated]), None)
    if main is None:
        return Headline((f"On {scores.experiment} there is nothing to compare with real images: add an arm.",), ())
    answers = [_answer(main, classifier, findings, arms) for classifier in study.classifiers]
    answers = [f"On {scores.experiment}{_real_images(scores, study)}, {answers[0]}", *map(_capital, answers[1:])]
    others = []
    for classifier in study.classifiers:
        found = [findings.find(name, REAL, classifier) for name in treated if name != main]
        if told := [f"{other.arm}: {_plain(other.decision.verdict)}" for other in found if other]:
            others.append(f"The other arms against real images alone ({classifier}): {'; '.join(told)}.")
    return Headline(tuple(answers), (*others, *_conditions(scores, study, data)))


def _answer(arm: str, classifier: str, findings: Findings, arms: Mapping[str, Arm]) -> str:
    comparison = findings.find(arm, REAL, classifier)
    assert comparison is not None
    decision, what = comparison.decision, f"{_what(arms[arm])} (arm {arm})"
    if decision.sample.mean is None:
        return f"nothing can be said of {what} with {classifier} yet: no repeat has scores of it and of real."
    claim = {
        "helps": f"{what} helps {classifier}",
        "hurts": f"{what} hurts {classifier}",
        "no practical difference": f"{what} makes no practical difference to {classifier}",
    }.get(decision.verdict, f"it is not settled whether {what} helps {classifier}")
    over = "over" if decision.sample.mean >= 0 else "against"
    text = f"{claim}: {points(decision.sample.mean)} points of test accuracy {over} real images alone"
    text += f" ({_evidence(decision, findings.most)})"
    classic = findings.best_classic.get(classifier)
    second = findings.find(arm, classic.arm, classifier) if classic else None
    if second and second.decision.sample.mean is not None:
        said = _plain(second.decision.verdict)
        verdict = (
            f"it is {said}" if said == "not settled" else f"it makes {said}" if said.startswith("no") else f"it {said}"
        )
        text += f"; against classic augmentation (arm {second.reference}) {verdict}: "
        text += f"{points(second.decision.sample.mean)} points ({_evidence(second.decision, findings.most)})"
    return text + "."


def _plain(verdict: Verdict) -> str:
    return "not settled" if verdict == "underpowered" else verdict


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _what(arm: Arm) -> str:
    if not arm.generated:
        return "classic augmentation" if arm.is_classic else "this training set"
    together = "GAN and classic augmentation" if arm.classic or arm.online != Online() else "GAN augmentation"
    return together if arm.real else "training on synthetic images without real ones"


def _evidence(decision: Decision, most: int | None) -> str:
    repeats = f"{decision.sample.n} repeat{'s' if decision.sample.n != 1 else ''}"
    if decision.low is None or decision.high is None:
        if most is not None and decision.sample.n >= LEAST_REPEATS:
            return f"{repeats}, which are too few for an interval that holds after every look; at most {most}"
        return f"{repeats}, no interval below 2; a verdict needs at least {LEAST_REPEATS}"
    text = f"{100 * decision.level:.3g}% interval {points(decision.low)} to {points(decision.high)}, {repeats}"
    if decision.verdict != "underpowered":
        return text
    if most is not None:
        return text + f" of at most {most}"
    needed = decision.repeats_needed
    if needed is None:
        return text + "; too close to the limit of practical interest for any feasible number of repeats to settle"
    if decision.sample.n < LEAST_REPEATS:
        return (
            text
            + f"; a verdict needs at least {LEAST_REPEATS}"
            + (f", this one about {needed}" if needed > LEAST_REPEATS else "")
        )
    return text + f"; about {needed} repeats in all would settle it four times in five"


def _real_images(scores: Scores, study: Study) -> str:
    cells = [cell for name in study.classifiers for cell in scores.of(REAL, name) if cell.ok]
    counts = {tuple(one.n for one in cell.splits["train"].per_class.values()) for cell in cells}
    if len(counts) != 1:
        return ""
    classes = counts.pop()
    if len(set(classes)) == 1:
        return f" ({classes[0]} real training images a class)"
    return f" ({sum(classes)} real training images)"


def apart(scores: Scores, data: Data) -> int:
    """How many of the test sets share no image: those of later rounds hold what those of the first hold."""
    rounds = data.test.folds if data.test.rounds > 1 else None
    return len({part % rounds if rounds else part for part in scores.parts})


def _conditions(scores: Scores, study: Study, data: Data) -> list[str]:
    if study.steps is not None:
        said = [f"Every classifier trained for {study.steps} optimiser steps, whatever the size of its training set."]
    else:
        said = [
            f"Every classifier trained for {study.epochs} epochs, so arms with more images took more optimiser steps."
        ]
    chance = "For all comparisons together, the chance of any wrong helps or hurts is at most 5% (Holm)"
    if study.settle is not None:
        said.append(
            f"Repeats are added one at a time until every comparison is settled, {study.settle} at most; intervals and "
            "verdicts hold for all looks together (e-values of the t test, confidence sequences)."
        )
        chance = chance.replace("all comparisons", "all comparisons and looks")
    if scores.conditional:
        said += [f"{chance}.", "All repeats share one test set: the result is conditional on this test set."]
    elif (sealed := apart(scores, data)) < len(scores.repeats):
        said.append(
            f"{chance} if repeats were independent; {len(scores.repeats)} repeats share the images of {sealed} "
            "test sets in turn, so it is higher and the intervals are too narrow."
        )
    else:
        said.append(f"{chance}.")
    if failed := sum(not cell.ok for cell in scores.cells):
        said.append(f"{failed} cell{'s' if failed > 1 else ''} failed and {'are' if failed > 1 else 'is'} left out.")
    if data.leaky:
        said.append("The GANs saw the test images (data.leaky), so no gain shown here is evidence of a real one.")
    return said
