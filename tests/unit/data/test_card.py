"""The data card: what it states, what it asks, and that no name can change its form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ganaug.data.card import escape, render, write_card
from ganaug.images import SplitRow


def rows() -> list[SplitRow]:
    roles = ["train", "train", "validation"]
    return [
        SplitRow(row=k, role=role, label=label, group="g", source=f"{label}/{k}")  # type: ignore[arg-type]
        for label in ("cat", "dog")
        for k, role in enumerate(roles)
    ]


def source(**changes: Any) -> dict[str, Any]:
    values = {
        "source": "archive",
        "archive": "pets.zip",
        "sha256": "ab" * 32,
        "fingerprint": "ab" * 32,
        "url": None,
        "files": [],
        "licence": None,
        "cite": None,
        "attribute": None,
        "labels": None,
    }
    return {**values, **changes}


def report(**changes: Any) -> dict[str, Any]:
    within = {"dev": {"exact": 2, "near": 6, "pairs": []}, "test": {"exact": 0, "near": 1, "pairs": []}}
    part = {
        "part": 0,
        "dev": {"cat": 30, "dog": 40},
        "test": {"cat": 7, "dog": 8},
        "groups": {"dev": 9, "test": 3},
        "near_duplicates": {"policy": "drop", "bits": 6, "count": 4, "dropped": 5, "exact": 3, "pairs": []}
        | {"within": within},
    }
    values = {
        "classes": ["cat", "dog"],
        "image_size": 32,
        "channels": 3,
        "resize": "Pillow's bicubic filter",
        "background": "white",
        "skipped": [],
        "parts": [part],
        "config": {
            "groups": "parent",
            "test": {"method": "hash", "fraction": 0.5, "folds": None},
            "leaky": False,
        },
        "seed": 11,
        "code": "c0de",
        "digests": {"data/p0/dev/images.npy": "cd" * 32},
    }
    return {**values, **changes}


def card(*, given: dict[str, Any] | None = None, facts: dict[str, Any] | None = None) -> str:
    return render(experiment="pets", source=given or source(), report=facts or report(), rows=rows(), repeats=3)


def test_counts_of_every_split() -> None:
    text = card()
    assert "| cat | 2 | 1 | 30 | 7 |\n| dog | 2 | 1 | 40 | 8 |\n| all | 4 | 2 | 70 | 15 |\n" in text
    assert "| 0 | 70 | 9 | 15 | 3 |" in text
    assert "| 0 | 4 | 5 | 3 | 2 | 6 |" in text


def test_source_splits_preprocessing_and_digests() -> None:
    text = card()
    assert f"| pets.zip | {'ab' * 32} |" in text
    assert f"| data/p0/dev/images.npy | {'cd' * 32} |" in text
    assert "| licence | not known to ganaug" in text
    assert "(`data.test.method`: hash, fraction 0.5; root seed 11)" in text
    assert "(`data.groups`: parent)" in text
    assert "32 pixels, RGB, 8 bits, transparent pixels on white.\nResizing: Pillow's bicubic filter.\n" in text
    assert "There are 3 repeats" in text
    assert "GANs also saw" not in text


def test_a_published_set_has_its_licence_and_citation() -> None:
    known = source(source="mnist", archive=None, sha256=None, licence="none stated", cite="LeCun", url="https://mnist")
    text = card(given={**known, "files": [{"name": "train.gz", "urls": [], "md5": "f00"}]})
    assert "| licence | none stated |\n" in text
    assert "| to cite | LeCun |\n" in text
    assert "train.gz (f00) agreed" in text


def test_questions_are_left_open() -> None:
    text = card()
    assert text.count("- [ ] ") > 10
    assert "- [x]" not in text
    for word in ("consent", "licence", "Bias", "labels", "GAN"):
        assert word in text.partition("## Questions")[2]


def test_skipped_files_are_listed_and_many_are_counted() -> None:
    skipped = [{"file": f"cat/{k}.png", "reason": "truncated"} for k in range(60)]
    text = card(facts=report(skipped=skipped))
    assert "60 files were left out; the first 50:" in text
    assert "| cat/49.png | truncated |" in text
    assert "cat/50.png" not in text


def test_a_leak_is_told() -> None:
    leaky = {**report()["config"], "leaky": True}
    assert "**The GANs also saw the test images" in card(facts=report(config=leaky))


def test_names_cannot_change_its_form() -> None:
    assert escape("a|b*c\n# d") == "a\\|b\\*c?\\# d"
    name = "<b>|\n- [x] done"
    text = card(facts=report(skipped=[{"file": name, "reason": "`x`"}]))
    assert "| \\<b\\>\\|?- \\[x\\] done | \\`x\\` |" in text


def test_it_is_the_same_whenever_it_is_written(tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        write_card(tmp_path / name, experiment="pets", source=source(), report=report(), rows=rows(), repeats=3)
    assert (tmp_path / "a.md").read_bytes() == (tmp_path / "b.md").read_bytes()
    assert (tmp_path / "a.md").read_text(encoding="utf-8").endswith("?\n")
