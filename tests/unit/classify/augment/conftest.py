import pytest
import torch

from ganaug.seeds import torch_generator

# Threads that wait for each other cost small batches more than they give.
torch.set_num_threads(1)


def pictures(count: int, channels: int, height: int, width: int, *, seed: int = 0) -> torch.Tensor:
    """uint8, N x C x H x W, channels last in memory: blocks of 4 x 4 of narrow and wide ranges, with some noise."""
    rng = torch_generator(seed)
    lines, columns = -(-height // 4), -(-width // 4)
    coarse = torch.rand(count, lines, columns, channels, generator=rng) * torch.rand(count, 1, 1, 1, generator=rng)
    whole = coarse.repeat_interleave(4, 1).repeat_interleave(4, 2)[:, :height, :width]
    noisy = whole * 235 + 20 * torch.rand(count, height, width, channels, generator=rng)
    return noisy.to(torch.uint8).permute(0, 3, 1, 2)


@pytest.fixture(params=[(3, 32, 32), (1, 28, 28), (3, 17, 24)], ids=["colour", "grey", "not square"])
def images(request: pytest.FixtureRequest) -> torch.Tensor:
    return pictures(24, *request.param)
