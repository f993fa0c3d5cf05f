import hashlib
import json

import numpy as np
import pytest
import torch

from ganaug.seeds import derive, numpy_generator, rank, torch_generator


def test_a_derived_seed_is_the_head_of_the_sha256_of_its_names_without_the_lowest_bit() -> None:
    head = hashlib.sha256(json.dumps([7, "gan", 3, "cow"], separators=(",", ":")).encode()).hexdigest()[:16]
    assert derive(7, "gan", 3, "cow") == int(head, 16) // 2


@pytest.mark.parametrize("other", [(8, "gan", 3, "cow"), (7, "gan", 3), (7, "gan", 33, "cow"), (7, "gan3", "cow")])
def test_streams_differ_in_root_length_and_every_name(other: tuple[int, str, int]) -> None:
    assert derive(*other) != derive(7, "gan", 3, "cow")


def test_ranks_are_uniform_in_the_unit_interval() -> None:
    ranks = np.array([rank(0, "test", str(k)) for k in range(2000)])
    assert ranks.min() >= 0
    assert ranks.max() < 1
    # The standard error of the mean of 2,000 uniform numbers is 0.0065.
    assert abs(ranks.mean() - 0.5) < 4 * 0.0065


def test_generators_of_one_seed_agree_and_leave_the_global_ones_alone() -> None:
    before = torch.random.get_rng_state()
    assert torch.equal(torch.rand(3, generator=torch_generator(5)), torch.rand(3, generator=torch_generator(5)))
    assert (numpy_generator(5).random(3) == numpy_generator(5).random(3)).all()
    assert torch.equal(torch.random.get_rng_state(), before)
