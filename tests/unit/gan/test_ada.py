from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor

from ganaug.gan import ada
from ganaug.gan.ada import adaptive, moved
from ganaug.seeds import torch_generator

# Rows of the changes, the uniform and the normal amounts.
FLIP, QUARTER, SHIFT, SCALE, STRETCH, SLIDE, BRIGHTNESS, CONTRAST, LUMA, HUE, SATURATION, TURN = range(12)
Only = Callable[..., Tensor]


def pictures(count: int = 4, *, size: int = 8, channels: int = 3) -> Tensor:
    return torch.rand(count, channels, size, size, generator=torch_generator(0)) * 2 - 1


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Only:
    """One change, made to every image by stated amounts, and no other."""

    def make(images: Tensor, change: int, *, uniform: Mapping[int, float], normal: Mapping[int, float]) -> Tensor:
        draws = torch.full((ada.CHANGES + ada.UNIFORM, len(images)), 0.9)
        amounts = torch.ones(ada.NORMAL, len(images))
        draws[change] = 0.1
        for row, value in uniform.items():
            draws[ada.CHANGES + row] = value
        for row, value in normal.items():
            amounts[row] = value
        with monkeypatch.context() as patch:
            patch.setattr(torch, "rand", lambda *_, **__: draws)
            patch.setattr(torch, "randn", lambda *_, **__: amounts)
            return adaptive(images, torch.tensor(0.5), rng=torch_generator(0))

    return make


@pytest.mark.parametrize("size", [8, 28])
@pytest.mark.parametrize("channels", [1, 3])
def test_at_p_0_images_come_back_unchanged(size: int, channels: int) -> None:
    images = pictures(32, size=size, channels=channels)
    assert torch.equal(adaptive(images, torch.tensor(0.0), rng=torch_generator(1)), images)


@pytest.mark.parametrize("channels", [1, 3])
def test_at_p_1_every_image_changes(channels: int) -> None:
    images = pictures(32, channels=channels)
    changed = adaptive(images, torch.tensor(1.0), rng=torch_generator(1))
    assert changed.shape == images.shape
    assert changed.isfinite().all()
    assert ((changed - images).abs().amax(dim=(1, 2, 3)) > 0.1).all()


def test_the_same_stream_gives_the_same_changes_and_leaves_the_global_one_alone() -> None:
    images, before = pictures(), torch.get_rng_state()
    one, other = (adaptive(images, torch.tensor(0.8), rng=torch_generator(1)) for _ in range(2))
    assert torch.equal(one, other)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(("p", "share"), [(1.0, 0.5), (0.4, 0.2)])
def test_a_flip_has_the_probability_of_its_chance_and_a_coin(
    monkeypatch: pytest.MonkeyPatch, p: float, share: float
) -> None:
    # Only the flip is left: the chances of all other changes are overwritten.
    rand = torch.rand

    def chances(*shape: int, generator: torch.Generator) -> Tensor:
        draws = rand(*shape, generator=generator)
        draws[FLIP + 1 : ada.CHANGES] = 1.0
        return draws

    monkeypatch.setattr(torch, "rand", chances)
    images = torch.tensor([-1.0, 1.0]).expand(10_000, 1, 2, 2)
    flipped = adaptive(images, torch.tensor(p), rng=torch_generator(2))[:, 0, 0, 0] > 0
    # The standard error is at most 0.005.
    assert flipped.float().mean().item() == pytest.approx(share, abs=0.02)


def test_a_flip_and_a_quarter_turn_move_whole_pixels(only: Only) -> None:
    images = pictures()
    flipped = only(images, FLIP, uniform={0: 0.1}, normal={})
    torch.testing.assert_close(flipped, images.flip(3))
    assert torch.equal(only(images, FLIP, uniform={0: 0.6}, normal={}), images)
    turned = only(images, QUARTER, uniform={1: 0.3}, normal={})
    torch.testing.assert_close(turned, images.rot90(1, dims=(2, 3)), atol=1e-5, rtol=0)


def test_a_shift_is_of_whole_pixels_up_to_an_eighth_with_reflected_borders(only: Only) -> None:
    images = pictures(size=16)
    # 1.0 is the most: two of 16 pixels to the left, where the last two pixels are seen again in reverse.
    shifted = only(images, SHIFT, uniform={2: 1.0, 3: 0.5}, normal={})
    torch.testing.assert_close(shifted[..., :14], images[..., 2:])
    torch.testing.assert_close(shifted[..., 14:], images[..., [15, 14]])


def test_scales_are_powers_of_two_and_a_turn_keeps_the_middle(only: Only) -> None:
    # A ramp from -7/8 to 7/8: at a scale of 2 ** (0.2 * 5) = 2 every pixel is that at twice its place.
    ramp = ((torch.arange(8.0) - 3.5) / 4).expand(2, 1, 8, 8)
    scaled = only(ramp, SCALE, uniform={}, normal={0: 5.0})
    torch.testing.assert_close(scaled[0, 0, 0, 2:6], 2 * ramp[0, 0, 0, 2:6])
    stretched = only(ramp, STRETCH, uniform={}, normal={1: 5.0})
    torch.testing.assert_close(stretched[0, 0, 0, 2:6], 2 * ramp[0, 0, 0, 2:6])
    slid = only(ramp, SLIDE, uniform={}, normal={2: 0.5, 3: 0.0})
    # Half of an eighth of 8 pixels is half a pixel.
    torch.testing.assert_close(slid[0, 0, 0, :7], ramp[0, 0, 0, :7] + 0.125)
    # Angles are -pi to pi, so 0.75 is a quarter turn: what rose to the right rises downwards or upwards.
    turned = only(ramp, TURN, uniform={4: 0.75}, normal={})
    torch.testing.assert_close(turned[0, 0, :, 0].abs(), ramp[0, 0, 0].abs())


def test_colours_by_hand(only: Only) -> None:
    images = pictures()
    grey = images.mean(dim=1, keepdim=True)
    assert torch.equal(only(images, BRIGHTNESS, uniform={}, normal={4: 2.0}), images + 0.4)
    assert torch.equal(only(images, CONTRAST, uniform={}, normal={5: 2.0}), images * 2)
    torch.testing.assert_close(only(images, LUMA, uniform={6: 0.1}, normal={}), images - 2 * grey)
    torch.testing.assert_close(only(images, SATURATION, uniform={}, normal={6: -1.0}), (images + grey) / 2)
    # A third of a whole turn about the greys makes red green, green blue and blue red.
    turned = only(images, HUE, uniform={7: 0.5 + 1 / 3}, normal={})
    torch.testing.assert_close(turned, images.roll(1, dims=1))


def test_single_channels_know_no_hue(only: Only) -> None:
    images = pictures(channels=1)
    for change in (LUMA, HUE, SATURATION):
        assert torch.equal(only(images, change, uniform={6: 0.1}, normal={}), images)


def test_gradients_reach_the_images() -> None:
    images = pictures().requires_grad_()
    adaptive(images, torch.tensor(0.7), rng=torch_generator(3)).sum().backward()
    assert images.grad is not None
    assert images.grad.isfinite().all()
    assert (images.grad.flatten(1).abs().sum(dim=1) > 0).all()


def test_half_precision_does_not_misplace_pixels() -> None:
    images = pictures(size=16)
    whole = adaptive(images, torch.tensor(1.0), rng=torch_generator(4))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(adaptive(images, torch.tensor(1.0), rng=torch_generator(4)), whole)


def test_p_moves_by_hand() -> None:
    # Three of four logits are positive: r_t = (3 - 1) / 4 = 0.5; 4 images of 500,000.
    logits = torch.tensor([0.3, 2.0, 1e-3, -5.0])
    p = torch.tensor(0.5)
    assert moved(p, logits, target=0.4).item() == pytest.approx(0.5 + 4 / 500_000, abs=1e-7)
    assert moved(p, logits, target=0.6).item() == pytest.approx(0.5 - 4 / 500_000, abs=1e-7)
    assert moved(p, logits, target=0.5).item() == 0.5
    assert moved(torch.tensor(0.0), logits, target=0.6).item() == 0.0
    assert moved(torch.tensor(1.0), logits, target=0.4).item() == 1.0
