from collections.abc import Callable

import pytest
import torch
from torch.nn.functional import cross_entropy, log_softmax

from ganaug.classify.augment import mixing
from ganaug.classify.augment.mixing import cutmix, mixup
from ganaug.seeds import torch_generator

LABELS = torch.tensor([0, 1, 2, 1])


@pytest.fixture
def fixed(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lambda as the test says, and each image mixed with the next."""

    def set_lambda(share: float) -> None:
        monkeypatch.setattr(mixing, "_draws", lambda count, *, alpha, rng: (share, (torch.arange(count) + 1) % count))

    return set_lambda


def floats(count: int = 4, size: int = 8) -> torch.Tensor:
    images = torch.randn(count, 3, size, size, generator=torch_generator(0))
    return images.contiguous(memory_format=torch.channels_last)


def test_mixup_by_hand(fixed: Callable[[float], None]) -> None:
    fixed(0.75)
    images = torch.tensor([0.0, 4.0, 8.0, -4.0]).reshape(4, 1, 1, 1)
    mixed, soft = mixup(images, LABELS, classes=3, alpha=1.0, rng=torch_generator(0))
    assert mixed.flatten().tolist() == [1.0, 5.0, 5.0, -3.0]
    assert soft.tolist() == [[0.75, 0.25, 0], [0, 0.75, 0.25], [0, 0.25, 0.75], [0.25, 0.75, 0]]


def test_cutmix_by_hand(fixed: Callable[[float], None], monkeypatch: pytest.MonkeyPatch) -> None:
    # A quarter of the image is to be pasted: half the sides, 4 of 8 pixels about the pixel in line 1, column 4. Of the
    # lines -1 to 2 three are there: 3 x 4 of 64 pixels.
    fixed(0.75)
    centre = torch.tensor([1 / 8, 4 / 8], dtype=torch.float64)
    monkeypatch.setattr(torch, "rand", lambda *_, generator, dtype: centre)
    images = torch.arange(4.0).reshape(4, 1, 1, 1).expand(4, 1, 8, 8).contiguous()
    mixed, soft = cutmix(images, LABELS, classes=3, alpha=1.0, rng=torch_generator(0))
    expected = torch.zeros(8, 8)
    expected[0:3, 2:6] = 1
    assert torch.equal(mixed[0, 0], expected)
    assert torch.equal(mixed[3, 0], 3 - 3 * expected)
    assert soft[0].tolist() == [1 - 12 / 64, 12 / 64, 0]


@pytest.mark.parametrize("mix", [mixup, cutmix])
def test_rows_sum_to_one_and_nothing_given_is_changed(mix: Callable[..., tuple[torch.Tensor, torch.Tensor]]) -> None:
    images, labels = floats(), LABELS.clone()
    rng = torch_generator(2)
    for _ in range(50):
        mixed, soft = mix(images, labels, classes=5, alpha=0.4, rng=rng)
        assert (mixed.shape, mixed.dtype) == (images.shape, torch.float32)
        assert mixed.is_contiguous(memory_format=torch.channels_last)
        assert (soft.shape, soft.dtype) == ((4, 5), torch.float32)
        assert torch.allclose(soft.sum(dim=1), torch.ones(4))
        assert (soft >= 0).all()
    assert torch.equal(images, floats())
    assert torch.equal(labels, LABELS)


@pytest.mark.parametrize("mix", [mixup, cutmix])
def test_the_generator_given_decides(mix: Callable[..., tuple[torch.Tensor, torch.Tensor]]) -> None:
    state = torch.get_rng_state()
    runs = [mix(floats(), LABELS, classes=3, alpha=1.0, rng=torch_generator(seed)) for seed in (3, 3, 4)]
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(runs[0][0], runs[1][0])
    assert torch.equal(runs[0][1], runs[1][1])
    assert not torch.equal(runs[0][0], runs[2][0])


@pytest.mark.parametrize("mix", [mixup, cutmix])
def test_all_work_is_on_the_images_device(mix: Callable[..., tuple[torch.Tensor, torch.Tensor]]) -> None:
    images, labels = floats().to("meta"), LABELS.to("meta")
    mixed, soft = mix(images, labels, classes=3, alpha=1.0, rng=torch_generator(7))
    assert {mixed.device.type, soft.device.type} == {"meta"}


def test_cutmix_labels_have_the_share_of_the_pixels() -> None:
    # Image k is filled with k and is of class k: the labels can be counted in the pixels.
    images = torch.arange(6.0).reshape(6, 1, 1, 1).expand(6, 1, 9, 12).contiguous()
    rng, partial = torch_generator(5), 0.0
    for _ in range(40):
        mixed, soft = cutmix(images, torch.arange(6), classes=6, alpha=1.0, rng=rng)
        counted = torch.stack([(mixed[:, 0] == k).float().mean(dim=(1, 2)) for k in range(6)], dim=1)
        assert torch.allclose(soft, counted)
        partial += ((soft > 0) & (soft < 1)).any(dim=1).float().mean().item()
    # Some rectangles have no pixels, some images are their own partners.
    assert partial > 20


def test_lambda_is_beta() -> None:
    # Beta(a, a) has the mean 1/2 and the variance 1 / (4 (2 a + 1)).
    rng = torch_generator(6)
    for alpha in (0.2, 1.0, 4.0):
        found = torch.tensor([mixing._draws(2, alpha=alpha, rng=rng)[0] for _ in range(4000)])
        assert float(found.mean()) == pytest.approx(0.5, abs=0.03)
        assert float(found.var()) == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.1)


def test_torchs_cross_entropy_takes_soft_labels() -> None:
    logits = torch.tensor([[1.0, -1.0, 0.5]])
    soft = torch.tensor([[0.7, 0.3, 0.0]])
    expected = -(0.7 * log_softmax(logits, 1)[0, 0] + 0.3 * log_softmax(logits, 1)[0, 1])
    assert torch.allclose(cross_entropy(logits, soft), expected)
