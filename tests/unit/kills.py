"""Trainings that are killed between two steps."""

from collections.abc import Callable


class Killed(BaseException):
    """Stands for a kill between two steps."""


def until(kill_at: int | None) -> Callable[[int], None]:
    """What counts the steps of a training, and ends it after so many."""
    done = 0

    def progress(steps: int) -> None:
        nonlocal done
        done += steps
        if done == kill_at:
            raise Killed

    return progress
