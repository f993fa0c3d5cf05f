"""The table of GANs: what stands in it is what the files say, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ganaug.config import Gan, Prepare
from ganaug.io import read_csv, read_json, write_csv, write_json
from ganaug.study.gans import Line, Measured, improvements, span_told, tabulate_gans
from ganaug.study.report import _gans
from ganaug.study.tables import DASH

COLUMNS = ("label", "epoch", "d_loss", "g_loss", "d_accuracy", "diversity", "recall")


def gan(**changes: object) -> Gan:
    values = {"network": "dcgan", "architecture": {}, "mode": "per_class", "jobs": 1, "nz": 8, "lr_g": 0.1, "lr_d": 0.1}
    values |= {"betas": (0.5, 0.9), "batch_size": 4, "epochs": 2, "steps": None, **changes}
    return Gan(**values)  # type: ignore[arg-type]


def quality(path: Path, kid: float | None, *, made: int = 10, fid: float | None = None) -> Path:
    reason = None if fid else "FID needs 85 images for 84 features, not 10; see KID"
    side = {"n_real": 20, "n_made": made, "kid": kid, "fid": fid, "reason": reason}
    write_json(path, {"train": side, "validation": {**side, "kid": 1.0}})
    return path


def floor_file(path: Path) -> Path:
    reason = "FID needs more"
    side = {"n_real": 20, "n_made": 8, "kid": 0.05, "fid": None, "reason": reason}
    write_json(path, {"config": {"network": "lenet5"}, "validation": side})
    return path


def history(path: Path, losses: dict[str, list[float | str]]) -> Path:
    rows = [
        {
            "label": label,
            "epoch": k + 1,
            "d_loss": loss,
            "g_loss": 1,
            "d_accuracy": 0.5,
            "diversity": 7 - k,
            "recall": "",
        }
        for label, values in losses.items()
        for k, loss in enumerate(values)
    ]
    write_csv(path, COLUMNS, rows)
    return path


def test_numbers_are_means_over_classes_at_the_snapshot_and_then_over_repeats(tmp_path: Path) -> None:
    first = history(tmp_path / "h0.csv", {"cat": [1, 2], "dog": [3, 4]})
    second = history(tmp_path / "h1.csv", {"cat": [5, 6], "dog": [7, 8]})
    files = [quality(tmp_path / "q0.json", 0.2), quality(tmp_path / "q1.json", 0.4)]
    none = [quality(tmp_path / "q2.json", None), quality(tmp_path / "q3.json", None)]
    floor = floor_file(tmp_path / "floor.json")
    histories = [[first], [second]]
    tabulate_gans(
        [Measured("dcgan", "last", "n10", none, histories), Measured("dcgan", "e1", "n10", files, histories)],
        floors=[floor, floor],
        gans={"dcgan": gan()},
        tables=tmp_path,
    )
    facts = read_json(tmp_path / "gans.json")
    early, last = facts["rows"]
    assert early["kid_train"] == {
        "n": 2,
        "mean": pytest.approx(0.3),
        "std": pytest.approx(0.02**0.5),
        "values": [0.2, 0.4],
    }
    assert (early["d_loss"]["values"], last["d_loss"]["values"]) == ([2, 6], [3, 7])
    assert (early["diversity"]["mean"], last["diversity"]["mean"]) == (7, 6)
    assert (last["kid_train"]["n"], last["kid_train"]["mean"], early["recall"]["n"]) == (0, None, 0)
    assert facts["floor"]["kid"]["mean"] == pytest.approx(0.05)
    lines = (tmp_path / "gans.md").read_text(encoding="utf-8").splitlines()
    assert lines[2].startswith("| dcgan | e1 | 10 | 0.300 ± 0.141 | 1.000 ± 0.000 |")
    assert lines[-1].startswith("| real images | - | 8 | - | 0.050 ± 0.000 |".replace("-", DASH))


def test_what_a_diverging_training_leaves_is_no_number(tmp_path: Path) -> None:
    path = history(tmp_path / "h.csv", {"cat": [1, "inf"], "dog": [3, 5], "eel": [4, "nan"], "fox": [2, ""]})
    files = [quality(tmp_path / "q.json", 0.2)]
    only = history(tmp_path / "only.csv", {"cat": ["-inf"]})
    tabulate_gans(
        [Measured("a", "last", "n10", files, [[path]]), Measured("b", "last", "n10", files, [[only]])],
        floors=[floor_file(tmp_path / "floor.json")],
        gans={"a": gan(), "b": gan()},
        tables=tmp_path,
    )
    first, second = read_json(tmp_path / "gans.json")["rows"]
    assert first["d_loss"]["values"] == [5]
    assert second["d_loss"]["n"] == 0


def test_the_lowest_kid_is_first_everywhere_and_none_is_last(tmp_path: Path) -> None:
    path = history(tmp_path / "h.csv", {"cat": [1]})
    kids = {"a": None, "b": 0.3, "c": -0.1, "d": 0.2}
    tabulate_gans(
        [Measured(name, "last", "n10", [quality(tmp_path / name, kid)], [[path]]) for name, kid in kids.items()],
        floors=[floor_file(tmp_path / "floor.json")],
        gans={name: gan() for name in kids},
        tables=tmp_path,
    )
    assert [row["gan"] for row in read_json(tmp_path / "gans.json")["rows"]] == ["c", "d", "b", "a"]
    assert [row["gan"] for row in read_csv(tmp_path / "gans.csv")] == ["c", "d", "b", "a"]
    lines = (tmp_path / "gans.md").read_text(encoding="utf-8").splitlines()[2:-1]
    assert [line.split(" | ")[0] for line in lines] == ["| c", "| d", "| b", "| a"]


def test_the_number_of_samples_and_how_they_were_drawn_stand_beside_the_distances(tmp_path: Path) -> None:
    path = history(tmp_path / "h.csv", {"cat": [1]})
    drawn = {"n90": (0.1, 90), "n90-t0.7": (0.2, 90), "n95-m2": (0.3, 95)}
    tabulate_gans(
        [
            # The second repeat made nothing, and has no distance whose N could be told.
            Measured(
                "style",
                "last",
                amount,
                [quality(tmp_path / amount, kid, made=made, fid=1.0), quality(tmp_path / f"{amount}-1", None, made=0)],
                [[path], [path]],
            )
            for amount, (kid, made) in drawn.items()
        ],
        floors=[floor_file(tmp_path / "floor.json")] * 2,
        gans={"style": gan()},
        tables=tmp_path,
    )
    rows = read_json(tmp_path / "gans.json")["rows"]
    assert [(row["truncation"], row["mix"], row["n"]) for row in rows] == [
        (None, 1, [90]),
        (0.7, 1, [90]),
        (None, 2, [95]),
    ]
    table = read_csv(tmp_path / "gans.csv")
    columns = ("truncation", "mix", "samples_least", "samples_most")
    assert [row[key] for row in table[1:] for key in columns] == ["0.7", "1", "90", "90", "", "2", "95", "95"]
    lines = (tmp_path / "gans.md").read_text(encoding="utf-8").splitlines()
    assert lines[3].startswith("| style | last (truncation 0.7) | 90 | 0.200 |")
    assert lines[4].startswith("| style | last (mix 2) | 95 | 0.300 |")
    told = _gans(tmp_path / "gans.json", [])
    assert told["rows"][2][:4] == ["style", "last (mix 2)", "95", "0.300"]
    assert told["fid_sizes_differ"]
    assert told["real"] == {"train": "20", "validation": "8"}


@pytest.mark.parametrize(("numbers", "told"), [([], DASH), ([7], "7"), ([9, 7, 8], "7 to 9")])
def test_a_span_is_told_as_one_number_where_it_is_one(numbers: list[int], told: str) -> None:
    assert span_told(numbers) == told


def line(name: str, kids: Sequence[float | None], **changes: object) -> Line:
    values = {"gan": name, "snap": "last", "truncation": None, "mix": 1, "made": [10] * len(kids)}
    return Line(**{**values, "numbers": {"kid_train": kids}, **changes})  # type: ignore[arg-type]


def test_an_improvement_is_held_against_the_same_repeats() -> None:
    gans = {"plain": gan(), "cosine": gan(schedule="cosine")}
    lines = [line("plain", [0.1, None, 0.5, 0.9]), line("cosine", [None, 0.4, 0.2, 0.8])]
    [found] = improvements(lines, gans)
    # Both have repeats 2 and 3 alone: the differences are -0.3 and -0.1.
    assert found["difference"] == pytest.approx(-0.2)
    assert found["kid_before"]["values"] == (0.5, 0.9)
    assert found["kid_after"]["mean"] == pytest.approx(0.5)
    assert found["high"] == pytest.approx(-0.2 + 12.706 * 0.1, abs=1e-4)


def test_an_improvement_is_of_samples_drawn_alike() -> None:
    gans = {"plain": gan(), "cosine": gan(schedule="cosine")}
    lines = [line("plain", [0.3]), line("cosine", [0.1], truncation=0.7), line("cosine", [0.2], mix=2)]
    assert not list(improvements(lines, gans))
    # Of two sets that are drawn alike, the one of more samples counts.
    lines += [line("cosine", [0.25]), line("cosine", [0.2], made=[90])]
    [found] = improvements(lines, gans)
    assert found["difference"] == pytest.approx(-0.1)


def test_an_improvement_is_one_setting_and_the_plain_one_comes_first() -> None:
    gans = {
        "sharp": gan(prepare=Prepare(sharpen=1.0)),
        "plain": gan(),
        "both": gan(prepare=Prepare(sharpen=1.0), schedule="cosine"),
        "cosine": gan(schedule="cosine"),
        "longer": gan(epochs=3),
    }
    kids = {"sharp": [0.1, 0.2], "plain": [0.3, 0.5], "both": [0.0, 0.0], "cosine": [0.3, 0.5], "longer": [0.0, 0.0]}
    lines = [line(name, values) for name, values in kids.items()]
    found = {(one["before"], one["after"]): one for one in improvements(lines, gans)}
    assert set(found) == {("plain", "sharp"), ("plain", "cosine"), ("sharp", "both"), ("cosine", "both")}
    assert found["plain", "sharp"]["difference"] == pytest.approx(-0.25)
    assert found["plain", "sharp"]["change"] == "prepare: sharpen 1.0"
    # Differences -0.2 and -0.3: t(0.975, 1) = 12.706, the standard error is 0.05.
    assert found["plain", "sharp"]["low"] == pytest.approx(-0.25 - 12.706 * 0.05, abs=1e-4)


def test_changes_are_told_with_true_minus_signs_and_no_negative_zero(tmp_path: Path) -> None:
    path = history(tmp_path / "h.csv", {"cat": [1]})
    kids = {"plain": (0.3, 0.5), "better": (0.1, 0.2), "same": (0.2999, 0.4999)}
    tabulate_gans(
        [
            Measured(
                name, "last", "n10", [quality(tmp_path / f"{name}{k}", kid) for k, kid in enumerate(own)], [[path]] * 2
            )
            for name, own in kids.items()
        ],
        floors=[floor_file(tmp_path / "floor.json")] * 2,
        gans={"plain": gan(), "better": gan(schedule="cosine"), "same": gan(schedule="exponential")},
        tables=tmp_path,
    )
    told = _gans(tmp_path / "gans.json", [])["improvements"]
    # -0.2 and -0.3: t(0.975, 1) = 12.706, the standard error is 0.05.
    assert [(one["after"], one["difference"], one["interval"]) for one in told] == [
        ("better", "\u22120.250", "\u22120.885 to +0.385"),
        ("same", "+0.000", "+0.000 to +0.000"),
    ]
