from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ganaug.data.groups import joined


def test_groups_that_share_an_image_become_the_smallest_of_them():
    assert joined(["c", "a", "b", "d"], [b"1", b"2", b"1", b"3"]) == ["b", "a", "b", "d"]
    assert joined(["c", "c", "b", "b", "a"], [b"1", b"2", b"2", b"3", b"3"]) == ["a"] * 5  # c with b, b with a


def test_without_shared_images_groups_are_left_as_they_are():
    assert joined(["b", "a", "b"], [b"1", b"2", b"1"]) == ["b", "a", "b"]
    assert joined([], []) == []


images = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 9)), max_size=30)


@given(images, st.randoms(use_true_random=False))
def test_the_order_of_images_changes_nothing_and_neither_groups_nor_images_are_parted(drawn, random):
    made = joined([group for group, _ in drawn], [bytes([image]) for _, image in drawn])
    shuffled = random.sample(range(len(drawn)), len(drawn))
    again = joined([drawn[k][0] for k in shuffled], [bytes([drawn[k][1]]) for k in shuffled])
    assert again == [made[k] for k in shuffled]
    for which in (0, 1):
        assert len({(image[which], group) for image, group in zip(drawn, made, strict=True)}) == len(
            {image[which] for image in drawn}
        )
