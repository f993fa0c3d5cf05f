"""The arms of a config as typed values: a training set each, and how a classifier learns from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Policy = Literal[
    "flip_crop", "alternating_flip_crop", "classic", "trivialaugment", "randaugment", "autoaugment", "augmix"
]


@dataclass(frozen=True)
class DuplicateArm:
    """Real images again: as many as the arm ``match`` adds, or a ratio of the real set, or a count a class.

    ``balance``: as many as make every class even with the largest, here as in all arms.
    """

    match: str | None = None
    ratio: float | None = None
    count: int | None = None
    balance: bool = False


@dataclass(frozen=True)
class ClassicArm:
    """New images from real ones by rotation and colour changes, made before training.

    Attributes:
        rotation: largest angle, degrees, either way.
        brightness, contrast, saturation: largest relative change of each, either way.
    """

    ratio: float | None = None
    count: int | None = None
    balance: bool = False
    rotation: float = 15.0
    brightness: float = 0.2
    contrast: float = 0.2
    saturation: float = 0.2


@dataclass(frozen=True)
class GanArm:
    """Samples of the GAN ``name`` after epoch ``snapshot`` (or ``last``, or the ``best`` by KID).

    Attributes:
        truncation: latents beyond so many standard deviations are drawn again; for StyleGAN2 the factor psi.
        mix: so many latents of a sample are mixed at random depths (StyleGAN2).
        pool: so many times the amount are drawn, and ``keep`` says which are taken.
        keep: the first, or those of which the classifier of real images is surest, that the discriminator takes for
            real, or that lie where real images are dense; see `ganaug.sets.curation`.
        drop_copies: those nearer to a real image, or to a sample before them, than real images are to each other are
            left out first.
        turns: so many times the amount are in the set, and each epoch sees another part of them.
    """

    name: str
    snapshot: int | Literal["last", "best"] = "last"
    ratio: float | None = None
    count: int | None = None
    balance: bool = False
    truncation: float | None = None
    mix: int | None = None
    pool: int = 1
    keep: Literal["first", "confidence", "discriminator", "density"] = "first"
    drop_copies: bool = False
    turns: int = 1

    @property
    def snap(self) -> str:
        """The snapshot as it stands in file names."""
        return self.snapshot if isinstance(self.snapshot, str) else f"e{self.snapshot}"

    @property
    def is_curated(self) -> bool:
        """Whether not all samples that are drawn are taken."""
        return self.keep != "first" or self.drop_copies


@dataclass(frozen=True)
class Online:
    """What changes images while a classifier trains, each anew whenever it is seen.

    Attributes:
        policy: see `ganaug.classify.augment`.
        mixup, cutmix: the parameter of the beta distribution of the share of the second image (Zhang et al. 2018, Yun
            et al. 2019); where both are set, each batch takes one of them.
    """

    policy: Policy | None = None
    mixup: float | None = None
    cutmix: float | None = None


@dataclass(frozen=True)
class Strategy:
    """How a classifier learns from GAN images beside real ones; without any of it they are mixed.

    Attributes:
        pretrain: in this share of the steps it sees the GAN images alone, and then the real ones alone.
        weight: of a GAN image in the loss, where a real one has 1.
        auxiliary_norm: GAN images have statistics of batch normalisation of their own (Xie et al. 2020).
        adversarial: lambda of the combined loss; see `ganaug.classify.objective`.
    """

    pretrain: float | None = None
    weight: float = 1.0
    auxiliary_norm: bool = False
    adversarial: float | None = None


@dataclass(frozen=True)
class Arm:
    """A training set and what is particular to learning from it.

    Attributes:
        real: whether the real images are in it.
        per_class: the first so many real images of each class; null: all.
        duplicate, classic, gan: what is added; ``gans``: samples of several GANs instead of one.
        online, strategy: how a classifier sees it.
    """

    real: bool = True
    per_class: int | None = None
    duplicate: DuplicateArm | None = None
    classic: ClassicArm | None = None
    gan: GanArm | None = None
    gans: tuple[GanArm, ...] = ()
    online: Online = Online()
    strategy: Strategy = Strategy()

    @property
    def generated(self) -> tuple[GanArm, ...]:
        """All that it takes from GANs."""
        return (self.gan,) if self.gan else self.gans

    @property
    def is_control(self) -> bool:
        """Whether it only repeats real images evenly, so that at equal steps it should score as ``real`` does."""
        return self.duplicate is not None and self == Arm(duplicate=replace(self.duplicate, balance=False))

    @property
    def is_classic(self) -> bool:
        """Whether it treats all real images as people do without a GAN: changed, mixed, or brought to balance."""
        balanced = self.duplicate is not None and self.duplicate.balance
        treated = self.classic is not None or self.online != Online() or balanced
        return treated and not self.generated and self.per_class is None
