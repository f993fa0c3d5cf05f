from typing import get_args

import pytest
import torch
from torch import Tensor
from torchvision.transforms import v2

from ganaug.classify.augment import policies, spaces
from ganaug.classify.augment.autoaugment import CIFAR10
from ganaug.classify.augment.operations import Operation
from ganaug.classify.augment.policies import Policy, augment
from ganaug.seeds import torch_generator
from tests.unit.classify.augment.conftest import pictures
from tests.unit.classify.augment.test_operations import of_torchvision

POLICIES = get_args(Policy)
NAMES = {each.name.title().replace("_", ""): each for each in Operation} | {
    "Color": Operation.COLOUR,
    "AutoContrast": Operation.AUTOCONTRAST,
}
Calls = list[tuple[Tensor, Tensor]]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """What policies ask `transform` for: operations and magnitudes."""
    seen: Calls = []
    original = policies.transform

    def transform(images: Tensor, operations: Tensor, magnitudes: Tensor, *, bilinear: bool = False) -> Tensor:
        seen.append((operations, magnitudes))
        return original(images, operations, magnitudes, bilinear=bilinear)

    monkeypatch.setattr(policies, "transform", transform)
    return seen


def chi_square(found: Tensor, probabilities: Tensor) -> float:
    expected = found.sum() * probabilities / probabilities.sum()
    return float(((found - expected).square() / expected)[probabilities > 0].sum())


def counts(operations: Tensor) -> Tensor:
    return operations.bincount(minlength=len(Operation)).double()


def uniform_over(operations: tuple[Operation, ...]) -> Tensor:
    probabilities = torch.zeros(len(Operation), dtype=torch.float64)
    probabilities[list(operations)] = 1 / len(operations)
    return probabilities


@pytest.mark.parametrize("policy", POLICIES)
def test_shape_type_and_memory_are_kept_and_the_images_given_too(images: Tensor, policy: Policy) -> None:
    before = images.clone()
    found = augment(images, policy, rng=torch_generator(0))
    assert (found.shape, found.dtype) == (images.shape, torch.uint8)
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(images, before)
    assert not torch.equal(found, images)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_generator_given_decides_and_the_global_one_is_not_used(images: Tensor, policy: Policy) -> None:
    torch.manual_seed(0)
    state = torch.get_rng_state()
    first = augment(images, policy, rng=torch_generator(1))
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(1)
    assert torch.equal(augment(images, policy, rng=torch_generator(1)), first)
    assert not torch.equal(augment(images, policy, rng=torch_generator(2)), first)


@pytest.mark.parametrize("policy", POLICIES)
def test_equal_images_of_a_batch_come_out_different(policy: Policy) -> None:
    batch = pictures(1, 3, 32, 32).expand(64, -1, -1, -1)
    found = augment(batch, policy, rng=torch_generator(3))
    # Many a sub-policy of AutoAugment is likely to end in nothing, or in the same.
    assert len({image.numpy().tobytes() for image in found}) > (20 if policy == "autoaugment" else 32)


@pytest.mark.parametrize("policy", POLICIES)
def test_neither_other_images_nor_their_content_change_what_an_image_gets(policy: Policy) -> None:
    one, other = pictures(16, 3, 16, 16), pictures(16, 3, 16, 16, seed=9)
    other[5] = one[5]
    first, second = torch_generator(4), torch_generator(4)
    found = augment(one, policy, rng=first)[5], augment(other, policy, rng=second)[5]
    assert torch.equal(*found)
    assert torch.equal(first.get_state(), second.get_state())


@pytest.mark.parametrize("policy", POLICIES)
def test_draws_depend_on_the_number_of_images_alone(policy: Policy) -> None:
    first, second = torch_generator(5), torch_generator(5)
    augment(pictures(16, 3, 32, 32), policy, rng=first)
    augment(pictures(16, 1, 8, 12), policy, rng=second)
    assert torch.equal(first.get_state(), second.get_state())


@pytest.mark.parametrize("policy", POLICIES)
def test_all_work_is_on_the_images_device_and_nothing_of_them_is_read_back(policy: Policy) -> None:
    # Tensors of the device "meta" have no values: reading one fails, and so does arithmetic with a tensor elsewhere
    # (torch does not look at the device of an index or of a convolution's kernel there).
    images = pictures(16, 3, 16, 16).to("meta")
    found = augment(images, policy, rng=torch_generator(5))
    assert (found.device.type, found.shape, found.dtype) == ("meta", images.shape, torch.uint8)


@pytest.mark.parametrize(
    ("space", "levels", "published"),
    [
        (spaces.trivialaugment, 31, v2.TrivialAugmentWide),
        (spaces.randaugment, 31, v2.RandAugment),
        (spaces.autoaugment, 10, v2.AutoAugment),
        (spaces.augmix, 10, v2.AugMix),
    ],
    ids=["trivialaugment", "randaugment", "autoaugment", "augmix"],
)
@pytest.mark.parametrize("size", [(32, 32), (28, 40)])
def test_operations_and_magnitudes_are_torchvisions(space, levels, published, size) -> None:
    ours, theirs = space(*size), published._AUGMENTATION_SPACE
    assert sorted(ours.operations.tolist()) == sorted(NAMES[name] for name in theirs)
    for name, (magnitudes, signed) in theirs.items():
        values = magnitudes(levels, *size)
        expected = [0.0] * levels if values is None else values.tolist()
        assert ours.magnitudes[NAMES[name]].tolist() == expected
        assert bool(ours.signed[NAMES[name]]) is signed


def test_the_autoaugment_table_is_torchvisions() -> None:
    theirs = v2.AutoAugment(v2.AutoAugmentPolicy.CIFAR10)._policies
    assert [tuple((NAMES[name], p, level or 0) for name, p, level in pair) for pair in theirs] == list(CIFAR10)


# Bounds of chi-square statistics: exceeded by chance once in 1,000 at 13 degrees of freedom (34.5) or 30 (59.7).
def test_trivialaugment_draws_operations_levels_and_signs_alike(calls: Calls) -> None:
    augment(pictures(14000, 1, 2, 2), "trivialaugment", rng=torch_generator(6))
    ((operations, magnitudes),) = calls
    assert chi_square(counts(operations), uniform_over(spaces.IDENTITY_TO_EQUALIZE)) < 34.5
    rotated = magnitudes[operations == Operation.ROTATE] / 4.5
    assert chi_square(rotated.abs().round().long().bincount(minlength=31).double(), torch.ones(31)) < 59.7
    assert 0.44 < (rotated[rotated != 0] > 0).double().mean() < 0.56
    assert (magnitudes[operations == Operation.SOLARIZE] >= 0).all()


def test_trivialaugment_does_what_it_drew(calls: Calls) -> None:
    images = pictures(64, 3, 32, 32)
    found = augment(images, "trivialaugment", rng=torch_generator(7))
    ((operations, magnitudes),) = calls
    for image, result, operation, m in zip(images, found, operations.tolist(), magnitudes.tolist(), strict=True):
        expected = of_torchvision(image, Operation(operation), m)
        assert (result.int() - expected.int()).abs().max() <= 1


def test_randaugment_does_two_operations_at_level_nine(calls: Calls) -> None:
    augment(pictures(14000, 1, 2, 2), "randaugment", rng=torch_generator(8))
    assert len(calls) == 2
    for operations, magnitudes in calls:
        assert chi_square(counts(operations), uniform_over(spaces.IDENTITY_TO_EQUALIZE)) < 34.5
        # 30 degrees in 30 steps, 1 to 0 in 30 steps, 8 bits to 4: 8 - 9 / 7.5 = 6.8.
        assert set(magnitudes[operations == Operation.ROTATE].tolist()) == {-9.0, 9.0}
        assert magnitudes[operations == Operation.SOLARIZE].unique().tolist() == [pytest.approx(0.7)]
        assert magnitudes[operations == Operation.POSTERIZE].unique().tolist() == [7.0]
    both = counts(calls[0][0] * 0 + (calls[0][0] == calls[1][0]).long())
    # Independent: both are the same once in 14.
    assert 850 < both[1] < 1150


def test_autoaugment_draws_the_published_frequencies(calls: Calls) -> None:
    count = 25000
    augment(pictures(count, 1, 2, 2), "autoaugment", rng=torch_generator(9))
    assert len(calls) == 2
    for k, (operations, _) in enumerate(calls):
        expected = torch.zeros(len(Operation), dtype=torch.float64)
        for pair in v2.AutoAugment(v2.AutoAugmentPolicy.CIFAR10)._policies:
            name, probability, _ = pair[k]
            expected[NAMES[name]] += probability / 25
        expected[Operation.IDENTITY] = 1 - expected.sum()
        found = counts(operations)
        assert not found[expected == 0].any()
        assert chi_square(found, expected) < 34.5
    # Sub-policy 2: sharpness at level 1 (0.1) and then at level 3 (0.3); no other begins with sharpness below 0.9.
    first = (calls[0][0] == Operation.SHARPNESS) & (calls[0][1].abs() < 0.15)
    second = calls[1][0][first]
    assert set(second.tolist()) == {Operation.IDENTITY, Operation.SHARPNESS}
    assert 0.85 < (second == Operation.SHARPNESS).double().mean() < 0.95


def test_augmix_has_three_chains_of_one_to_three_operations(calls: Calls) -> None:
    count = 6000
    augment(pictures(count, 1, 2, 2), "augmix", rng=torch_generator(10))
    assert [len(operations) for operations, _ in calls] == [3 * count] * 3
    done = [operations != Operation.IDENTITY for operations, _ in calls]
    assert done[0].all()
    assert (done[2] <= done[1]).all()
    for active, share in zip(done[1:], (2 / 3, 1 / 3), strict=True):
        assert abs(active.double().mean() - share) < 0.02
    operations, magnitudes = calls[0]
    assert chi_square(counts(operations), uniform_over(spaces.WITHOUT_IDENTITY)) < 34.5
    # Of ten levels the first three: 0, 30/9 and 60/9 degrees; 4, 4 and 3 bits.
    degrees = magnitudes[operations == Operation.ROTATE].abs().unique().tolist()
    assert degrees == pytest.approx([0, 30 / 9, 60 / 9], abs=1e-5)
    assert magnitudes[operations == Operation.POSTERIZE].unique().tolist() == [3.0, 4.0]


def test_augmix_weights_are_dirichlet_and_beta(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 8000

    def first_chain_white(images: Tensor, operations: Tensor, magnitudes: Tensor, *, bilinear: bool) -> Tensor:
        assert bilinear
        return torch.cat([torch.full_like(images[:count], 255), torch.zeros_like(images[count:])])

    monkeypatch.setattr(policies, "transform", first_chain_white)
    black = augment(torch.zeros(count, 1, 1, 1, dtype=torch.uint8), "augmix", rng=torch_generator(11))
    share = black.double().flatten() / 255
    # Uniform times the first of Dirichlet(1, 1, 1): means 1/2 and 1/3, mean squares 1/3 and 1/6.
    assert float(share.mean()) == pytest.approx(1 / 6, abs=0.006)
    assert float(share.square().mean()) == pytest.approx(1 / 18, abs=0.004)
    monkeypatch.setattr(policies, "transform", lambda images, *_, bilinear: images)
    images = pictures(32, 3, 8, 8)
    assert torch.equal(augment(images, "augmix", rng=torch_generator(12)), images)
