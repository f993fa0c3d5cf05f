"""The sections of a config as typed values: the schemas say what may be written, this says what it means."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, TypeVar

from ganaug.errors import UserError

T = TypeVar("T")

# Samples a class by which a snapshot is picked, and a GAN compared that no arm uses.
COMPARED = 100


@dataclass(frozen=True)
class TestSplit:
    """How the sealed test set is chosen.

    Attributes:
        method: ``hash`` draws it by group, each by its own hash; ``stratified`` seals the same share of every class;
            ``leave_one_group_out`` seals one group of every class in each fold; ``official`` takes the source's own.
        fraction: the share of images that is sealed (``hash`` without folds, ``stratified``).
        folds: repeat r seals fold r modulo this many; null: one test set for all repeats.
        rounds: ``leave_one_group_out`` goes so many times over all groups, and in every round each is sealed with other
            groups of the other classes; there are then ``folds * rounds`` test sets, which overlap.
    """

    method: Literal["hash", "stratified", "leave_one_group_out", "official"]
    fraction: float | None
    folds: int | None
    rounds: int = 1


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
        """How many development/test divisions there are: one, or one a fold and round."""
        return (self.test.folds or 1) * self.test.rounds

    @property
    def equal_per_class(self) -> int | None:
        """Real training images of every class; None where only the data tell, or where classes differ."""
        return self.per_class if self.imbalance is None else None


@dataclass(frozen=True)
class Prepare:
    """What is done to the real images before a GAN sees them, in this order; null leaves a step out.

    Attributes:
        remove_outliers: the share of each class that an autoencoder reconstructs worst is removed.
        sharpen: the amount of an unsharp mask.
        augment: so many times the images again, rotated by up to 15 degrees, shifted by up to 10% and flipped.
        cutmix: so many times the images again, each with a rectangle of another image of its class.
        oversample: drawn again, evenly, to so many images a class.
    """

    remove_outliers: float | None = None
    sharpen: float | None = None
    augment: float | None = None
    cutmix: float | None = None
    oversample: int | None = None


@dataclass(frozen=True)
class Gan:
    """One GAN: its preset with the experiment's changes.

    Attributes:
        network: the file in ``gan/networks`` that builds it.
        architecture: the options of that family; a preset gives every one.
        mode: ``per_class`` trains one a class; ``conditional`` one for all, which is told the class; ``fine_tune`` one
            on all classes without telling, for ``pretrain`` epochs, which then goes on as one a class.
        jobs: the classes of a repeat are spread over this many jobs.
        nz: latent dimensions.
        lr_g, lr_d, betas: of the Adam optimisers.
        batch_size: real images of each update of the discriminator.
        epochs, steps: exactly one is set; a step is one update of the discriminator, an epoch is
            ceil(images / batch_size) steps.
        snapshots: epochs after which the generator is kept, beside the last.
        pretrain: epochs on all classes before ``fine_tune``.
        loss: see `ganaug.gan.losses`.
        clip: critic weights are kept within plus and minus this (Arjovsky et al. 2017).
        gradient_penalty, r1, r2: weights of the penalties of `ganaug.gan.penalties`.
        penalty_every: penalties are computed every so many steps, and count so many times.
        path_length: weight of the generator's path length regularisation.
        orthogonal: weight of the orthogonal regularisation of the generator.
        n_critic: updates of the discriminator for each of the generator.
        accumulate: a batch is passed in so many parts, whose gradients are averaged.
        schedule: of both learning rates: ``cosine`` to 0, ``exponential`` to a hundredth, or ``adaptive``: the
            discriminator's falls while it wins too often.
        ema: decay of the generator's moving average, or null for none; it warms up as (1 + n) / (10 + n) at step n,
            so that short trainings do not average in their initial weights.
        diffaugment: ``auto`` is on below 1,000 images.
        ada: target of adaptive augmentation (0.6 in its paper), or null for none.
        cutmix: the share of batches in which the discriminator sees fakes pasted into real images.
        prepare: what is done to the real images first.
        per_class: it sees the first so many real images of each class alone; null: all.
    """

    network: str
    architecture: Mapping[str, Any]
    mode: Literal["per_class", "conditional", "fine_tune"]
    jobs: int
    nz: int
    lr_g: float
    lr_d: float
    betas: tuple[float, float]
    batch_size: int
    epochs: int | None
    steps: int | None
    snapshots: tuple[int, ...] = ()
    pretrain: int | None = None
    loss: Literal["non_saturating", "least_squares", "hinge", "wasserstein", "relativistic"] = "non_saturating"
    clip: float | None = None
    gradient_penalty: float | None = None
    r1: float | None = None
    r2: float | None = None
    penalty_every: int = 1
    path_length: float | None = None
    orthogonal: float | None = None
    n_critic: int = 1
    accumulate: int = 1
    schedule: Literal["constant", "cosine", "exponential", "adaptive"] = "constant"
    ema: float | None = None
    diffaugment: Literal["auto"] | bool = False
    ada: float | None = None
    cutmix: float | None = None
    prepare: Prepare = Prepare()
    per_class: int | None = None

    @property
    def snaps(self) -> list[str]:
        """The names of the generators that a training leaves: ``e50`` for a snapshot, and ``last``."""
        return [*(f"e{epoch}" for epoch in self.snapshots), "last"]


@dataclass(frozen=True)
class Classifier:
    """One classifier: its preset with the experiment's changes.

    Attributes:
        network: the file in ``classify/networks`` that builds it.
        optimiser: ``adam`` (with ``weight_decay`` AdamW), or ``sgd`` with Nesterov momentum 0.9.
        weight_decay: of all weights but biases and the scales of normalisation.
        schedule: of the learning rate: ``cosine`` or ``linear`` to 0.
        warmup: it rises from 0 in this share of the steps.
        label_smoothing: the share of the target that is spread over all classes (Szegedy et al. 2016, section 7).
        ema: decay of the moving average of the weights, which is then what is evaluated; null for none.
        patience: training ends after so many evaluations without a better one, of which those while it is ``frozen``,
            or while an arm pre-trains, do not count; null: never.
        compile: torch.compile; the first step then takes a minute.
        input: pixels that images are resized to; ``native``: none, and the network has a stem for small images.
        weights: what training begins from: ``imagenet``, a .safetensors file, or a classifier
            that was trained on an arm, ``arm/classifier`` of this study or ``experiment/arm/classifier``.
        frozen: in this share of the steps only the last layer learns.
    """

    network: str
    lr: float
    batch_size: int
    optimiser: Literal["adam", "sgd"] = "adam"
    weight_decay: float = 0.0
    schedule: Literal["constant", "cosine", "linear"] = "constant"
    warmup: float = 0.0
    label_smoothing: float = 0.0
    ema: float | None = None
    patience: int | None = None
    compile: bool = False
    input: int | Literal["native"] = "native"
    weights: str | None = None
    frozen: float = 0.0


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
class GridCell:
    """One training set of a grid: the arm of that name, with so many real images of each class.

    ``images`` GAN images of each class are added, which are ``ratio`` times the real ones, rounded.
    """

    arm: str
    per_class: int
    ratio: float
    images: int


@dataclass(frozen=True)
class Grid:
    """Training sets of every number of real images with every ratio of GAN images to them.

    Attributes:
        gan: the GAN; for each number of real images it is trained anew, on those images alone.
        per_class: real images of each class.
        ratios: GAN images to real ones; 0 is the baseline.
        snapshot: which generator is used.
    """

    gan: str
    per_class: tuple[int, ...]
    ratios: tuple[float, ...]
    snapshot: int | Literal["last"] = "last"

    @property
    def cells(self) -> list[GridCell]:
        """By number of real images, and then by ratio."""
        return [
            GridCell(f"grid-n{count}-x{ratio:g}".replace(".", "_"), count, ratio, round(ratio * count))
            for count in sorted(self.per_class)
            for ratio in sorted(self.ratios)
        ]


@dataclass(frozen=True)
class Study:
    """Which arms and classifiers run, how often, for how long, and what counts as a difference.

    ``arms`` are compared with each other; the cells of ``grid`` are trained and scored as they are, and have a table
    of their own. ``gans`` are compared by the quality of their samples, beside those that the arms use. With ``settle``
    repeats are added, up to so many, until every comparison is settled: decisions then hold after every look.
    """

    arms: tuple[str, ...]
    gans: tuple[str, ...]
    classifiers: tuple[str, ...]
    repeats: int
    fits: int
    steps: int | None
    epochs: int | None
    eval_every: int
    select: Literal["best", "last"]
    rope: float
    settle: int | None = None
    grid: Grid | None = None

    @property
    def trained(self) -> tuple[str, ...]:
        """The arms that are trained and scored: those that are compared, and the cells of the grid."""
        return (*self.arms, *(cell.arm for cell in (self.grid.cells if self.grid else [])))

    @property
    def budget(self) -> Budget:
        """The part of the study that a classifier's training depends on."""
        return Budget(steps=self.steps, epochs=self.epochs, eval_every=self.eval_every, select=self.select)


@dataclass(frozen=True)
class Compute:
    """Where and how the arithmetic runs. ``device`` changes no result that is claimed; the others may.

    ``processes`` train a GAN together, each with its part of every batch.
    """

    device: Literal["auto", "cpu", "cuda"]
    precision: Literal["fp32", "bf16"]
    threads: int
    processes: int = 1


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
            item = typing.get_args(option)[0]
            return tuple(_convert(item, one, f"{where}[{k}]") for k, one in enumerate(value))
    return value
