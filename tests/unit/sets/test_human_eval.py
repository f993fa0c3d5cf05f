"""The page that asks which image is real: what is on it, and what is not."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganaug.errors import UserError
from ganaug.images import Pixels
from ganaug.io import read_json
from ganaug.sets.human_eval import make_human_eval, png

from .human_images import drawn, make_page, real


def study_of(page: Path) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="study">(.*?)</script>', page.read_text())
    assert found is not None
    study: dict[str, Any] = json.loads(found[1])
    return study


def decoded(text: str) -> Pixels:
    return np.asarray(Image.open(BytesIO(base64.b64decode(text))))


def values_of(page: Path) -> list[tuple[int, int]]:
    """Of each pair the values of the left and the right image; see `human_images`."""
    return [(int(decoded(left)[0, 0]), int(decoded(right)[0, 0])) for left, right in study_of(page)["pairs"]]


def test_every_pair_has_a_real_image_and_a_sample_of_its_class_where_the_key_says(tmp_path: Path) -> None:
    page, key = make_page(tmp_path)
    pairs = read_json(key)["pairs"]
    assert [pair["pair"] for pair in pairs] == list(range(1, 51))
    for pair, (left, right) in zip(pairs, values_of(page), strict=True):
        shown, made = (left, right) if pair["real"] == "left" else (right, left)
        cat = pair["class"] == "cat"
        # Real cats are 0 to 29 and dogs 30 to 59; samples of cats are 100 to 129, and of dogs 130 to 159.
        assert shown == int(pair["source"].partition("-")[2]) + (0 if cat else 30)
        assert made == int(pair["sample"].rpartition("/")[2]) + (100 if cat else 130)
        assert pair["source"].startswith(pair["class"])
        assert pair["sample"].startswith(f"dcgan/{pair['class']}/")
    assert Counter(pair["class"] for pair in pairs) == {"cat": 25, "dog": 25}
    assert len({value for both in values_of(page) for value in both}) == 100
    # A fair coin lies this far out in fewer than one of 10,000 pages.
    assert 11 <= sum(pair["real"] == "left" for pair in pairs) <= 39


def test_images_that_are_in_no_split_are_never_shown(tmp_path: Path) -> None:
    split, dev = real(tmp_path, train=3, validation=1, unused=40)
    page = tmp_path / "page.html"
    make_human_eval(
        experiment="toy",
        split=split,
        dev=dev,
        samples=[drawn(tmp_path, "dcgan", first=100, count=30)],
        root=0,
        code="c",
        page=str(page),
        key=str(tmp_path / "key.json"),
    )
    shown = [min(both) for both in values_of(page)]
    assert sorted(shown) == list(range(8))  # all that are in the split, validation among them, and none beyond


def test_the_same_seed_gives_the_same_bytes_and_another_other_pairs(tmp_path: Path) -> None:
    first, again = make_page(tmp_path / "a"), make_page(tmp_path / "b")
    assert first[0].read_bytes() == again[0].read_bytes()
    assert read_json(first[1])["pairs"] == read_json(again[1])["pairs"]
    other = make_page(tmp_path / "c", seed=1)
    assert read_json(first[1])["page"] != read_json(other[1])["page"]


def test_the_page_holds_neither_key_nor_names(tmp_path: Path) -> None:
    page, key = make_page(tmp_path)
    text, study = page.read_text(), study_of(page)
    assert set(study) == {"experiment", "page", "pairs"}
    assert study["page"] == read_json(key)["page"]
    assert all(len(pair) == 2 and all(isinstance(image, str) for image in pair) for pair in study["pairs"])
    for pair in read_json(key)["pairs"]:
        assert pair["source"] not in text
        assert pair["sample"] not in text
    assert "dcgan" not in text


def test_files_of_real_and_generated_images_differ_in_pixels_alone(tmp_path: Path) -> None:
    page, _ = make_page(tmp_path)
    files = [base64.b64decode(image) for pair in study_of(page)["pairs"] for image in pair]
    assert len({len(file) for file in files}) == 1
    noise = np.random.default_rng(0).integers(0, 256, (8, 8, 1)).astype(np.uint8)
    assert len(base64.b64decode(png(noise))) == len(files[0])  # whatever the pixels are
    for file in files:
        image = Image.open(BytesIO(file))
        assert (image.size, image.mode, image.info) == ((8, 8), "L", {})


@pytest.mark.parametrize("channels", [1, 3])
def test_an_image_is_the_same_after_it_was_a_file(channels: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (5, 7, channels)).astype(np.uint8)
    assert np.array_equal(decoded(png(image)).reshape(image.shape), image)


def test_pairs_are_spread_over_the_gans(tmp_path: Path) -> None:
    _, key = make_page(tmp_path, gans=("dcgan", "wgan"))
    counts = Counter((pair["gan"], pair["class"]) for pair in read_json(key)["pairs"])
    assert counts["dcgan", "cat"] + counts["dcgan", "dog"] == 25
    # Which class a GAN gets first is drawn anew in each turn: neither has all cats.
    assert all(counts[gan, label] > 3 for gan in ("dcgan", "wgan") for label in ("cat", "dog"))


def test_with_fewer_images_there_are_fewer_pairs_and_the_page_says_so(tmp_path: Path) -> None:
    page, key = make_page(tmp_path, each=6)
    assert len(read_json(key)["pairs"]) == 12
    assert read_json(key)["wanted"] == 50
    text = " ".join(page.read_text().split())
    assert "You will see 12 pairs" in text
    assert "there are images for 12 only" in text
    assert "only" not in make_page(tmp_path / "whole")[0].read_text().partition("<noscript>")[0].partition("<body>")[2]


def test_a_gan_that_failed_is_left_out_and_told(tmp_path: Path) -> None:
    split, dev = real(tmp_path, train=20, validation=10)
    samples = [drawn(tmp_path, "broken", first=0, count=0), drawn(tmp_path, "dcgan", first=100, count=30)]
    key = tmp_path / "key.json"
    for used, told in ((samples, None), (samples[:1], r"no samples to show, since the GAN failed; .*record\.json")):
        arguments: dict[str, Any] = {"experiment": "toy", "split": split, "dev": dev, "root": 0, "code": "c"}
        arguments |= {"samples": used, "page": str(tmp_path / "page.html"), "key": str(key)}
        if told:
            with pytest.raises(UserError, match=told):
                make_human_eval(**arguments)
        else:
            make_human_eval(**arguments)
            assert {pair["gan"] for pair in read_json(key)["pairs"]} == {"dcgan"}
            assert read_json(key)["without_samples"] == ["broken (last)"]


def test_how_samples_were_drawn_is_in_the_key(tmp_path: Path) -> None:
    split, dev = real(tmp_path, train=1, validation=0)
    key = tmp_path / "key.json"
    make_human_eval(
        experiment="toy",
        split=split,
        dev=dev,
        samples=[drawn(tmp_path, "style", first=100, count=2, amount="n2-t0.7-m2")],
        root=0,
        code="c",
        page=str(tmp_path / "page.html"),
        key=str(key),
    )
    assert [(pair["truncation"], pair["mix"]) for pair in read_json(key)["pairs"]] == [(0.7, 2)] * 2


def test_an_experiments_name_cannot_break_out_of_the_page(tmp_path: Path) -> None:
    split, dev = real(tmp_path, train=1, validation=0)
    page = tmp_path / "page.html"
    make_human_eval(
        experiment="</script><b>x",
        split=split,
        dev=dev,
        samples=[drawn(tmp_path, "dcgan", first=100, count=2)],
        root=0,
        code="c",
        page=str(page),
        key=str(tmp_path / "key.json"),
    )
    assert "</script><b>x" not in page.read_text()
    assert study_of(page)["experiment"] == "</script><b>x"
