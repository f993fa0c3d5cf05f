"""Every penalty on functions whose gradients are known by hand."""

import pytest
import torch
from torch import Tensor, nn

from ganaug.gan import penalties
from ganaug.seeds import torch_generator

# Images of one channel and two pixels, 1 x 2.
POINTS = torch.tensor([[1.0, 2.0], [-2.0, 1.0]]).reshape(2, 1, 1, 2)


def linear(first: float, second: float) -> penalties.Judge:
    """Logits whose gradient is (first, second) everywhere."""
    weights = torch.tensor([first, second])
    return lambda images: images.flatten(1) @ weights


def half_square(images: Tensor) -> Tensor:
    """Logits whose gradient is the image itself."""
    return images.flatten(1).square().sum(dim=1) / 2


@pytest.mark.parametrize(("slope", "penalty"), [((3.0, 4.0), 16.0), ((0.6, 0.8), 0.0), ((0.0, 0.5), 0.25)])
def test_the_gradient_penalty_of_a_line_is_its_slope_off_one(slope: tuple[float, float], penalty: float) -> None:
    found = penalties.gradient_penalty(linear(*slope), POINTS, -POINTS, rng=torch_generator(0))
    assert found.item() == pytest.approx(penalty, abs=1e-6)


def test_the_gradient_penalty_is_taken_between_a_real_image_and_its_fake() -> None:
    # From (0, 0) to (3, 4) the gradient's length is 5 t at share t: the mean of (5 t - 1)^2 for the shares drawn.
    real = torch.tensor([3.0, 4.0]).expand(4, 1, 1, 2)
    share = torch.rand(4, 1, 1, 1, generator=torch_generator(7)).flatten()
    found = penalties.gradient_penalty(half_square, real, torch.zeros(4, 1, 1, 2), rng=torch_generator(7))
    assert found.item() == pytest.approx((5 * share - 1).square().mean().item())
    # Where both are one image there is one place: (sqrt(5) - 1)^2.
    same = penalties.gradient_penalty(half_square, POINTS, POINTS, rng=torch_generator(7))
    assert same.item() == pytest.approx((5**0.5 - 1) ** 2)


def squared(judge: penalties.Judge, images: Tensor) -> Tensor:
    images = images.clone().requires_grad_()
    return penalties.squared_gradient(judge(images), images)


def test_the_squared_gradient_is_half_of_the_mean_square() -> None:
    assert squared(linear(3.0, 4.0), POINTS).item() == pytest.approx(25 / 2)
    # Lengths 1^2 + 2^2 = 5 and 3^2 = 9.
    points = torch.tensor([[1.0, 2.0], [0.0, 3.0]]).reshape(2, 1, 1, 2)
    assert squared(half_square, points).item() == pytest.approx((5 + 9) / 2 / 2)


def test_penalties_of_slopes_have_gradients_for_the_weights_and_none_for_the_images() -> None:
    weights = torch.tensor([3.0, 4.0], requires_grad=True)
    images = POINTS.clone().requires_grad_()
    penalties.squared_gradient(images.flatten(1) @ weights, images).backward()
    assert weights.grad is not None
    # |w|^2 / 2 rises by w.
    assert weights.grad.tolist() == pytest.approx([3.0, 4.0])
    assert images.grad is None
    weights.grad = None
    penalties.gradient_penalty(
        lambda batch: batch.flatten(1) @ weights, images.detach(), images, rng=torch_generator(0)
    ).backward()
    # (|w| - 1)^2 rises by 2 (|w| - 1) w / |w| = 8 w / 5.
    assert weights.grad.tolist() == pytest.approx([4.8, 6.4])  # type: ignore[attr-defined]
    assert images.grad is None


def test_the_path_length_by_hand() -> None:
    # One image of 2 x 2 pixels, each 3 s + 4 t of the first layer's style; the second layer does nothing.
    styles = torch.tensor([[[0.3, -0.2], [1.0, 1.0]]], requires_grad=True)
    pixel = 3 * styles[0, 0, 0] + 4 * styles[0, 0, 1] + 0 * styles.sum()
    noise = torch.randn(1, 1, 2, 2, generator=torch_generator(5)) / 2
    # J^T y = (3, 4) times the sum of y, and (0, 0): the root of the mean over layers of its square.
    length = 5 * abs(noise.sum().item()) / 2**0.5
    penalty, mean = penalties.path_length(pixel.expand(1, 1, 2, 2), styles, torch.tensor(2.0), rng=torch_generator(5))
    assert mean.item() == pytest.approx(0.99 * 2 + 0.01 * length)
    assert penalty.item() == pytest.approx((length - mean.item()) ** 2, rel=1e-5)
    assert not mean.requires_grad


def test_the_path_length_has_gradients_for_what_made_the_images() -> None:
    # Images a s: J^T y = a y, and the penalty (a |y| - m)^2 rises by 2 (a |y| - m) |y|.
    scale = torch.tensor(2.0, requires_grad=True)
    styles = torch.ones(1, 1, 1, requires_grad=True)
    noise = abs(torch.randn(1, 1, 1, 1, generator=torch_generator(3)).item())
    penalty, mean = penalties.path_length(
        scale * styles[:, :, :, None], styles, torch.tensor(0.5), rng=torch_generator(3)
    )
    penalty.backward()
    assert scale.grad is not None
    assert scale.grad.item() == pytest.approx(2 * (2 * noise - mean.item()) * noise, rel=1e-5)


def test_orthogonality_by_hand() -> None:
    network = nn.Linear(2, 2)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    # W W^T is (5, 11), (11, 25).
    assert penalties.orthogonality(network).item() == pytest.approx(2 * 11**2)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[0.0, 7.0], [5.0, 0.0]]))
    assert penalties.orthogonality(network).item() == 0


def test_orthogonality_sums_over_kernels_and_leaves_vectors_out() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 2), nn.BatchNorm2d(2), nn.Linear(1, 3))
    with torch.no_grad():
        for weight in network.parameters():
            weight.fill_(1.0)
    # Two kernels of four ones: their product is 4, twice; three rows of one: 1, six times.
    assert penalties.orthogonality(network).item() == pytest.approx(2 * 4**2 + 6)


def test_weights_are_clipped_in_place() -> None:
    weights = [torch.tensor([-3.0, 0.005, 0.01]), torch.tensor([[0.5], [-0.002]])]
    penalties.clip_weights((weight for weight in weights), 0.01)
    assert weights[0].tolist() == pytest.approx([-0.01, 0.005, 0.01])
    assert weights[1].flatten().tolist() == pytest.approx([0.01, -0.002])
