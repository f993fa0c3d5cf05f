"""What kind of a training set an arm is, and what of arms is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ganaug.arms import Arm, ClassicArm, DuplicateArm, GanArm, Online
from ganaug.config import build
from ganaug.errors import UserError
from ganaug.experiment import Experiment
from ganaug.schema import check
from tests.workflow.configs import PRESETS, SCHEMA, parsed

GAN = {"name": "dcgan", "ratio": 5}
# The GAN sees ten real images of each class alone.
FEW = {"gans": {"dcgan": {"per_class": 10}}}
UNEVEN = {"per_class": None, "imbalance": {"cat": 40, "dog": 10}}


@pytest.mark.parametrize(
    ("arm", "is_control", "is_classic"),
    [
        (Arm(), False, False),
        (Arm(duplicate=DuplicateArm(match="gan")), True, False),
        (Arm(duplicate=DuplicateArm(ratio=5)), True, False),
        (Arm(duplicate=DuplicateArm(balance=True)), False, True),
        (Arm(classic=ClassicArm(ratio=5)), False, True),
        (Arm(real=False, classic=ClassicArm(ratio=5)), False, True),
        (Arm(online=Online(policy="flip_crop")), False, True),
        (Arm(online=Online(mixup=1.0), duplicate=DuplicateArm(ratio=5)), False, True),
        (Arm(gan=GanArm("g", ratio=5), classic=ClassicArm(ratio=5)), False, False),
        (Arm(gans=(GanArm("g", ratio=5),), online=Online(policy="classic")), False, False),
        # Fewer real images: neither the same training set nor a treatment of it.
        (Arm(per_class=5), False, False),
        (Arm(per_class=5, duplicate=DuplicateArm(ratio=5)), False, False),
        (Arm(per_class=5, classic=ClassicArm(ratio=5)), False, False),
        (Arm(real=False, duplicate=DuplicateArm(ratio=5)), False, False),
    ],
)
def test_controls_and_classic_arms_are_told_apart(arm: Arm, is_control: bool, is_classic: bool) -> None:
    assert (arm.is_control, arm.is_classic) == (is_control, is_classic)


def test_one_gan_and_several_are_what_an_arm_takes() -> None:
    one, other = GanArm("a", ratio=1), GanArm("b", ratio=1)
    assert Arm().generated == ()
    assert Arm(gan=one).generated == (one,)
    assert Arm(gans=(one, other)).generated == (one, other)


@pytest.mark.parametrize(
    ("part", "is_curated"),
    [
        (GanArm("g", pool=4), False),
        (GanArm("g", turns=4), False),
        (GanArm("g", keep="density"), True),
        (GanArm("g", drop_copies=True), True),
    ],
)
def test_a_curated_arm_does_not_take_all_it_draws(part: GanArm, is_curated: bool) -> None:
    assert part.is_curated is is_curated


def with_arm(arm: Mapping[str, Any], **sections: Any) -> Experiment:
    """A study of an arm beside ``real``, and what repeats real images to the same number."""
    control = sections.pop("control", {"match": "tried"})
    arms = {"again": {"duplicate": control}, "tried": dict(arm), **sections.pop("arms", {})}
    # A network with batch normalisation, which a strategy may ask for.
    networks = {"net": {"preset": "resnet18"}}
    study = {"arms": ["real", "again", "tried"], "classifiers": ["net"]}
    return parsed({"arms": arms, "classifiers": networks, "study": study, **sections})


def refusal(arm: Mapping[str, Any], **sections: Any) -> str:
    with pytest.raises(UserError) as caught:
        with_arm(arm, **sections)
    message = str(caught.value)
    assert "\n" not in message
    return message


PLAIN = {"control": {"ratio": 5}}


@pytest.mark.parametrize(
    ("arm", "sections", "said"),
    [
        (
            {"gan": {**GAN, "count": 9}},
            {},
            ".gan: set exactly one of ratio, count, balance (both ratio and count are set; null unsets one)",
        ),
        ({"gan": {"name": "dcgan"}}, {}, ".gan: set exactly one of ratio, count, balance (none is set; null unsets"),
        ({"classic": {}}, PLAIN, ".classic: set exactly one of ratio, count, balance (none is set; null unsets one)"),
        (
            {"duplicate": {"match": "gan", "ratio": 5}},
            PLAIN,
            ".duplicate: set exactly one of match, ratio, count, balance (both match and ratio are set; null unsets",
        ),
        ({"gan": GAN, "gans": [GAN]}, {}, ".gans: gan is set too; list it among gans, or leave one of them out"),
        ({"gans": [GAN, {**GAN, "count": 1}]}, {}, ".gans[1]: set exactly one of ratio, count, balance (both ratio"),
        (
            {"gans": [GAN, {**GAN, "mix": 1, "ratio": 2}]},
            {},
            ".gans[1]: draws the images of gans[0] again; make one of them",
        ),
        (
            {"gans": [{**GAN, "turns": 2}, {**GAN, "turns": 3, "truncation": 1.0}]},
            {},
            ".gans: turns is 2 of one and 3 of another; set them alike",
        ),
        ({"real": False}, PLAIN, ": has no images at all; set real to true or add some"),
        ({"per_class": 21}, PLAIN, ".per_class: 21 of 20 real images of a class; lower it"),
        (
            {"per_class": 10, "gan": GAN},
            {},
            ".gan.name: dcgan learns from 20 real images of a class, and the arm has 10; set gans.dcgan.per_class to",
        ),
        (
            {"per_class": 10, "gan": GAN},
            {"data": UNEVEN},
            ".gan.name: dcgan learns from all real images of a class, and the arm has 10; set gans.dcgan.per_class to",
        ),
        (
            {"per_class": 10, "gan": {**GAN, "snapshot": "best"}},
            FEW,
            ".gan.snapshot: chooses by all real images, and the arm has 10 of a class; leave it out",
        ),
        (
            {"per_class": 10, "gans": [GAN, {**GAN, "truncation": 1.0, "pool": 2, "keep": "density"}]},
            FEW,
            ".gans[1].keep: chooses by all real images, and the arm has 10 of a class; leave it out",
        ),
        (
            {"per_class": 10, "gan": {**GAN, "pool": 2, "drop_copies": True}},
            FEW,
            ".gan.drop_copies: chooses by all real images, and the arm has 10 of a class; leave it out",
        ),
        ({"per_class": 11}, {**PLAIN, "data": UNEVEN}, ".per_class: 11 of 10 real images of a class; lower it"),
        (
            {"gan": {"name": "dcgan", "balance": True}},
            PLAIN,
            ".gan.balance: all classes have 20 images; set a ratio or a count",
        ),
        (
            {"per_class": 10, "classic": {"balance": True}},
            {**PLAIN, "data": UNEVEN},
            ".classic.balance: all classes have 10 images; set a ratio or a count",
        ),
        ({"duplicate": {"balance": True}}, PLAIN, ".duplicate.balance: all classes have 20 images; set a ratio or a"),
        ({"gan": {"name": "dcgan", "ratio": 0.02}}, {}, ".gan.ratio: 0.02 times 20 real images is no image; raise it"),
        (
            {"per_class": 5, "classic": {"ratio": 0.1}},
            PLAIN,
            ".classic.ratio: 0.1 times 5 real images is no image; raise it",
        ),
        ({"duplicate": {"ratio": 0.02}}, PLAIN, ".duplicate.ratio: 0.02 times 20 real images is no image; raise it"),
        (
            {"duplicate": {"match": "again"}},
            PLAIN,
            ".duplicate.match: 'again' is no arm that adds classic or GAN images and no duplicates; name one that "
            "does, such as gan",
        ),
        ({"duplicate": {"match": "none"}}, PLAIN, ".duplicate.match: 'none' is no arm that adds classic or GAN images"),
        (
            {"duplicate": {"match": "gan-minority"}},
            {**PLAIN, "data": UNEVEN},
            ".duplicate.match: gan-minority adds to smaller classes alone; set balance to true in its place",
        ),
        ({"gan": {**GAN, "name": "wgan"}}, {}, ".gan.name: no GAN 'wgan' is configured; gans has dcgan"),
        ({"gan": {**GAN, "mix": 2}}, {}, ".gan.mix: dcgan does not mix latents, unlike stylegan2; set it to null"),
        (
            {"gan": {**GAN, "keep": "confidence"}},
            {},
            ".gan.pool: 1 leaves nothing to choose from; draw more, such as 4 times as many",
        ),
        (
            {"gan": {**GAN, "drop_copies": True}},
            {},
            ".gan.pool: 1 leaves nothing to choose from; draw more, such as 4 times as many",
        ),
        ({"gan": {**GAN, "pool": 4}}, {}, ".gan.pool: 4 times as many are drawn and the first are kept; set keep"),
        (
            {"gan": {"name": "dcgan", "balance": True, "turns": 2}},
            {**PLAIN, "data": UNEVEN},
            ".gan.turns: balance has one set of images; set it to 1",
        ),
        (
            {"gan": {"name": "copies", "ratio": 5, "pool": 4, "keep": "discriminator"}},
            {"gans": {"copies": {"preset": "identity"}}},
            ".gan.keep: identity has no discriminator; choose confidence or density",
        ),
        (
            {"gan": {**GAN, "pool": 4, "keep": "discriminator"}},
            {"gans": {"dcgan": {"loss": "hinge"}}},
            ".gan.keep: only the loss non_saturating makes the discriminator tell how probably an image is real, and "
            "dcgan has hinge; choose confidence or density",
        ),
        ({"gan": {**GAN, "snapshot": 251}}, {}, ".gan.snapshot: 251 is past the last epoch of dcgan, 250; lower it"),
        (
            {"gan": {**GAN, "snapshot": 100}},
            {},
            ".gan.snapshot: dcgan keeps e125, last; add 100 to gans.dcgan.snapshots",
        ),
        *(
            (
                {**lacking, "strategy": {key: value}},
                PLAIN,
                f".strategy.{key}: tells real from GAN images, and the arm lacks one of them; leave it out",
            )
            for key, value in (("pretrain", 0.5), ("weight", 0.5), ("auxiliary_norm", True), ("adversarial", 0.1))
            for lacking in ({"real": False, "gan": GAN}, {"classic": {"ratio": 1}})
        ),
        *(
            (
                {"gan": GAN, "strategy": {"pretrain": 0.5, **also}},
                {},
                ".strategy.pretrain: no batch has both real and GAN images; leave out the other keys",
            )
            for also in ({"weight": 0.5}, {"auxiliary_norm": True}, {"adversarial": 0.1})
        ),
        (
            {"gan": GAN, "classic": {"ratio": 1}, "strategy": {"pretrain": 0.5}},
            {},
            ".strategy.pretrain: goes on with the real images alone; leave out duplicate and classic",
        ),
        *(
            (
                {"gan": GAN, "strategy": strategy, "online": {mixing: 1.0}},
                {},
                f".strategy.{key}: an image mixed of two is neither real nor generated; leave out mixing",
            )
            for mixing in ("mixup", "cutmix")
            for key, strategy in (("weight", {"weight": 0.5}), ("adversarial", {"adversarial": 0.1}))
        ),
    ],
)
def test_an_arm_that_makes_no_sense_is_refused_in_a_line(
    arm: dict[str, Any], sections: dict[str, Any], said: str
) -> None:
    assert refusal(arm, **sections).startswith(f"arms.tried{said}")


def test_an_arm_that_is_only_matched_is_checked_too() -> None:
    matched = {"matched": {"gan": {**GAN, "pool": 4}}}
    said = refusal({"duplicate": {"match": "matched"}}, control={"ratio": 5}, arms=matched)
    assert said.startswith("arms.matched.gan.pool: 4 times as many are drawn")


@pytest.mark.parametrize(
    ("arm", "sections"),
    [
        ({"gans": [GAN, {**GAN, "truncation": 1.0, "ratio": 2}]}, {}),
        ({"gans": [{**GAN, "turns": 3}, {**GAN, "truncation": 1.0}]}, {}),
        ({"gan": {**GAN, "pool": 4, "keep": "discriminator"}}, {}),
        ({"gan": {**GAN, "pool": 4, "drop_copies": True, "turns": 3}}, {}),
        ({"gan": {**GAN, "snapshot": 125}}, {}),
        ({"per_class": 20, "gan": {**GAN, "snapshot": "best"}}, {}),
        ({"per_class": 10, "gan": GAN}, FEW),
        ({"gan": GAN, "strategy": {"pretrain": 0.5}, "online": {"mixup": 1.0}}, {}),
        ({"gan": GAN, "strategy": {"weight": 0.5, "auxiliary_norm": True, "adversarial": 0.1}}, {}),
        ({"gan": {"name": "dcgan", "balance": True}}, {"data": UNEVEN, "control": {"balance": True}}),
    ],
)
def test_what_stands_beside_a_refusal_is_accepted(arm: dict[str, Any], sections: dict[str, Any]) -> None:
    assert with_arm(arm, **sections).arms["tried"] == build(Arm, arm, "")


@pytest.mark.parametrize(
    ("gan", "control", "lacking"),
    [
        ({"ratio": 5}, {"ratio": 4}, "duplicate"),
        ({"ratio": 5}, {"count": 100}, "duplicate"),
        ({"ratio": 5}, {"balance": True}, "duplicate"),
        ({"balance": True}, {"ratio": 5}, "oversample"),
    ],
)
def test_a_study_has_the_control_of_one_of_its_gan_arms(
    gan: dict[str, Any], control: dict[str, Any], lacking: str
) -> None:
    said = refusal({"gan": {"name": "dcgan", **gan}}, control=control, data=UNEVEN)
    assert said == (
        "study.arms: lacks a control for its GAN arms, real images repeated to the number of one of them; "
        f"add {lacking}"
    )


@pytest.mark.parametrize("name", sorted(PRESETS["arms"]))
def test_a_preset_of_an_arm_is_sound_in_an_experiment(name: str) -> None:
    preset = PRESETS["arms"][name]
    check(preset, {**SCHEMA["$defs"]["arm"], "$defs": SCHEMA["$defs"]})
    arm = build(Arm, preset, f"arms.{name}")
    balances = arm.gan is not None and arm.gan.balance
    control = {"balance": True} if balances else {"match": "tried"} if arm.generated else {"ratio": 1}
    assert with_arm({"preset": name}, control=control, data=UNEVEN).arms["tried"] == arm
