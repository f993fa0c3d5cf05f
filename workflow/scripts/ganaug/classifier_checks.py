"""What a schema cannot say of the classifiers of a study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ganaug.arms import Arm
from ganaug.config import Classifier, Data, Study
from ganaug.errors import UserError

# Those whose weights on ImageNet are published, with the size of image that they are for.
PUBLISHED = {
    "alexnet": 224,
    "googlenet": 224,
    "inception_v3": 299,
    "mobilenet_v2": 224,
    "mobilenet_v3_small": 224,
    "resnet18": 224,
    "resnet50": 224,
    "vgg16": 224,
}
# Up to so many pixels networks have the stem for small images, which no weights are published for.
SMALL = 96
# Those that have batch normalisation.
NORMALISED = ("fastcnn", "googlenet", "inception_v3", "mobilenet_v2", "mobilenet_v3_small", "resnet18", "resnet50")


def check_classifiers(
    classifiers: Mapping[str, Classifier], study: Study, data: Data, arms: Mapping[str, Arm], *, experiment: str
) -> None:
    """Raise UserError if a classifier of the study makes no sense alone or with other settings.

    ``experiment`` is the name of the study.
    """
    split = next((name for name in study.arms if arms[name].strategy.auxiliary_norm), None)
    for name in study.classifiers:
        one, where = classifiers[name], f"classifiers.{name}"
        if split is not None and one.network not in NORMALISED:
            raise UserError(
                f"arms.{split}.strategy.auxiliary_norm: {one.network} has no batch normalisation, unlike "
                f"{', '.join(NORMALISED)}; leave out the arm or the classifier {name}"
            )
        if one.patience is not None and data.validation == 0:
            raise UserError(f"{where}.patience: watches validation images, and data.validation is 0; set it to null")
        if one.patience is not None and study.select == "last":
            raise UserError(f"{where}.patience: the last weights are kept, good or not; set study.select to best")
        if one.frozen and one.weights is None:
            raise UserError(f"{where}.frozen: weights that were just drawn would stay as they are; set weights, or 0")
        if one.batch_size == 1 and one.network in NORMALISED:
            raise UserError(f"{where}.batch_size: {one.network} normalises over a batch; set it to 2 or more")
        if one.weights is not None:
            _check_weights(f"{where}.weights", one, classifiers, study, experiment=experiment)
            _check_known(f"{where}.weights", one.weights, study, data, arms)
    for name in study.classifiers:
        _check_chain(f"classifiers.{name}.weights", name, classifiers)
    _check_judge(study.classifiers[0], classifiers, arms)


def cell_of(weights: str) -> list[str] | None:
    """The parts of ``weights`` where it names a cell: experiment (only of another one), arm and classifier."""
    parts = weights.split("/")
    named = len(parts) in (2, 3) and not weights.endswith(".safetensors") and weights != "imagenet"
    return parts if named else None


def _check_weights(
    where: str, one: Classifier, classifiers: Mapping[str, Classifier], study: Study, *, experiment: str
) -> None:
    assert one.weights is not None
    cell = cell_of(one.weights)
    if one.weights == "imagenet":
        size = PUBLISHED.get(one.network)
        if size is None:
            raise UserError(f"{where}: {one.network} has none of ImageNet; those that have: {', '.join(PUBLISHED)}")
        if one.input == "native" or one.input <= SMALL:
            raise UserError(
                f"{where}: those of ImageNet are for images of {size} pixels; set classifiers' input to {size}"
            )
    elif cell is None and not one.weights.endswith(".safetensors"):
        raise UserError(
            f"{where}: {one.weights!r} is neither imagenet, nor a .safetensors file, nor arm/classifier; correct it"
        )
    elif cell is not None and cell[:-2] == [experiment]:
        raise UserError(f"{where}: {one.weights} is of this study; write {cell[1]}/{cell[2]}")
    elif cell is not None and len(cell) == 2:
        arm, other = cell
        if arm not in study.arms or other not in study.classifiers:
            raise UserError(f"{where}: this study has no cell {one.weights}; add its arm and classifier to study")
        if classifiers[other].network != one.network:
            raise UserError(f"{where}: {other} is a {classifiers[other].network}, not a {one.network}; take another")


def _check_known(where: str, weights: str, study: Study, data: Data, arms: Mapping[str, Arm]) -> None:
    """Refuse a cell that has seen more real images than an arm which begins with it has."""
    cell = cell_of(weights)
    if cell is None or len(cell) != 2:
        return
    fewer = [count for name in study.arms if (count := arms[name].per_class) is not None]
    fewer += study.grid.per_class if study.grid else ()
    seen = arms[cell[0]].per_class or data.equal_per_class
    if fewer and (seen is None or seen > min(fewer)):
        raise UserError(
            f"{where}: {weights} has seen {seen or 'all'} real images of a class, and a training set of this study has "
            f"{min(fewer)}; leave out the arms with fewer (study.grid too), or begin with imagenet"
        )


def _check_chain(where: str, name: str, classifiers: Mapping[str, Classifier]) -> None:
    """Refuse a classifier that begins, over others or at once, with itself."""
    seen = [name]
    for _, other in _links(name, classifiers):
        if other in seen:
            raise UserError(f"{where}: {' begins with '.join([*seen, other])}; give the first a classifier of its own")
        seen.append(other)


def _check_judge(name: str, classifiers: Mapping[str, Classifier], arms: Mapping[str, Arm]) -> None:
    """Refuse that the classifier ``name``, which says of samples how good they are, begins with ones so chosen."""
    for arm, _ in _links(name, classifiers):
        if any(part.is_curated or part.snap == "best" for part in arms[arm].generated):
            raise UserError(
                f"classifiers.{name}.weights: lead to the arm {arm}, whose images are chosen by this classifier, the "
                "first of the study; list another one first"
            )


def _links(name: str, classifiers: Mapping[str, Classifier]) -> Iterator[tuple[str, str]]:
    """The arm and classifier of this study that ``name`` begins with, then those that this one does, and so on."""
    while (weights := classifiers[name].weights) and (cell := cell_of(weights)) and len(cell) == 2:
        arm, name = cell
        yield arm, name
