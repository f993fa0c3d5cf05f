"""The grid of a study, real images of a class times ratios of GAN images to them, as arms and GANs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ganaug.arm_checks import fewest
from ganaug.arms import Arm, GanArm
from ganaug.config import Data, Gan, Grid
from ganaug.errors import UserError


def expand(
    grid: Grid, *, gans: Mapping[str, Gan], arms: Mapping[str, Arm], data: Data
) -> tuple[dict[str, Arm], dict[str, Gan]]:
    """The arm of every cell, and the GANs that these need beside those of the config, by name.

    The GAN of n real images a class is trained on the images that the arm has. Where the configured GAN sees n images
    of each class, it is that one.

    Args:
        gans, arms, data: of the config.

    Raises:
        UserError: the grid makes no sense, or a name is taken.
    """
    _check(grid, gans, data)
    base = gans[grid.gan]
    seen = base.per_class or data.equal_per_class
    names = {count: grid.gan if count == seen else f"{grid.gan}-n{count}" for count in grid.per_class}
    made = {name: replace(base, per_class=count) for count, name in names.items() if name != grid.gan}
    cells = {
        cell.arm: Arm(
            per_class=cell.per_class,
            gan=GanArm(names[cell.per_class], snapshot=grid.snapshot, count=cell.images) if cell.images else None,
        )
        for cell in grid.cells
    }
    for kind, known, new in (("gans", gans, made), ("arms", arms, cells)):
        if taken := sorted(set(known) & set(new)):
            raise UserError(f"{kind}.{taken[0]}: study.grid makes one of that name; rename yours")
    return cells, made


def _check(grid: Grid, gans: Mapping[str, Gan], data: Data) -> None:
    if grid.gan not in gans:
        raise UserError(
            f"study.grid.gan: no GAN {grid.gan!r} is configured; gans has {', '.join(sorted(gans)) or 'none'}"
        )
    if str(grid.snapshot) != "last" and f"e{grid.snapshot}" not in gans[grid.gan].snaps:
        raise UserError(
            f"study.grid.snapshot: {grid.gan} keeps {', '.join(gans[grid.gan].snaps)}; "
            f"add {grid.snapshot} to gans.{grid.gan}.snapshots"
        )
    for key, values in (("per_class", grid.per_class), ("ratios", grid.ratios)):
        if twice := sorted({value for value in values if values.count(value) > 1}):
            raise UserError(f"study.grid.{key}: {twice[0]:g} is listed twice; list it once")
    if 0 not in grid.ratios:
        raise UserError("study.grid.ratios: lacks 0, real images alone, which the others are compared with; add it")
    if len(grid.ratios) < 2:
        raise UserError("study.grid.ratios: has 0 alone; add a ratio, such as 1")
    most = fewest(data)
    if most is None:
        raise UserError(
            f"data.per_class: not set, and study.grid counts real images; set it to {max(grid.per_class)} or more"
        )
    if max(grid.per_class) > most:
        raise UserError(f"study.grid.per_class: {max(grid.per_class)} of {most} real images of a class; lower it")
    _check_counts(grid)


def _check_counts(grid: Grid) -> None:
    found: dict[tuple[int, int], float] = {}
    for cell in grid.cells:
        if cell.ratio and not cell.images:
            raise UserError(
                f"study.grid.ratios: {cell.ratio:g} times {cell.per_class} real images is no image; raise it"
            )
        other = found.setdefault((cell.per_class, cell.images), cell.ratio)
        if other != cell.ratio:
            raise UserError(
                f"study.grid.ratios: {other:g} and {cell.ratio:g} times {cell.per_class} real images are both "
                f"{cell.images} images; leave one of them out"
            )
