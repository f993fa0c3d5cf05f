"""What a schema cannot say of the arms of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ganaug.amounts import Amount
from ganaug.architectures import STYLED
from ganaug.arms import Arm, DuplicateArm, GanArm
from ganaug.config import Data, Gan
from ganaug.errors import UserError


def check_arms(names: Sequence[str], arms: Mapping[str, Arm], gans: Mapping[str, Gan], data: Data) -> None:
    """Raise UserError if an arm in ``names`` makes no sense, or if the study lacks the control of its GAN arms."""
    for name in names:
        _check_arm(name, arms, gans, data)
    _check_control([arms[name] for name in names], arms)


def one_of(where: str, **amounts: object) -> None:
    """Raise UserError unless exactly one of ``amounts`` is set; null, and false for a switch, are not."""
    given = [name for name, value in amounts.items() if value is not None and value is not False]
    if len(given) != 1:
        said = f"both {' and '.join(given)} are set" if given else "none is set"
        raise UserError(f"{where}: set exactly one of {', '.join(amounts)} ({said}; null unsets one)")


def fewest(data: Data) -> int | None:
    """How many training images the smallest class has; None where only the data tell."""
    if isinstance(data.imbalance, Mapping):
        return min(data.imbalance.values())
    if data.imbalance is None or data.per_class is None:
        return data.per_class
    return round(data.per_class / data.imbalance)


def _check_control(studied: Sequence[Arm], arms: Mapping[str, Arm]) -> None:
    """The protocol's control: real images repeated to the number that a GAN arm of the study adds."""
    wanted = [_amounts(arm.classic, *arm.generated) for arm in studied if arm.generated]
    repeated = []
    for arm in studied:
        if arm.duplicate is not None and arm == Arm(duplicate=arm.duplicate):
            matched = arms[arm.duplicate.match] if arm.duplicate.match else None
            repeated.append(_amounts(matched.classic, *matched.generated) if matched else _amounts(arm.duplicate))
    if wanted and not any(amounts in wanted for amounts in repeated):
        name = "oversample" if all(balance for amounts in wanted for *_, balance in amounts) else "duplicate"
        raise UserError(
            "study.arms: lacks a control for its GAN arms, real images repeated to the number of one of them; "
            f"add {name}"
        )


def _amounts(*parts: Amount | None) -> list[tuple[float | None, int | None, bool]]:
    return [(part.ratio, part.count, part.balance) for part in parts if part]


def _check_arm(name: str, arms: Mapping[str, Arm], gans: Mapping[str, Gan], data: Data) -> None:
    arm, where = arms[name], f"arms.{name}"
    if arm.duplicate is not None:
        _check_duplicates(f"{where}.duplicate", arm.duplicate, arm, arms, gans, data)
    if arm.classic is not None:
        _check_amount(f"{where}.classic", arm.classic, arm, data)
    if arm.gan is not None and arm.gans:
        raise UserError(f"{where}.gans: gan is set too; list it among gans, or leave one of them out")
    for key, part in [("gan", arm.gan)] if arm.gan else [(f"gans[{k}]", part) for k, part in enumerate(arm.gans)]:
        _check_amount(f"{where}.{key}", part, arm, data)
        _check_gan_arm(f"{where}.{key}", part, gans)
        _check_known(f"{where}.{key}", part, arm, gans, data)
    _check_together(f"{where}.gans", arm.gans)
    if not arm.real and arm.duplicate is None and arm.classic is None and not arm.generated:
        raise UserError(f"{where}: has no images at all; set real to true or add some")
    if arm.per_class is not None and (most := fewest(data)) is not None and arm.per_class > most:
        raise UserError(f"{where}.per_class: {arm.per_class} of {most} real images of a class; lower it")
    _check_strategy(f"{where}.strategy", arm)


def _check_duplicates(
    where: str, part: DuplicateArm, arm: Arm, arms: Mapping[str, Arm], gans: Mapping[str, Gan], data: Data
) -> None:
    one_of(where, match=part.match, ratio=part.ratio, count=part.count, balance=part.balance)
    if part.match is None:
        _check_balance(where, part, arm, data)
        _check_ratio(where, part.ratio, arm.per_class or fewest(data))
        return
    matched = arms.get(part.match)
    if matched is None or matched.duplicate is not None or not (matched.generated or matched.classic):
        raise UserError(
            f"{where}.match: {part.match!r} is no arm that adds classic or GAN images and no duplicates; name one that "
            "does, such as gan"
        )
    if any(added.balance for added in (matched.classic, *matched.generated) if added):
        raise UserError(f"{where}.match: {part.match} adds to smaller classes alone; set balance to true in its place")
    _check_arm(part.match, arms, gans, data)


def _check_amount(where: str, part: Amount, arm: Arm, data: Data) -> None:
    one_of(where, ratio=part.ratio, count=part.count, balance=part.balance)
    _check_balance(where, part, arm, data)
    _check_ratio(where, part.ratio, arm.per_class or fewest(data))


def _check_balance(where: str, part: Amount, arm: Arm, data: Data) -> None:
    equal = arm.per_class or data.equal_per_class
    if part.balance and equal is not None:
        raise UserError(f"{where}.balance: all classes have {equal} images; set a ratio or a count")


def _check_ratio(where: str, ratio: float | None, real: int | None) -> None:
    if ratio is not None and real is not None and round(ratio * real) == 0:
        raise UserError(f"{where}.ratio: {ratio:g} times {real} real images is no image; raise it")


def _check_gan_arm(where: str, arm: GanArm, gans: Mapping[str, Gan]) -> None:
    if arm.name not in gans:
        raise UserError(
            f"{where}.name: no GAN {arm.name!r} is configured; gans has {', '.join(sorted(gans)) or 'none'}"
        )
    gan = gans[arm.name]
    if (arm.mix or 1) > 1 and gan.network not in STYLED:
        raise UserError(f"{where}.mix: {gan.network} does not mix latents, unlike {', '.join(STYLED)}; set it to null")
    if arm.pool == 1 and arm.is_curated:
        raise UserError(f"{where}.pool: 1 leaves nothing to choose from; draw more, such as 4 times as many")
    if arm.pool > 1 and not arm.is_curated:
        raise UserError(f"{where}.pool: {arm.pool} times as many are drawn and the first are kept; set keep")
    if arm.turns > 1 and arm.balance:
        raise UserError(f"{where}.turns: balance has one set of images; set it to 1")
    if arm.keep == "discriminator" and gan.network == "identity":
        raise UserError(f"{where}.keep: identity has no discriminator; choose confidence or density")
    if arm.keep == "discriminator" and gan.loss != "non_saturating":
        raise UserError(
            f"{where}.keep: only the loss non_saturating makes the discriminator tell how probably an image is real, "
            f"and {arm.name} has {gan.loss}; choose confidence or density"
        )
    if arm.snap not in [*gan.snaps, "best"]:
        if isinstance(arm.snapshot, int) and gan.epochs is not None and arm.snapshot > gan.epochs:
            raise UserError(
                f"{where}.snapshot: {arm.snapshot} is past the last epoch of {arm.name}, {gan.epochs}; lower it"
            )
        raise UserError(
            f"{where}.snapshot: {arm.name} keeps {', '.join(gan.snaps)}; "
            f"add {arm.snapshot} to gans.{arm.name}.snapshots"
        )


def _check_known(where: str, part: GanArm, arm: Arm, gans: Mapping[str, Gan], data: Data) -> None:
    """Refuse samples in which there is more than the real images that the arm is told to have."""
    whole = data.equal_per_class
    if arm.per_class is None or arm.per_class == whole:
        return
    seen = gans[part.name].per_class or whole
    if seen is None or seen > arm.per_class:
        raise UserError(
            f"{where}.name: {part.name} learns from {seen or 'all'} real images of a class, and the arm has "
            f"{arm.per_class}; set gans.{part.name}.per_class to {arm.per_class}"
        )
    if part.is_curated or part.snap == "best":
        key = "snapshot" if part.snap == "best" else "keep" if part.keep != "first" else "drop_copies"
        raise UserError(
            f"{where}.{key}: chooses by all real images, and the arm has {arm.per_class} of a class; leave it out"
        )


def _check_together(where: str, parts: Sequence[GanArm]) -> None:
    """Whether several GANs of an arm go together."""
    seen: dict[object, int] = {}
    for k, part in enumerate(parts):
        first = seen.setdefault((part.name, part.snap, part.truncation, part.mix or 1), k)
        if first != k:
            raise UserError(f"{where}[{k}]: draws the images of gans[{first}] again; make one of them")
    turns = sorted({part.turns for part in parts} - {1})
    if len(turns) > 1:
        raise UserError(f"{where}: turns is {turns[0]} of one and {turns[1]} of another; set them alike")


def _check_strategy(where: str, arm: Arm) -> None:
    strategy = arm.strategy
    told_apart = (
        ("pretrain", strategy.pretrain is not None),
        ("weight", strategy.weight != 1),
        ("auxiliary_norm", strategy.auxiliary_norm),
        ("adversarial", strategy.adversarial is not None),
    )
    for key, is_set in told_apart:
        if is_set and not (arm.real and arm.generated):
            raise UserError(f"{where}.{key}: tells real from GAN images, and the arm lacks one of them; leave it out")
    if strategy.pretrain is not None and (
        strategy.weight != 1 or strategy.auxiliary_norm or strategy.adversarial is not None
    ):
        raise UserError(f"{where}.pretrain: no batch has both real and GAN images; leave out the other keys")
    if strategy.pretrain is not None and (arm.duplicate is not None or arm.classic is not None):
        raise UserError(f"{where}.pretrain: goes on with the real images alone; leave out duplicate and classic")
    if arm.online.mixup is not None or arm.online.cutmix is not None:
        for key in [key for key, is_set in told_apart if is_set and key != "pretrain"]:
            raise UserError(f"{where}.{key}: an image mixed of two is neither real nor generated; leave out mixing")
