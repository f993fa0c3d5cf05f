"""Pictures of many samples of a GAN, for people who look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ganaug.errors import UserError
from ganaug.images import ImageFiles, grid, open_image_set, save_png


def draw_grid(*, samples: ImageFiles, most: int | None, columns: int, picture: str) -> None:
    """Draw samples class by class as a PNG, at most ``most`` of them (None: all), as many of each class.

    Raises:
        UserError: there are no samples, since their GAN failed.
    """
    drawn = open_image_set(samples.images, samples.index)
    if not len(drawn):
        raise UserError(
            f"{samples.images}: empty, since the GAN failed; record.json beside it tells why, ask for another snapshot"
        )
    chosen = in_turns([row.label for row in drawn.index], most=most)
    images = drawn.images[chosen]
    save_png(picture, grid(images, columns=columns), scale=max(1, 32 // images.shape[1]))


def in_turns(labels: Sequence[str], *, most: int | None) -> list[int]:
    """Positions of at most ``most`` labels, in order: of every label the first, then the second, and so on."""
    turns: list[tuple[int, int]] = []
    seen: Counter[str] = Counter()
    for position, label in enumerate(labels):
        turns.append((seen[label], position))
        seen[label] += 1
    return sorted(position for _, position in sorted(turns)[:most])
