from itertools import islice

import torch

from ganaug.classify.batching import by_turns, epoch_images, in_phases, whole_batches


def test_each_epoch_sees_the_next_turn_and_always_what_has_none() -> None:
    turns = torch.tensor([0, 1, 2, 0, 1, 2, 3])
    positions = by_turns(turns)
    # Turn 3 has one image where the others have two; the fourth epoch begins again.
    assert [positions(epoch).tolist() for epoch in range(4)] == [[0, 1, 3, 4], [0, 2, 3, 5], [0, 3, 6], [0, 1, 3, 4]]
    assert epoch_images(turns) == 4


def test_batches_go_through_the_turns() -> None:
    turns = torch.tensor([0, 0, 1, 1, 2, 2])
    batches = list(islice(whole_batches(by_turns(turns), size=4, seed=3), 2))
    assert [sorted(batch.tolist()) for batch in batches] == [[0, 1, 2, 3], [0, 1, 4, 5]]


def test_phases_keep_gan_images_and_real_ones_apart() -> None:
    generated = torch.tensor([False, True, False, True, True])
    batches = list(islice(in_phases(generated, torch.zeros(5, dtype=torch.int64), first=3, size=2, seed=0), 6))
    assert all(generated[batch].all() for batch in batches[:3])
    assert not any(generated[batch].any() for batch in batches[3:])
    # Six draws of three GAN images: each twice; six of two real ones: each three times.
    assert torch.cat(batches).bincount().tolist() == [3, 2, 3, 2, 2]
