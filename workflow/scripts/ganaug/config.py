"""The sections of a config as typed values: the schemas say what may be written, this says what it means."""

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
        method: ``hash`` draws it by group, each by its own hash; ``stratified`` seals the same share of every class;
            ``leave_one_group_out`` seals one group of every class in each fold; ``official`` takes the source's own.
        fraction: the share of images that is sealed (``hash`` without folds, ``stratified``).
        folds: repeat r seals fold r modulo this many; null: one test set for all repeats.
    """

    method: Literal["hash", "stratified", "leave_one_group_out", "official"]
    fraction: float | None
    folds: int | None


@dataclass(frozen=True)
class Data:
    """The images and their split; see ``config/config.yaml`` for every key."""

    source: Literal["digits", "cifar10", "mnist", "fashion-mnist", "celeba", "folder", "archive"]
    path: str | None
    mirror: str | None
    sha256: str | None
    attribute: str | None
    labels: str | None
    image_size: int | None
    channels: Literal[1, 3] | None
    resize: Literal["stretch", "crop", "pad"]
    background: Literal["white", "black"]
    groups: str | None
    test: TestSplit
    per_class: int | None
    imbalance: float | Mapping[str, int] | None
    validation: int
    on_bad: Literal["fail", "skip"]
    near_duplicates: Literal["report", "drop", "stop"]
    near_bits: int
    leaky: bool

    @property
    def parts(self) -> int:
        """How many development/test divisions there are: one, or one a fold."""
        return self.test.folds or 1

    @property
    def equal_per_class(self) -> int | None:
        """Real training images of every class; None where only the data tell, or where classes differ."""
        return self.per_class if self.imbalance is None else None


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
        ema: decay of the generator's moving average, or null for none; it warms up as (1 + n) / (10 + n) at step n,
            so that short trainings do not average in their initial weights.
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

    @property
    def is_control(self) -> bool:
        """Whether it only repeats real images, so that at equal steps it should score as ``real`` does."""
        return self.real and self.duplicate is not None and self.classic is None and self.gan is None


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
    """How many images ``label`` (see `amount_label`) asks for in a class of ``real`` real training images.

    Raises:
        UserError: none, by rounding.
    """
    count = int(label[1:]) if label[0] == "n" else round(float(label[1:]) * real)
    if count == 0:
        raise UserError(f"arms: {label[1:]} times the {real} real images of a class is no image; raise the ratio")
    return count
