"""The experiment as typed values: the schemas say what may be written, this says what it means."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, TypeVar

from ganaug.errors import UserError

T = TypeVar("T")


@dataclass(frozen=True)
class TestSplit:
    """How the sealed test set is chosen.

    Attributes:
        method: ``hash`` draws it by group, ``official`` takes the data set's own test folder.
        fraction: the share of images that is sealed (``hash`` without folds).
        folds: repeat r seals fold r modulo this many (``hash``); null: one test set for all repeats.
    """

    method: Literal["hash", "official"]
    fraction: float | None
    folds: int | None


@dataclass(frozen=True)
class Data:
    """The images and their split; see ``config/config.yaml`` for every key."""

    source: Literal["digits", "folder", "archive"]
    path: str | None
    sha256: str | None
    image_size: int | None
    channels: Literal[1, 3] | None
    groups: Literal["parent"] | None
    test: TestSplit
    per_class: int | None
    validation: int
    on_bad: Literal["fail", "skip"]
    near_duplicates: Literal["report", "drop", "stop"]
    leaky: bool

    @property
    def parts(self) -> int:
        """How many development/test divisions there are: one, or one a fold."""
        return self.test.folds or 1


@dataclass(frozen=True)
class Gan:
    """One GAN: its preset with the experiment's changes.

    Attributes:
        network: the file in ``gan/networks`` that builds it.
        jobs: the classes of a repeat are spread over this many jobs.
        nz: latent dimensions.
        ngf, ndf: feature maps of the generator's last and the discriminator's first hidden layer.
        slope: of the discriminator's LeakyReLU.
        init_std: standard deviation of the initial weights.
        lr, betas: of both Adam optimisers.
        epochs, steps: exactly one is set; an epoch is ceil(images / batch_size) steps.
        snapshots: epochs after which the generator is kept, beside the last.
        ema: decay of the generator's moving average, or null for none.
        diffaugment: ``auto`` is on below 1,000 images a class.
    """

    network: str
    mode: Literal["per_class"]
    jobs: int
    nz: int
    ngf: int
    ndf: int
    slope: float
    init_std: float
    lr: float
    betas: tuple[float, float]
    batch_size: int
    epochs: int | None
    steps: int | None
    snapshots: tuple[int, ...]
    ema: float | None
    diffaugment: Literal["auto"] | bool

    @property
    def snaps(self) -> list[str]:
        """The names of the generators that a training leaves: ``e50`` for a snapshot, and ``last``."""
        return [*(f"e{epoch}" for epoch in self.snapshots), "last"]


@dataclass(frozen=True)
class Classifier:
    """One classifier: its preset with the experiment's changes (Adam with learning rate ``lr``)."""

    network: str
    lr: float
    batch_size: int


@dataclass(frozen=True)
class DuplicateArm:
    """Real images again: as many as the arm ``match`` adds, or a ratio of the real set, or a count a class."""

    match: str | None = None
    ratio: float | None = None
    count: int | None = None


@dataclass(frozen=True)
class ClassicArm:
    """New images from real ones by rotation and colour changes, made before training.

    Attributes:
        rotation: largest angle, degrees, either way.
        brightness, contrast, saturation: largest relative change of each, either way.
    """

    ratio: float | None = None
    count: int | None = None
    rotation: float = 15.0
    brightness: float = 0.2
    contrast: float = 0.2
    saturation: float = 0.2


@dataclass(frozen=True)
class GanArm:
    """Samples of the GAN ``name`` after epoch ``snapshot`` (or ``last``)."""

    name: str
    snapshot: int | Literal["last"] = "last"
    ratio: float | None = None
    count: int | None = None

    @property
    def snap(self) -> str:
        """The snapshot as it stands in file names."""
        return self.snapshot if isinstance(self.snapshot, str) else f"e{self.snapshot}"


@dataclass(frozen=True)
class Arm:
    """A training set: the real images (unless ``real`` is false) and what is added to them."""

    real: bool = True
    duplicate: DuplicateArm | None = None
    classic: ClassicArm | None = None
    gan: GanArm | None = None


@dataclass(frozen=True)
class Budget:
    """How long a classifier trains, and which of its evaluations is kept.

    Attributes:
        steps, epochs: exactly one is set; with steps all arms get the same number.
        eval_every: steps between evaluations.
        select: the evaluation of the highest validation accuracy, or the last.
    """

    steps: int | None
    epochs: int | None
    eval_every: int
    select: Literal["best", "last"]


@dataclass(frozen=True)
class Study:
    """Which arms and classifiers run, how often, for how long, and what counts as a difference."""

    arms: tuple[str, ...]
    classifiers: tuple[str, ...]
    repeats: int
    fits: int
    steps: int | None
    epochs: int | None
    eval_every: int
    select: Literal["best", "last"]
    rope: float

    @property
    def budget(self) -> Budget:
        """The part of the study that a classifier's training depends on."""
        return Budget(steps=self.steps, epochs=self.epochs, eval_every=self.eval_every, select=self.select)


@dataclass(frozen=True)
class Compute:
    """Where and how the arithmetic runs. ``device`` changes no result that is claimed; the others may."""

    device: Literal["auto", "cpu", "cuda"]
    precision: Literal["fp32", "bf16"]
    threads: int


@dataclass(frozen=True)
class Tracking:
    """The MLflow store; null is the local SQLite file ``mlflow.db``."""

    uri: str | None


@dataclass(frozen=True)
class Experiment:
    """A whole config, presets resolved."""

    experiment: str
    seed: int
    data: Data
    gans: Mapping[str, Gan]
    classifiers: Mapping[str, Classifier]
    arms: Mapping[str, Arm]
    study: Study
    compute: Compute
    tracking: Tracking


def build(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """Make a dataclass from a mapping whose values the schema has checked.

    Raises:
        UserError: a key is unknown, or one without a default is missing.
    """
    hints = typing.get_type_hints(kind)
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(values) - known):
        raise UserError(f"{where}.{unknown[0]}: no such key; the keys are {', '.join(sorted(known))}")
    try:
        return kind(**{key: _convert(hints[key], value, f"{where}.{key}") for key, value in values.items()})
    except TypeError as error:
        raise UserError(f"{where}: {str(error).partition(') ')[2] or error}") from error


def _convert(hint: Any, value: Any, where: str) -> Any:
    options = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    for option in options:
        if is_dataclass(option) and isinstance(option, type) and isinstance(value, Mapping):
            return build(option, value, where)
        if typing.get_origin(option) is tuple and isinstance(value, list | tuple):
            return tuple(value)
    return value


def parse(config: Mapping[str, Any], presets: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Experiment:
    """The experiment that ``config`` describes, checked for what a schema cannot say.

    Args:
        config: the merged config, already checked against the schema.
        presets: ``{"gans": {name: values}, "classifiers": {name: values}}``.

    Raises:
        UserError: a name that is not configured, a snapshot past the last epoch, an amount given twice.
    """
    experiment = Experiment(
        experiment=config["experiment"],
        seed=config["seed"],
        data=build(Data, config["data"], "data"),
        gans=_resolve(Gan, config["gans"], presets["gans"], "gans"),
        classifiers=_resolve(Classifier, config["classifiers"], presets["classifiers"], "classifiers"),
        arms={name: build(Arm, arm, f"arms.{name}") for name, arm in config["arms"].items()},
        study=build(Study, config["study"], "study"),
        compute=build(Compute, config["compute"], "compute"),
        tracking=build(Tracking, config["tracking"], "tracking"),
    )
    _check_data(experiment.data)
    for name, gan in experiment.gans.items():
        _check_gan(name, gan)
    _check_study(experiment)
    for name in experiment.study.arms:
        _check_arm(name, experiment)
    return experiment


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
        resolved[name] = build(kind, {**presets[preset], **own}, f"{where}.{name}")
    return resolved


def _one_of(where: str, **amounts: object) -> None:
    given = [name for name, value in amounts.items() if value is not None]
    if len(given) != 1:
        said = f"both {' and '.join(given)} are set" if given else "none is set"
        raise UserError(f"{where}: set exactly one of {', '.join(amounts)} ({said}; null unsets one)")


def _check_data(data: Data) -> None:
    if data.source == "digits" and data.path is not None:
        raise UserError(
            "data.path: the digits come with scikit-learn; set data.source to folder or archive, or path to null"
        )
    if data.source != "digits" and data.path is None:
        raise UserError(f"data.path: not set; say where the {data.source} is")
    if data.source != "archive" and data.sha256 is not None:
        raise UserError("data.sha256: only an archive has one; set it to null")
    if data.test.method == "hash":
        if data.test.folds is None and data.test.fraction is None:
            raise UserError("data.test.fraction: not set; give the share of images to seal, such as 0.5")
        if data.source == "digits" and data.groups is not None:
            raise UserError("data.groups: the digits have no groups; set it to null")
    elif data.source == "digits":
        raise UserError("data.test.method: the digits have no test set of their own; set it to hash")
    elif data.test.folds is not None:
        raise UserError("data.test.folds: an official test set has no folds; set it to null")


def _check_gan(name: str, gan: Gan) -> None:
    _one_of(f"gans.{name}", epochs=gan.epochs, steps=gan.steps)
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
    _one_of("study", steps=study.steps, epochs=study.epochs)
    for key, chosen, known in (
        ("arms", study.arms, experiment.arms),
        ("classifiers", study.classifiers, experiment.classifiers),
    ):
        if missing := [name for name in chosen if name not in known]:
            raise UserError(f"study.{key}: no {missing[0]!r} under {key}; it has {', '.join(sorted(known))}")
        if len(set(chosen)) < len(chosen):
            raise UserError(f"study.{key}: a name is listed twice; each runs once")
    if "real" not in study.arms:
        raise UserError("study.arms: lacks real, the arm that all others are compared with; add it")
    if experiment.data.validation == 0 and study.select == "best":
        raise UserError("study.select: best needs validation images, and data.validation is 0; set select to last")


def _check_arm(name: str, experiment: Experiment) -> None:
    arm, where = experiment.arms[name], f"arms.{name}"
    if arm.duplicate is not None:
        _one_of(f"{where}.duplicate", match=arm.duplicate.match, ratio=arm.duplicate.ratio, count=arm.duplicate.count)
        if arm.duplicate.match is not None:
            matched = experiment.arms.get(arm.duplicate.match)
            if matched is None or (matched.gan is None and matched.classic is None):
                raise UserError(
                    f"{where}.duplicate.match: {arm.duplicate.match!r} adds no images; name one that does, such as gan"
                )
    if arm.classic is not None:
        _one_of(f"{where}.classic", ratio=arm.classic.ratio, count=arm.classic.count)
    if arm.gan is not None:
        _one_of(f"{where}.gan", ratio=arm.gan.ratio, count=arm.gan.count)
        _check_snapshot(f"{where}.gan", arm.gan, experiment.gans)
    if not arm.real and arm.duplicate is None and arm.classic is None and arm.gan is None:
        raise UserError(f"{where}: has no images at all; set real to true or add some")


def _check_snapshot(where: str, arm: GanArm, gans: Mapping[str, Gan]) -> None:
    if arm.name not in gans:
        raise UserError(
            f"{where}.name: no GAN {arm.name!r} is configured; gans has {', '.join(sorted(gans)) or 'none'}"
        )
    gan = gans[arm.name]
    if arm.snap not in gan.snaps:
        if isinstance(arm.snapshot, int) and gan.epochs is not None and arm.snapshot > gan.epochs:
            raise UserError(
                f"{where}.snapshot: {arm.snapshot} is past the last epoch of {arm.name}, {gan.epochs}; lower it"
            )
        raise UserError(
            f"{where}.snapshot: {arm.name} keeps {', '.join(gan.snaps)}; "
            f"add {arm.snapshot} to gans.{arm.name}.snapshots"
        )


def amount_label(ratio: float | None, count: int | None, per_class: int | None) -> str:
    """An amount of new images as it stands in file names.

    ``n100`` is 100 images a class. A ratio of a real set whose size is only known once the data are there
    (``per_class`` null) is ``x5``: five times each class.
    """
    if count is not None:
        return f"n{count}"
    assert ratio is not None
    return f"x{ratio:g}" if per_class is None else f"n{round(ratio * per_class)}"


def amount_of(label: str, real: int) -> int:
    """How many images ``label`` (see `amount_label`) asks for in a class of ``real`` real training images."""
    return int(label[1:]) if label[0] == "n" else round(float(label[1:]) * real)
