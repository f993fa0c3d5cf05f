"""A whole config as one typed value, checked for what a schema cannot say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import PurePosixPath
from typing import Any, TypeVar

from ganaug.addresses import check_address, is_address
from ganaug.architectures import check_architecture
from ganaug.arm_checks import check_arms, fewest, one_of
from ganaug.arms import Arm
from ganaug.classifier_checks import check_classifiers
from ganaug.config import Classifier, Compute, Data, Gan, Study, Tracking, build
from ganaug.errors import UserError
from ganaug.grid import expand
from ganaug.networks import Quality, parse_quality

T = TypeVar("T")


@dataclass(frozen=True)
class Experiment:
    """A whole config, presets resolved; what the grid of its study makes is among its arms and GANs.

    ``experiments`` are names of experiments that `snakemake compare` puts beside each other, whatever else stands here.
    """

    experiment: str
    seed: int
    data: Data
    gans: Mapping[str, Gan]
    classifiers: Mapping[str, Classifier]
    arms: Mapping[str, Arm]
    study: Study
    quality: Quality
    compute: Compute
    tracking: Tracking
    experiments: tuple[str, ...]


def parse(config: Mapping[str, Any], presets: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Experiment:
    """The experiment that ``config`` describes, checked for what a schema cannot say.

    Args:
        config: the merged config, already checked against the schema.
        presets: ``{"gans": {name: values}, "classifiers": {name: values}, "arms": {name: values}}``.

    Raises:
        UserError: a name that is not configured, a snapshot past the last epoch, an amount given twice.
    """
    experiment = Experiment(
        experiment=config["experiment"],
        seed=config["seed"],
        data=build(Data, config["data"], "data"),
        gans=_resolve(Gan, config["gans"], presets["gans"], "gans"),
        classifiers=_resolve(Classifier, config["classifiers"], presets["classifiers"], "classifiers"),
        arms=_arms(config["arms"], presets["arms"]),
        study=build(Study, config["study"], "study"),
        quality=parse_quality(config["quality"]),
        compute=build(Compute, config["compute"], "compute"),
        tracking=build(Tracking, config["tracking"], "tracking"),
        experiments=tuple(config["experiments"]),
    )
    _check_data(experiment.data)
    for name, gan in experiment.gans.items():
        _check_gan(name, gan, experiment.data)
    _check_study(experiment)
    check_classifiers(
        experiment.classifiers,
        experiment.study,
        experiment.data,
        experiment.arms,
        experiment=experiment.experiment,
    )
    check_arms(experiment.study.arms, experiment.arms, experiment.gans, experiment.data)
    if experiment.study.grid is None:
        return experiment
    cells, made = expand(experiment.study.grid, gans=experiment.gans, arms=experiment.arms, data=experiment.data)
    return replace(experiment, arms={**experiment.arms, **cells}, gans={**experiment.gans, **made})


def portable(config: Mapping[str, Any], experiment: Experiment) -> dict[str, Any]:
    """``config`` as a report tells it: GANs, classifiers and arms in full, without what names this machine.

    Anywhere else it makes the same experiment, whatever has become of the presets, once ``data.path`` is set, and the
    files of ``quality.networks`` lie beside the Snakefile.
    """
    resolved = {
        kind: {name: {"preset": own["preset"], **asdict(values[name])} for name, own in config[kind].items()}
        for kind, values in (("gans", experiment.gans), ("classifiers", experiment.classifiers))
    }
    told = [*config["arms"], *(name for name in experiment.study.arms if name not in config["arms"])]
    matched = {arm.duplicate.match for name in told if (arm := experiment.arms[name]).duplicate}
    told += sorted((matched & set(experiment.arms)) - {*told})
    arms = {name: asdict(experiment.arms[name]) for name in told}
    device = {**config["compute"], "device": "auto"}
    networks = {name: {**own, "path": _bare(own.get("path"))} for name, own in config["quality"]["networks"].items()}
    # What the command line gives comes first in a config, and a parameter in another order is another parameter.
    ordered = {field.name: config[field.name] for field in fields(Experiment)}
    return {
        **ordered,
        **resolved,
        "arms": arms,
        "data": {**config["data"], "path": None, "mirror": None},
        "quality": {**config["quality"], "networks": networks},
        "compute": device,
        "tracking": {"uri": None},
        "experiments": [],
    }


def _bare(path: str | None) -> str | None:
    """The name of a file without what leads to it on this machine."""
    return path and PurePosixPath(path).name


def _resolve(
    kind: type[T], configured: Mapping[str, Mapping[str, Any]], presets: Mapping[str, Mapping[str, Any]], where: str
) -> dict[str, T]:
    resolved = {}
    for name, changes in configured.items():
        preset = changes["preset"]
        if preset not in presets:
            raise UserError(
                f"{where}.{name}.preset: no preset {preset!r}; config/{where}/ has {', '.join(sorted(presets))}"
            )
        own = {key: value for key, value in changes.items() if key != "preset"}
        resolved[name] = build(kind, _changed(presets[preset], own, f"{where}.{name}", preset), f"{where}.{name}")
    return resolved


def _arms(configured: Mapping[str, Mapping[str, Any]], presets: Mapping[str, Mapping[str, Any]]) -> dict[str, Arm]:
    """The arms of a config, and every preset under its own name where the config has no arm of that name."""
    resolved = {name: build(Arm, values, f"arms.{name}") for name, values in presets.items()}
    for name, values in configured.items():
        where, preset = f"arms.{name}", values.get("preset")
        if preset is not None and preset not in presets:
            raise UserError(f"{where}.preset: no preset {preset!r}; config/arms/ has {', '.join(sorted(presets))}")
        begun = presets[preset] if preset is not None else {}
        own = {key: value for key, value in values.items() if key != "preset"}
        parts = {key for key in own if isinstance(own[key], Mapping) and isinstance(begun.get(key), Mapping)}
        merged = {**own, **{key: {**begun[key], **own[key]} for key in parts}}
        resolved[name] = build(Arm, {**begun, **merged}, where)
    return resolved


def _changed(preset: Mapping[str, Any], changes: Mapping[str, Any], where: str, name: str) -> dict[str, Any]:
    """A preset with changes: an architecture has the keys that its preset gives, and values of their types."""
    if changes.get("network", preset["network"]) != preset["network"]:
        raise UserError(f"{where}.network: belongs to the preset {name}; set preset to one of {changes['network']}")
    own, given = changes.get("architecture", {}), preset.get("architecture", {})
    for key, value in own.items():
        if key not in given:
            known = f"it has {', '.join(given)}" if given else "it has none"
            raise UserError(f"{where}.architecture.{key}: no such option of {name}; {known}")
        kinds = (int, float) if type(given[key]) is float else (type(given[key]),)
        if type(value) not in kinds:
            raise UserError(f"{where}.architecture.{key}: {value!r} is not of the kind of {given[key]!r}; correct it")
    merged = {key: {**preset.get(key, {}), **changes[key]} for key in ("architecture", "prepare") if key in changes}
    return {**preset, **changes, **merged}


def _check_source(data: Data) -> None:
    """Whether the keys that say where the images are belong to the source."""
    own = data.source in ("folder", "archive")
    if data.source == "digits" and data.path is not None:
        raise UserError(
            "data.path: the digits come with scikit-learn; set data.source to folder or archive, or path to null"
        )
    if own and data.path is None:
        raise UserError(f"data.path: not set; say where the {data.source} is")
    if data.path is not None and is_address(data.path):
        if data.source != "archive":
            raise UserError(f"data.path: {data.path} is an address, which only an archive may have; give a folder")
        check_address(data.path)
        if data.sha256 is None:
            raise UserError("data.sha256: not set; what comes from an address is used only if it has this digest")
    if data.mirror is not None and data.source in ("digits", "folder"):
        raise UserError(f"data.mirror: nothing is downloaded for data.source {data.source}; set it to null")
    if data.sha256 is not None and data.source != "archive":
        raise UserError("data.sha256: only an archive has one; set it to null")
    if data.attribute is not None and data.source != "celeba":
        raise UserError("data.attribute: only celeba has attributes; set it to null")
    if data.attribute is None and data.source == "celeba":
        raise UserError("data.attribute: not set; say which attribute of celeba is the label, such as Smiling")
    if data.labels is not None and not own:
        raise UserError(f"data.labels: {data.source} has labels of its own; set it to null")


def _check_data(data: Data) -> None:
    _check_source(data)
    _check_test(data)
    _check_groups(data)
    _check_imbalance(data)


def _check_test(data: Data) -> None:
    test, own = data.test, data.source in ("folder", "archive")
    if test.method == "official":
        if data.source == "digits":
            raise UserError("data.test.method: the digits have no test set of their own; set it to hash")
    elif not own and data.source != "digits":
        raise UserError(f"data.test.method: {data.source} has a test set of its own; set it to official")
    if test.method in ("official", "stratified") and test.folds is not None:
        raise UserError(f"data.test.folds: the method {test.method} has one test set and no folds; set it to null")
    if test.method == "leave_one_group_out":
        if data.source == "digits":
            raise UserError("data.test.method: the digits have no groups to leave out; set it to hash")
        if data.groups is None:
            raise UserError("data.groups: not set; say which images leave_one_group_out leaves out together")
        if test.folds is None:
            raise UserError("data.test.folds: not set; give the number of groups that each class has")
        if test.rounds > test.folds:
            told = f"{test.folds} groups a class make {test.folds} rounds of other pairs, not {test.rounds}"
            raise UserError(f"data.test.rounds: {told}; lower it")
    elif test.rounds != 1:
        raise UserError("data.test.rounds: leave_one_group_out alone goes round several times; leave it out")
    elif test.method != "official" and test.folds is None and test.fraction is None:
        raise UserError("data.test.fraction: not set; give the share of images to seal, such as 0.5")


def _check_groups(data: Data) -> None:
    if data.labels is not None and (PurePosixPath(data.labels).is_absolute() or ".." in data.labels.split("/")):
        raise UserError(f"data.labels: {data.labels} leads out of the source; give a path below it")
    if data.groups is not None and data.source not in ("folder", "archive"):
        raise UserError(f"data.groups: the source {data.source} has no groups; set it to null")
    kind, _, argument = (data.groups or "").partition(":")
    if kind == "csv" and data.labels is None:
        raise UserError("data.groups: csv needs data.labels, the CSV that has the column; set it")
    if kind == "regex":
        try:
            bracketed = re.compile(argument).groups
        except (re.error, OverflowError, RecursionError) as error:
            raise UserError(f"data.groups: {argument} is no regular expression ({error}); correct it") from None
        if bracketed == 0:
            raise UserError(
                f"data.groups: the expression {argument} has no bracketed group; put ( ) around what names the group"
            )


def _check_imbalance(data: Data) -> None:
    if data.imbalance is None:
        return
    if isinstance(data.imbalance, Mapping):
        if data.per_class is not None:
            raise UserError("data.per_class: data.imbalance gives the images of each class; set one of them to null")
    elif data.per_class is None:
        raise UserError("data.per_class: not set; say how many images the largest class of data.imbalance has")
    elif fewest(data) == 0:
        raise UserError(
            f"data.imbalance: {data.imbalance:g} times fewer than {data.per_class} images is no image; lower it or "
            "raise data.per_class"
        )


def _check_gan(name: str, gan: Gan, data: Data) -> None:
    one_of(f"gans.{name}", epochs=gan.epochs, steps=gan.steps)
    for applies, key, why in (
        (
            gan.network == "identity" and gan.mode != "per_class",
            "mode",
            "identity holds the images of a class and learns nothing that another could share; set it to per_class",
        ),
        (gan.mode != "per_class" and gan.jobs > 1, "jobs", f"{gan.mode} trains on all classes at once; set it to 1"),
        (
            gan.mode == "fine_tune" and gan.pretrain is None,
            "pretrain",
            "not set; say for how many epochs fine_tune trains on all classes first",
        ),
        (gan.mode != "fine_tune" and gan.pretrain is not None, "pretrain", "only fine_tune has it; set it to null"),
        (
            gan.clip is not None and gan.gradient_penalty is not None,
            "clip",
            "gradient_penalty bounds the critic's slope already; set one of them to null",
        ),
        (
            gan.clip is not None and gan.loss != "wasserstein",
            "clip",
            f"only a Wasserstein critic is clipped, and the loss is {gan.loss}; set it to null",
        ),
        (
            gan.loss == "wasserstein" and gan.clip is None and gan.gradient_penalty is None,
            "loss",
            "a wasserstein critic has no bound; set clip (0.01) or gradient_penalty (10)",
        ),
        (
            gan.penalty_every > 1 and gan.gradient_penalty is None and gan.r1 is None and gan.r2 is None,
            "penalty_every",
            "there is no penalty; set it to 1",
        ),
        (gan.ada is not None and gan.diffaugment is not False, "ada", "diffaugment does it too; set it to false"),
        (
            gan.ada is not None and gan.loss == "wasserstein",
            "ada",
            "it follows the signs of logits, and a wasserstein critic's mean nothing; set it to null",
        ),
        (
            gan.cutmix is not None and gan.loss == "relativistic",
            "cutmix",
            "a relativistic loss compares whole images; set it to null",
        ),
        (
            (most := fewest(data)) is not None and (gan.per_class or 0) > most,
            "per_class",
            f"{gan.per_class} of {most} real images of a class; lower it",
        ),
        (gan.accumulate > gan.batch_size, "accumulate", "more parts than images in a batch; lower it"),
    ):
        if applies:
            raise UserError(f"gans.{name}.{key}: {why}")
    check_architecture(f"gans.{name}", gan, size=data.image_size)
    if gan.snapshots and gan.epochs is None:
        raise UserError(
            f"gans.{name}.snapshots: counted in epochs, but the length is set in steps; set epochs, or snapshots: []"
        )
    if late := [epoch for epoch in gan.snapshots if gan.epochs is not None and epoch > gan.epochs]:
        raise UserError(
            f"gans.{name}.snapshots: {late[0]} is past the last epoch, {gan.epochs}; lower it or train longer"
        )


def _check_study(experiment: Experiment) -> None:
    study = experiment.study
    one_of("study", steps=study.steps, epochs=study.epochs)
    if study.settle is not None and study.repeats > study.settle:
        raise UserError(f"study.repeats: {study.repeats} are beyond the {study.settle} of study.settle; raise that")
    for key, chosen, known in (
        ("arms", study.arms, experiment.arms),
        ("gans", study.gans, experiment.gans),
        ("classifiers", study.classifiers, experiment.classifiers),
    ):
        if missing := [name for name in chosen if name not in known]:
            raise UserError(f"study.{key}: no {missing[0]!r} under {key}; it has {', '.join(sorted(known))}")
        if len(set(chosen)) < len(chosen):
            raise UserError(f"study.{key}: a name is listed twice; each runs once")
    if "real" not in study.arms or experiment.arms.get("real") != Arm():
        raise UserError(
            "study.arms: lacks real, the real images and nothing else, which all arms are compared with; add it"
        )
    if experiment.data.validation == 0 and study.select == "best":
        raise UserError("study.select: best needs validation images, and data.validation is 0; set select to last")
