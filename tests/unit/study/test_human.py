"""Answers of people and the key, to rates that can be worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ganaug.errors import UserError
from ganaug.io import digests, read_csv, read_json, write_json
from ganaug.study.human import is_outdated, reading, score_human
from ganaug.study.proportions import wilson
from ganaug.study.report_human import human_section

PAGE = "ab" * 32
# Ten pairs, the real image always on the left; the odd ones are of dcgan, the even ones of wgan.
PAIRS = [
    {"pair": k, "class": "cat", "real": "left", "gan": "dcgan" if k % 2 else "wgan", "snapshot": "last"}
    | {"truncation": None if k % 2 else 0.7, "mix": 1, "source": f"cat-{k}", "sample": f"cat/{k}"}
    for k in range(1, 11)
]


def key_file(folder: Path) -> Path:
    source = folder / "r0.csv"
    source.write_text("row\n")
    facts = {"experiment": "toy", "page": PAGE, "wanted": 50, "without_samples": ["broken (last)"], "pairs": PAIRS}
    write_json(folder / "key.json", {**facts, "inputs": digests([source])})
    return folder / "key.json"


def answer_file(path: Path, fooled: Sequence[int], *, rater: str | None, ms: int = 1500) -> Path:
    """The answers of one who took the generated image for real in the pairs ``fooled``."""
    answers = [{"pair": k, "side": "right" if k in fooled else "left", "ms": ms + k} for k in range(1, 11)]
    write_json(
        path, {"experiment": "toy", "page": PAGE, "rater": rater, "date": "2026-01-01T00:00:00Z", "answers": answers}
    )
    return path


def score(folder: Path, answers: Sequence[Path]) -> Mapping[str, Any]:
    score_human(key_file(folder), answers=answers, folder="answers", code="c", tables=folder / "tables")
    facts: Mapping[str, Any] = read_json(folder / "tables/human.json")
    return facts


def row(facts: Mapping[str, Any], rater: str | None, gan: str | None) -> Mapping[str, Any]:
    [found] = [one for one in facts["rows"] if (one["rater"], one["gan"]) == (rater, gan)]
    own: Mapping[str, Any] = found
    return own


def test_rates_are_the_share_of_generated_images_that_were_taken_for_real(tmp_path: Path) -> None:
    ann = answer_file(tmp_path / "a.json", [1, 2, 3], rater="Ann")
    bob = answer_file(tmp_path / "b.json", [1], rater=None, ms=5000)
    facts = score(tmp_path, [ann, bob])
    assert facts["raters"] == ["Ann", "b"]  # without a name, that of the file
    expected = {
        (None, None): (20, 4),
        (None, "dcgan"): (10, 3),
        (None, "wgan"): (10, 1),
        ("Ann", None): (10, 3),
        ("Ann", "dcgan"): (5, 2),
        ("Ann", "wgan"): (5, 1),
        ("b", None): (10, 1),
        ("b", "dcgan"): (5, 1),
        ("b", "wgan"): (5, 0),
    }
    assert [(one["rater"], one["gan"]) for one in facts["rows"]] == list(expected)
    for (rater, gan), (n, fooled) in expected.items():
        one = row(facts, rater, gan)
        assert (one["n"], one["fooled"], one["rate"]) == (n, fooled, fooled / n)
        assert (one["low"], one["high"]) == wilson(fooled / n, n)
    # Wilson's 95% interval of 4 in 20, as published tables have it: 0.081 to 0.416.
    assert (round(row(facts, None, None)["low"], 3), round(row(facts, None, None)["high"], 3)) == (0.081, 0.416)
    # Ann's ten times are 1501 to 1510 ms.
    assert row(facts, "Ann", None)["median_seconds"] == pytest.approx(1.5055)
    assert row(facts, None, "wgan")["snapshot"] == "last (truncation 0.7)"


def test_one_rater_and_one_gan_have_no_rows_of_all(tmp_path: Path) -> None:
    path = answer_file(tmp_path / "a.json", [1], rater="Ann")
    given = read_json(path)
    write_json(path, {**given, "answers": [one for one in given["answers"] if one["pair"] % 2]})
    facts = score(tmp_path, [path])
    assert [(one["rater"], one["gan"], one["n"]) for one in facts["rows"]] == [("Ann", "dcgan", 5)]
    assert "too narrow" not in (tmp_path / "tables/human.md").read_text()


def test_the_tables_say_what_chance_is_and_that_raters_share_pairs(tmp_path: Path) -> None:
    files = [answer_file(tmp_path / f"{name}.json", [], rater=name) for name in ("A|nn", "B_ob")]
    score(tmp_path, files)
    text = (tmp_path / "tables/human.md").read_text()
    assert "50% means that people cannot tell" in text
    assert "Raters saw the same pairs" in text
    # 0 of 20: z^2 / (n + z^2) = 3.8415 / 23.8415.
    assert "| all raters | all GANs | 20 | 0.0% | 0.0% to 16.1% |" in text
    assert "A\\|nn" in text
    assert "B\\_ob" in (tmp_path / "tables/human.tex").read_text()
    rows = read_csv(tmp_path / "tables/human.csv")
    assert (rows[0]["rater"], rows[0]["gan"], rows[0]["n"], rows[0]["reading"]) == ("", "", "20", "told apart")


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.1, 0.49, "told apart"),
        (0.3, 0.5, "not shown that it can be told"),
        (0.51, 0.9, "generated ones taken for the real ones"),
    ],
)
def test_an_interval_that_holds_one_half_shows_nothing(low: float, high: float, said: str) -> None:
    assert reading(low, high) == said


ANSWER = {"pair": 1, "side": "left", "ms": 5}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"page": "cd" * 32}, r"a\.json: answers another page than toy has now"),
        ({"experiment": "other"}, "answers another page than toy has now"),
        ({"page": None}, "does not say which page it answers"),
        ({"rater": 7}, "rater is no name"),
        ({"rater": " "}, "rater is no name"),
        ({"rater": "x" * 81}, "rater is no name"),
        ({"rater": "a\nb"}, "rater is no name"),
        ({"rater": "\ud800"}, "rater is no name"),
        ({"answers": []}, "has no answers"),
        ({"answers": {"pair": 1}}, "has no answers"),
        ({"answers": [1]}, "answer 1 is no mapping"),
        ({"answers": [ANSWER, {**ANSWER, "pair": 11}]}, "answer 2: pair is none of 1 to 10"),
        ({"answers": [{**ANSWER, "pair": True}]}, "answer 1: pair is none of 1 to 10"),
        ({"answers": [{**ANSWER, "pair": "1"}]}, "answer 1: pair is none of 1 to 10"),
        ({"answers": [ANSWER, ANSWER]}, "answer 2: pair 1 is answered twice"),
        ({"answers": [{**ANSWER, "side": "real"}]}, "answer 1: side is neither left nor right"),
        ({"answers": [{**ANSWER, "side": ["left"]}]}, "answer 1: side is neither left nor right"),
        ({"answers": [{**ANSWER, "ms": -1}]}, "answer 1: ms is no time"),
        ({"answers": [{**ANSWER, "ms": float("nan")}]}, "answer 1: ms is no time"),
        ({"answers": [{**ANSWER, "ms": 10**400}]}, "answer 1: ms is no time"),
        ({"answers": [{**ANSWER, "ms": True}]}, "answer 1: ms is no time"),
        ({"answers": [{**ANSWER, "ms": None}]}, "answer 1: ms is no time"),
    ],
)
def test_what_the_page_never_writes_is_refused_in_one_line(
    tmp_path: Path, changes: Mapping[str, Any], told: str
) -> None:
    path = answer_file(tmp_path / "a.json", [], rater="Ann")
    path.write_text(json.dumps({**read_json(path), **changes}))
    with pytest.raises(UserError, match=told) as caught:
        score(tmp_path, [path])
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "tables").exists()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe{}", b"[" * 100_000])
def test_a_file_that_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"a\.json: not JSON; put the file there that the page downloaded"):
        score(tmp_path, [path])


@pytest.mark.parametrize("content", [b"[]", b"3", b"null", b"{}"])
def test_json_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match="does not say which page it answers"):
        score(tmp_path, [path])


def test_the_same_rater_twice_is_refused(tmp_path: Path) -> None:
    files = [answer_file(tmp_path / f"{name}.json", [], rater="Ann") for name in "ab"]
    with pytest.raises(UserError, match=r"b\.json: the answers of 'Ann' are there twice"):
        score(tmp_path, files)


def test_without_answers_it_says_where_they_belong(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"human_score: no answers yet; .* into answers"):
        score(tmp_path, [])


def test_the_report_knows_when_the_images_are_others_now(tmp_path: Path) -> None:
    score(tmp_path, [answer_file(tmp_path / "a.json", [], rater="Ann")])
    section = human_section(tmp_path / "tables/human.json")
    assert section["outdated"] is False
    assert section["lines"][1][:3] == ["Ann", "all GANs", "10"]
    (tmp_path / "r0.csv").write_text("other\n")
    assert human_section(tmp_path / "tables/human.json")["outdated"] is True
    (tmp_path / "r0.csv").unlink()
    assert is_outdated(section["sources"])
