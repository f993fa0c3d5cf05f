"""What people who were asked which image is real answered: how often they took a generated image for it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from ganaug.errors import UserError
from ganaug.io import digests, read_json, write_csv, write_json, write_text
from ganaug.records import origins
from ganaug.study.gan_grids import snapshot_told
from ganaug.study.proportions import wilson
from ganaug.study.tables import Grid, latex, markdown

CHANCE = 0.5
ALL_RATERS, ALL_GANS = "all raters", "all GANs"
SIDES = ("left", "right")
LONGEST_MS = 24 * 3600 * 1000
NAME_LENGTH = 80


@dataclass(frozen=True)
class Answer:
    """What one rater said of one pair.

    Attributes:
        rater: their name, or the name of their file where they gave none.
        pair: its number.
        gan, snapshot: what the generated image is from, the snapshot as `snapshot_told` has it.
        fooled: whether the generated image was taken for real.
        seconds: until the answer.
    """

    rater: str
    pair: int
    gan: str
    snapshot: str
    fooled: bool
    seconds: float


@dataclass(frozen=True)
class Rate:
    """How often generated images were taken for real.

    Attributes:
        rater, gan, snapshot: whose answers, on which samples; None for all together.
        n: how many answers.
        fooled: in how many of them the generated image was taken for real.
        rate: their share, `CHANCE` where people cannot tell.
        low, high: its 95% interval (`wilson`); of all raters together it takes answers for independent.
        median_seconds: of the time until an answer.
        reading: what the interval says.
    """

    rater: str | None
    gan: str | None
    snapshot: str | None
    n: int
    fooled: int
    rate: float
    low: float
    high: float
    median_seconds: float
    reading: str


def score_human(key: Path, *, answers: Sequence[Path], folder: str, code: str, tables: Path) -> None:
    """Write ``human.json``, ``.csv``, ``.md`` and ``.tex``: a row a rater and GAN, and one for all of each.

    Args:
        key: ``human/key.json``, which says where the real images stand.
        answers: the files that raters downloaded from the page.
        folder: where they belong, for messages.
        code: digest of the code.
        tables: the folder of the outputs.

    Raises:
        UserError: there are no answers, a file is not what the page writes, is of another page, or is there twice.
    """
    if not answers:
        raise UserError(f"human_score: no answers yet; put what the page of human_eval downloads into {folder}")
    facts = read_json(key)
    given: list[Answer] = []
    for path in answers:
        own = read_answers(path, facts)
        if own[0].rater in {answer.rater for answer in given}:
            raise UserError(f"{path}: the answers of {own[0].rater!r} are there twice; keep one file of each rater")
        given += own
    rates = tabulate_answers(given)
    made_from = origins(inputs=[str(key), *map(str, answers)], config={}, code=code, seeds={})
    write_json(
        tables / "human.json",
        {
            "experiment": facts["experiment"],
            "page": facts["page"],
            "pairs": len(facts["pairs"]),
            "wanted": facts["wanted"],
            "without_samples": facts["without_samples"],
            "chance": CHANCE,
            "raters": list(dict.fromkeys(answer.rater for answer in given)),
            "rows": list(map(asdict, rates)),
            "answers": list(map(asdict, given)),
            "sources": facts["inputs"],
            "made_from": made_from.as_dict(),
        },
    )
    rows = [{name: "" if value is None else value for name, value in asdict(rate).items()} for rate in rates]
    write_csv(tables / "human.csv", list(rows[0]), rows)
    grid = human_grid(rates)
    write_text(tables / "human.md", f"{markdown(grid)}\n{note(rates)}\n")
    write_text(tables / "human.tex", f"% {note(rates)}\n{latex(grid)}")


def read_answers(path: Path, key: Mapping[str, Any]) -> list[Answer]:
    """The answers of one rater, joined with the key.

    Raises:
        UserError: the file is not what the page writes, or is of another page than ``key``.
    """

    def wrong(told: str) -> UserError:
        return UserError(f"{path}: {told}; put the file there that the page downloaded, unchanged, or take it away")

    try:
        given = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise wrong("not JSON") from error
    if not isinstance(given, dict) or not isinstance(given.get("page"), str):
        raise wrong("does not say which page it answers")
    if given["page"] != key["page"] or given.get("experiment") != key["experiment"]:
        raise UserError(
            f"{path}: answers another page than {key['experiment']} has now (study or images have changed since); "
            "take it away, and ask again"
        )
    name = given.get("rater")
    if name is not None and not (
        isinstance(name, str) and 0 < len(name) <= NAME_LENGTH and name.strip() and name.isprintable()
    ):
        raise wrong(f"rater is no name of 1 to {NAME_LENGTH} letters")
    if not isinstance(given.get("answers"), list) or not given["answers"]:
        raise wrong("has no answers")
    pairs = {pair["pair"]: pair for pair in key["pairs"]}
    found: dict[int, Answer] = {}
    for place, one in enumerate(given["answers"], start=1):
        where = f"answer {place}"
        if not isinstance(one, dict):
            raise wrong(f"{where} is no mapping")
        answer: dict[str, Any] = one
        number, side, ms = answer.get("pair"), answer.get("side"), answer.get("ms")
        if type(number) is not int or number not in pairs:
            raise wrong(f"{where}: pair is none of 1 to {len(pairs)}")
        if number in found:
            raise wrong(f"{where}: pair {number} is answered twice")
        if side not in SIDES:
            raise wrong(f"{where}: side is neither left nor right")
        if isinstance(ms, bool) or not isinstance(ms, int | float) or not 0 <= ms <= LONGEST_MS:
            raise wrong(f"{where}: ms is no time of 0 to {LONGEST_MS} milliseconds")
        pair = pairs[number]
        found[number] = Answer(
            rater=path.stem if name is None else name.strip(),
            pair=number,
            gan=pair["gan"],
            snapshot=snapshot_told(pair["snapshot"], pair["truncation"], pair["mix"]),
            fooled=side != pair["real"],
            seconds=ms / 1000,
        )
    return list(found.values())


def tabulate_answers(answers: Sequence[Answer]) -> list[Rate]:
    """The rates of all together first, then of every GAN, then the same of every rater.

    With one rater there is no row of all raters, and with one GAN none of all GANs.
    """
    raters: list[str | None] = [*dict.fromkeys(answer.rater for answer in answers)]
    gans: list[tuple[str, str] | None] = [*sorted({(answer.gan, answer.snapshot) for answer in answers})]
    raters = [None, *raters] if len(raters) > 1 else raters
    gans = [None, *gans] if len(gans) > 1 else gans
    rates = []
    for rater in raters:
        for gan in gans:
            own = [
                answer
                for answer in answers
                if rater in (None, answer.rater) and gan in (None, (answer.gan, answer.snapshot))
            ]
            if own:
                rates.append(_rate(own, rater=rater, gan=gan))
    return rates


def _rate(answers: Sequence[Answer], *, rater: str | None, gan: tuple[str, str] | None) -> Rate:
    """The rate of one or more answers."""
    n, fooled = len(answers), sum(answer.fooled for answer in answers)
    low, high = wilson(fooled / n, n)
    return Rate(
        rater=rater,
        gan=gan and gan[0],
        snapshot=gan and gan[1],
        n=n,
        fooled=fooled,
        rate=fooled / n,
        low=low,
        high=high,
        median_seconds=median(answer.seconds for answer in answers),
        reading=reading(low, high),
    )


def reading(low: float, high: float) -> str:
    """What an interval of the error rate says."""
    if high < CHANCE:
        return "told apart"
    return "generated ones taken for the real ones" if low > CHANCE else "not shown that it can be told"


def human_grid(rates: Sequence[Rate]) -> Grid:
    """The table as text, its header first; shares in percent."""
    grid = [["rater", "GAN", "n", "error rate", "95% interval", "median seconds", "reading"]]
    for rate in rates:
        grid.append(
            [
                rate.rater or ALL_RATERS,
                ALL_GANS if rate.gan is None else f"{rate.gan} ({rate.snapshot})",
                str(rate.n),
                f"{100 * rate.rate:.1f}%",
                f"{100 * rate.low:.1f}% to {100 * rate.high:.1f}%",
                f"{rate.median_seconds:.1f}",
                rate.reading,
            ]
        )
    return grid


def note(rates: Sequence[Rate]) -> str:
    """What a reader must know of the table."""
    told = (
        "The error rate is the share of answers that took the generated image for the real one: 50% means that people "
        "cannot tell. Intervals are Wilson's, each on its own."
    )
    if any(rate.rater is None for rate in rates):
        told += (
            " Raters saw the same pairs, so their answers are not independent: intervals of all raters are too narrow."
        )
    return told


def is_outdated(sources: Mapping[str, str]) -> bool:
    """Whether the files that the page was made from, given with their digests, are not there or are others now."""
    return not all(map(Path.exists, map(Path, sources))) or digests(sources) != dict(sources)
