from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, interpolate

from ganaug.config import Gan
from ganaug.errors import UserError
from ganaug.gan.networks.family import Networks, Shape, build
from ganaug.gan.networks.layers import draw_from
from ganaug.gan.networks.stylegan2 import Generator, mixed
from ganaug.gan.networks.stylegan2_layers import Convolution, Filter, Mapping, MinibatchDeviation, Modulated, norms
from ganaug.gan.sampling import Draw, sample
from ganaug.gan.state import start
from ganaug.gan.updates import Real, update
from ganaug.seeds import torch_generator
from tests.unit.gan.conftest import COMPUTE, CPU

SMALL = {"w": 6, "mapping_layers": 2, "channel_base": 128, "channel_max": 8}


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch_generator(seed))


@pytest.fixture
def small(settings: Callable[..., Gan]) -> Callable[..., Gan]:
    def make(**architecture: Any) -> Gan:
        return settings("stylegan2-32", nz=5, batch_size=4, architecture={**SMALL, **architecture})

    return make


def made(gan: Gan, *, size: int = 16, channels: int = 3, classes: int = 0) -> Networks:
    return build(gan, Shape(nz=5, size=size, channels=channels, classes=classes), rng=torch_generator(0))


def generator_of(gan: Gan, *, size: int = 16, classes: int = 0, seed: int = 1) -> Generator:
    network = made(gan, size=size, classes=classes).generator
    assert isinstance(network, Generator)
    draw_from(network, torch_generator(seed))
    return network


def count(network: nn.Module | None) -> int:
    assert network is not None
    return sum(weight.numel() for weight in network.parameters())


def test_the_number_of_weights_is_that_of_the_description(small: Callable[..., Gan]) -> None:
    # 16 pixels: 8 feature maps at 4, 8 and 16 pixels; w 6, nz 5.
    networks = made(small())
    mapping = (5 + 1) * 6 + (6 + 1) * 6
    style = (6 + 1) * 8
    # A 3 x 3 convolution with its style, bias and strength of noise; one to colours has neither noise nor 3 x 3.
    styled, colours = style + 8 * 8 * 9 + 8 + 1, style + 8 * 3 + 3
    assert count(networks.generator) == mapping + 8 * 16 + 5 * styled + 3 * colours
    block = 2 * (8 * 8 * 9 + 8) + 8 * 8
    last = (8 + 1) * 8 * 9 + 8 + (8 * 16 + 1) * 8 + 8 + 1
    assert count(networks.discriminator) == 3 * 8 + 8 + 2 * block + last


def test_the_papers_widths(small: Callable[..., Gan]) -> None:
    gan = small(channel_base=1024, channel_max=64)
    widths = [layer.convolution.weight.shape[:2] for layer in generator_of(gan, size=128).convolutions]
    # 1024 / size, at most 64: 64 at 4, 8 and 16 pixels, then 32, 16 and 8.
    assert widths == [(64, 64)] * 5 + [(32, 64), (32, 32), (16, 32), (16, 16), (8, 16), (8, 8)]


@pytest.mark.parametrize("size", [16, 32, 64, 128])
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes(small: Callable[..., Gan], size: int, channels: int) -> None:
    networks = made(small(channel_max=4), size=size, channels=channels)
    draw_from(networks.generator, torch_generator(1))
    images = networks.generator(random(3, 5))
    assert images.shape == (3, channels, size, size)
    assert networks.discriminator is not None
    assert networks.discriminator(images).shape == (3,)


def test_another_size_is_refused(small: Callable[..., Gan]) -> None:
    with pytest.raises(UserError, match=r"data\.image_size.*28"):
        made(small(), size=28)


def test_demodulated_weights_have_unit_norm_by_hand() -> None:
    # Weights 3 and 4 under scales 2 and 1: the root of 6^2 + 4^2; under 1 and 1: 5.
    weight = torch.tensor([3.0, 4.0]).reshape(1, 2, 1, 1)
    scales = torch.tensor([[2.0, 1.0], [1.0, 1.0]])
    torch.testing.assert_close(norms(weight, scales), torch.tensor([[52**-0.5], [0.2]]))
    layer = Modulated(4, 5, 3, w=6, rng=torch_generator(0))
    scaled = layer.weight[None] * layer.gain * layer.style(random(2, 6))[:, None, :, None, None]
    factors = norms(layer.weight * layer.gain, layer.style(random(2, 6)))
    unit = (scaled * factors[:, :, None, None, None]).square().sum(dim=(2, 3, 4))
    torch.testing.assert_close(unit, torch.ones(2, 5))


@pytest.mark.parametrize("resample", [None, "bilinear", "nearest"])
def test_scaling_inputs_equals_the_grouped_convolution_of_the_paper(resample: str | None) -> None:
    up = Filter(resample) if resample else None
    layer = Modulated(4, 5, 3, w=6, up=up, rng=torch_generator(0)).double()
    features, style = random(3, 4, 8, 8).double(), random(3, 6).double()
    weights = layer.weight[None] * layer.style(style)[:, None, :, None, None]
    weights = weights / weights.square().sum(dim=(2, 3, 4), keepdim=True).sqrt()
    larger = features
    if up:
        # The stride's convolution is a true one, whose kernel is mirrored.
        larger, weights = up.up(features), weights.flip(3, 4)
    side = larger.shape[2]
    grouped = conv2d(larger.reshape(1, 12, side, side), weights.flatten(0, 1), padding=1, groups=3)
    # At the border the two orders of filter and convolution see different zeros.
    inside = slice(2, -2) if up else slice(None)
    expected = grouped.reshape(3, 5, side, side)[..., inside, inside]
    torch.testing.assert_close(layer(features, style)[..., inside, inside], expected, atol=1e-6, rtol=1e-6)


def test_filters_are_bilinear_or_repeat_and_average() -> None:
    features = random(2, 3, 8, 8)
    nearest, bilinear = Filter("nearest"), Filter("bilinear")
    torch.testing.assert_close(nearest.up(features), interpolate(features, scale_factor=2.0))
    torch.testing.assert_close(nearest.down(features), avg_pool2d(features, 2))
    smooth = interpolate(features, scale_factor=2.0, mode="bilinear")
    # The paper's filter finds zeros beyond the border.
    torch.testing.assert_close(bilinear.up(features)[..., 1:-1, 1:-1], smooth[..., 1:-1, 1:-1])
    line = torch.zeros(1, 1, 4, 4)
    line[..., 1] = 8.0
    # A column of 8 under (1, 3, 3, 1) / 8, which every second column is kept of; rows are all the same inside.
    assert bilinear.down(line.repeat(1, 1, 2, 1))[0, 0, 1].tolist() == [3.0, 1.0]


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("resample", ["bilinear", "nearest"])
def test_convolutions_halve_the_filtered_image(kernel: int, resample: str) -> None:
    down = Filter(resample)
    layer = Convolution(2, 3, kernel, down=down, rng=torch_generator(0))
    features = random(2, 2, 8, 8)
    taps = down.kernel.shape[2]
    blurred = conv2d(features, down.kernel.expand(2, -1, -1, -1), padding=taps // 2, groups=2)
    whole = conv2d(blurred, layer.weight * layer.gain, stride=1)
    # Without a border of the kernel the filter needs one pixel less around.
    kept = slice(0 if kernel == 3 else 1, None if kernel == 3 else -1, 2)
    torch.testing.assert_close(layer(features), whole[..., kept, kept])


def test_minibatch_deviation_by_hand() -> None:
    # 1, 2, 5 and 4 differ from 3 by 2, 1, 2 and 1: the root of 10 / 4.
    features = torch.tensor([1.0, 2.0, 5.0, 4.0]).reshape(4, 1, 1, 1).expand(4, 3, 2, 2)
    layer = MinibatchDeviation()
    assert torch.equal(layer(features)[:, :3], features)
    torch.testing.assert_close(layer(features)[:, 3], torch.tensor(2.5**0.5).expand(4, 2, 2))
    # Eight make two groups of four, of every second image: 0, 2, 4, 6 and ten times 1, 3, 5, 7.
    eight = torch.arange(8.0).reshape(8, 1, 1, 1) * torch.tensor([1.0, 10.0]).repeat(4).reshape(8, 1, 1, 1)
    deviations = layer(eight)[:, 1, 0, 0]
    torch.testing.assert_close(deviations[::2], torch.tensor(5**0.5).expand(4))
    torch.testing.assert_close(deviations[1::2], torch.tensor(10 * 5**0.5).expand(4))
    # A single image has no deviation, and five are one group.
    assert layer(eight[:1])[0, 1, 0, 0].item() == pytest.approx(1e-4)
    assert layer(random(5, 2, 4, 4))[:, 2].unique().numel() == 1
    assert layer(random(5, 2, 4, 4))[0, 2, 0, 0] > 0.5


def test_the_mapping_starts_with_latents_of_unit_mean_square() -> None:
    mapping = Mapping(4, 0, layers=0, w=9, rng=torch_generator(0))
    latents = torch.tensor([[2.0, 0.0, 0.0, 0.0], [3.0, 3.0, 3.0, 3.0]])
    torch.testing.assert_close(mapping(latents, None), torch.tensor([[2.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]]))
    assert mapping.outputs == 4
    slow = Mapping(4, 0, layers=3, w=9, rng=torch_generator(0))
    assert slow.outputs == 9
    # A hundredth of the learning rate: stored weights are a hundred times larger than those in use.
    assert slow.layers[1].weight.std().item() == pytest.approx(100, rel=0.3)
    torch.testing.assert_close(slow(latents, None), slow(latents * 7, None))


def test_crossover_by_hand() -> None:
    ws = torch.tensor([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]])
    changes = torch.tensor([[4, 2], [1, 9]])
    styles = mixed(ws, changes, layers=6)
    assert styles[..., 0].tolist() == [[1, 1, 2, 2, 3, 3], [4, 5, 5, 5, 5, 5]]
    assert mixed(ws[:, :1], changes[:, :0], layers=3)[..., 0].tolist() == [[1, 1, 1], [4, 4, 4]]


def test_one_latent_is_not_mixed_and_k_latents_change_k_minus_1_times(small: Callable[..., Gan]) -> None:
    network = generator_of(small(), size=32).eval()
    latents = random(6, 5)
    torch.testing.assert_close(network.styled(latents, None)[1][:, 3], network.mapping(latents, None))
    for k in (1, 2, 3, 4):
        styles = network.styled(random(6, k * 5), None)[1]
        assert styles.shape == (6, 8, 6)
        changes = (styles[:, 1:] != styles[:, :-1]).any(dim=2).sum(dim=1)
        assert changes.tolist() == [k - 1] * 6
        # They come in order, each from its part of the row.
        first, last = random(6, k * 5)[:, :5], random(6, k * 5)[:, -5:]
        torch.testing.assert_close(styles[:, 0], network.mapping(first, None))
        torch.testing.assert_close(styles[:, -1], network.mapping(last, None))


@pytest.mark.parametrize("mixing", [0.0, 0.5, 1.0])
def test_training_mixes_the_stated_share(small: Callable[..., Gan], mixing: float) -> None:
    network = generator_of(small(mixing=mixing), size=16)
    styles = network._styles(random(2000, 5), None)
    torch.testing.assert_close(styles[:, 0], network.mapping(random(2000, 5), None))
    changed = styles[:, 1:] != styles[:, :-1]
    # The standard error is 0.011.
    assert changed.any(dim=2).any(dim=1).float().mean().item() == pytest.approx(mixing, abs=0.04)
    if mixing:
        # Each of the five places is as likely.
        places = changed.any(dim=2).float().mean(dim=0)
        torch.testing.assert_close(places, torch.full((5,), mixing / 5), atol=0.04, rtol=0)


def test_psi_truncates_towards_the_mean_of_training(small: Callable[..., Gan]) -> None:
    network = generator_of(small(noise=False))
    latents = random(8, 5)
    mean = network.mapping(latents, None).mean(dim=0) * 0.005
    network(latents)
    torch.testing.assert_close(network.w_mean, mean)
    for _ in range(3):
        network(random(8, 5, seed=2))
    network.eval()
    kept = network.w_mean.clone()
    w = network.mapping(latents, None)
    for psi in (1.0, 0.5, 0.0):
        network.psi = psi
        torch.testing.assert_close(network.styled(latents, None)[1][:, 0], kept + psi * (w - kept))
    images = network(latents)
    torch.testing.assert_close(images, images[:1].expand_as(images))
    network.psi = 1.0
    assert (network(latents)[0] - network(latents)[1]).abs().max() > 1e-3
    assert torch.equal(network.w_mean, kept)


def test_switches_remove_what_they_say(small: Callable[..., Gan]) -> None:
    whole = dict(generator_of(small()).named_parameters())
    assert not any(name.startswith("mapping") for name, _ in generator_of(small(mapping_layers=0)).named_parameters())
    assert whole["constant"].shape == (1, 8, 4, 4)
    traditional = dict(generator_of(small(constant_input=False)).named_parameters())
    assert set(traditional) - set(whole) == {"dense.weight", "dense.bias"}
    assert set(whole) - set(traditional) == {"constant"}
    silent = dict(generator_of(small(noise=False)).named_parameters())
    assert {name.rpartition(".")[2] for name in set(whole) - set(silent)} == {"strength"}
    smooth, blocky = (generator_of(small(resample=resample)) for resample in ("bilinear", "nearest"))
    assert [smooth.filter.kernel.shape[2], blocky.filter.kernel.shape[2]] == [4, 2]


def test_noise_is_drawn_anew_and_has_a_strength_that_starts_at_zero(small: Callable[..., Gan]) -> None:
    network = generator_of(small()).eval()
    latents = random(2, 5)
    assert torch.equal(network(latents), network(latents))
    with torch.no_grad():
        for layer in network.convolutions:
            layer.strength.fill_(0.5)
    assert not torch.equal(network(latents), network(latents))


@pytest.mark.parametrize("draw", [Draw(), Draw(truncation=0.7), Draw(mix=2), Draw(truncation=0.5, mix=4)])
def test_a_sample_does_not_depend_on_how_many_are_asked_for(small: Callable[..., Gan], draw: Draw) -> None:
    gan = small()
    network = generator_of(gan).eval()
    with torch.no_grad():
        for layer in network.convolutions:
            layer.strength.fill_(0.5)
    many = sample(network, gan, seed=3, count=70, device=CPU, draw=draw)
    assert (many == sample(network, gan, seed=3, count=70, device=CPU)).all() == (draw == Draw())
    assert len(np.unique(many.reshape(70, -1), axis=0)) == 70
    assert (sample(network, gan, seed=3, count=66, device=CPU, draw=draw) == many[:66]).all()


def test_labels_reach_both_networks(small: Callable[..., Gan]) -> None:
    networks = made(small(), classes=3)
    draw_from(networks.generator, torch_generator(1))
    networks.generator.eval()
    one, other = networks.generator(random(1, 5).expand(2, 5), torch.tensor([0, 2]))
    assert (one - other).abs().max() > 1e-3
    assert networks.discriminator is not None
    logits = networks.discriminator(one.expand(2, -1, -1, -1), torch.tensor([0, 2]))
    assert logits[0] != logits[1]


@pytest.mark.parametrize("classes", [0, 3])
def test_the_path_length_penalty_runs_in_a_training_step(small: Callable[..., Gan], classes: int) -> None:
    gan = replace(small(), ema=None)
    moved = {}
    for weight in (None, 2.0):
        networks = made(gan, classes=classes)
        state = start(networks, gan, seeds=[0], length=2, device=CPU)
        real = Real(random(4, 3, 16, 16).tanh(), torch.arange(4) % 3 if classes else None)
        logged = update(state, real, replace(gan, path_length=weight), augment=False, compute=COMPUTE)
        assert logged.isfinite().all()
        assert (state.path_mean.item() > 0) == (weight is not None)
        moved[weight] = torch.cat([each.detach().flatten() for each in state.generator.parameters()])
    assert not torch.equal(moved[None], moved[2.0])
