"""The table of GANs: what stands in it is what the files say, by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from ganaug.arms import Arm, ClassicArm, GanArm
from ganaug.config import Gan, Prepare
from ganaug.io import read_csv, read_json, write_csv, write_json
from ganaug.study.gan_classes import class_rows
from ganaug.study.gan_grids import share, span_told
from ganaug.study.gans import Line, Measured, improvements, tabulate_gans
from ganaug.study.report_gans import copying_told, gan_section
from ganaug.study.scores import read_scores
from ganaug.study.tables import DASH

from .conftest import ARMS, cell, score_file

COLUMNS = ("label", "epoch", "d_loss", "g_loss", "d_accuracy", "diversity", "recall")


def gan(**changes: object) -> Gan:
    values = {"network": "dcgan", "architecture": {}, "mode": "per_class", "jobs": 1, "nz": 8, "lr_g": 0.1, "lr_d": 0.1}
    values |= {"betas": (0.5, 0.9), "batch_size": 4, "epochs": 2, "steps": None, **changes}
    return Gan(**values)  # type: ignore[arg-type]


SHARES = ("precision", "recall", "density", "coverage")
COPIES = ("closer", "expected", "copying", "chance", "suspicion", "equal")
DRAWN = ("kid", "fid", "fid_infinite", *SHARES)
SCARCE = "FID needs 85 images for 84 features, not 10; see KID"
ENDLESS = "FID at infinite N needs 170 images for 84 features, not 100; see FID or KID"


def over(*values: float) -> dict[str, Any]:
    return {"n": len(values), "mean": fmean(values), "std": None, "values": list(values)}


def quality(
    path: Path,
    kid: float | None,
    *,
    made: int = 10,
    fid: float | None = None,
    size: int = 8,
    equal: Mapping[str, Sequence[float]] | None = None,
    floor: Mapping[str, Sequence[float]] | None = None,
    copies: Mapping[str, float] | None = None,
    guesses: Mapping[str, Any] | None = None,
) -> Path:
    """What the quality stage would write of a set of samples; what is not given could not be computed."""
    shares: dict[str, Any] = dict.fromkeys(("kid_low", "kid_high", "fid_infinite", *SHARES))
    reasons = {"fid_infinite": ENDLESS, **({} if fid else {"fid": SCARCE})}
    side = {"n_real": 20, "n_made": made, "kid": kid, "fid": fid, "reason": None if fid else SCARCE, "reasons": reasons}
    drawn = {
        end: {name: over(*given[name]) if name in given else None for name in DRAWN}
        for end, given in (("made", equal or {}), ("real", floor or {}))
    }
    record: dict[str, Any] = {"train": {**shares, **side}, "validation": {**shares, **side, "kid": 1.0}}
    record["floor"] = {"size": size, **drawn, "reasons": {"fid": SCARCE, "fid_infinite": ENDLESS}}
    record["memorisation"] = dict.fromkeys(COPIES) | {"reasons": {}, **(copies or {})}
    write_json(path, record | ({"guesses": guesses} if guesses else {}))
    return path


def floor_file(path: Path) -> Path:
    reason = "FID needs more"
    side = {"n_real": 20, "n_made": 8, "kid": 0.05, "fid": None, "reason": reason}
    write_json(path, {"config": {"network": "lenet5"}, "validation": side})
    return path


def compare(
    measured: Sequence[Measured], tables: Path, *, gans: Mapping[str, Gan], scores: Sequence[Path] = ()
) -> None:
    """The tables of a study of two repeats, in which real images score 0.8 and samples alone 0.6."""
    files = [tables / f"scores-r{r}.json" for r in range(2)]
    for r, path in enumerate(files):
        write_json(path, score_file(r, [cell("real", 0.8, validation=0.9), cell("synthetic", 0.6)]))
    tabulate_gans(
        measured,
        floors=[floor_file(tables / f"floor{r}.json") for r in range(2)],
        gans=gans,
        scores=files,
        arms=ARMS,
        classifier="lenet5",
        tables=tables,
    )


def table_of(tables: Path, title: str) -> list[str]:
    """The rows of the table below a heading of ``gans.md``."""
    _, _, below = (tables / "gans.md").read_text(encoding="utf-8").partition(f"## {title}\n\n")
    return below.partition("\n\n")[0].splitlines()[2:]


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
    histories = [[first], [second]]
    compare(
        [Measured("dcgan", "last", "n10", none, histories), Measured("dcgan", "e1", "n10", files, histories)],
        tmp_path,
        gans={"dcgan": gan()},
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
    assert (last["kid_train"]["n"], last["kid_train"]["mean"], early["pixel_recall"]["n"]) == (0, None, 0)
    assert facts["floor"]["kid_validation"]["mean"] == pytest.approx(0.05)
    lines = table_of(tmp_path, "Distance to real images")
    assert lines[0].startswith("| dcgan | e1 | 10 | 0.300 ± 0.141 | 1.000 ± 0.000 |")
    assert lines[-1].startswith("| real images | - | 8 | - | 0.050 ± 0.000 |".replace("-", DASH))


def test_what_a_diverging_training_leaves_is_no_number(tmp_path: Path) -> None:
    path = history(tmp_path / "h.csv", {"cat": [1, "inf"], "dog": [3, 5], "eel": [4, "nan"], "fox": [2, ""]})
    files = [quality(tmp_path / "q.json", 0.2)]
    only = history(tmp_path / "only.csv", {"cat": ["-inf"]})
    compare(
        [Measured("a", "last", "n10", files, [[path]]), Measured("b", "last", "n10", files, [[only]])],
        tmp_path,
        gans={"a": gan(), "b": gan()},
    )
    first, second = read_json(tmp_path / "gans.json")["rows"]
    assert first["d_loss"]["values"] == [5]
    assert second["d_loss"]["n"] == 0


def test_the_lowest_kid_is_first_everywhere_and_none_is_last(tmp_path: Path) -> None:
    path = history(tmp_path / "h.csv", {"cat": [1]})
    kids = {"a": None, "b": 0.3, "c": -0.1, "d": 0.2}
    compare(
        [Measured(name, "last", "n10", [quality(tmp_path / name, kid)], [[path]]) for name, kid in kids.items()],
        tmp_path,
        gans={name: gan() for name in kids},
    )
    assert [row["gan"] for row in read_json(tmp_path / "gans.json")["rows"]] == ["c", "d", "b", "a"]
    assert [row["gan"] for row in read_csv(tmp_path / "gans.csv")] == ["c", "d", "b", "a"]
    lines = table_of(tmp_path, "Distance to real images")[:-1]
    assert [line.split(" | ")[0] for line in lines] == ["| c", "| d", "| b", "| a"]


def test_the_number_of_samples_and_how_they_were_drawn_stand_beside_the_distances(tmp_path: Path) -> None:
    path = history(tmp_path / "h.csv", {"cat": [1]})
    drawn = {"n90": (0.1, 90), "n90-t0.7": (0.2, 90), "n95-m2": (0.3, 95)}
    compare(
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
        tmp_path,
        gans={"style": gan()},
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
    lines = table_of(tmp_path, "Distance to real images")
    assert lines[1].startswith("| style | last (truncation 0.7) | 90 | 0.200 |")
    assert lines[2].startswith("| style | last (mix 2) | 95 | 0.300 |")
    told = gan_section(tmp_path / "gans.json", films=[], pairs=[])
    assert told["tables"][0]["rows"][2][:4] == ["style", "last (mix 2)", "95", "0.300"]
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
    compare(
        [
            Measured(
                name, "last", "n10", [quality(tmp_path / f"{name}{k}", kid) for k, kid in enumerate(own)], [[path]] * 2
            )
            for name, own in kids.items()
        ],
        tmp_path,
        gans={"plain": gan(), "better": gan(schedule="cosine"), "same": gan(schedule="exponential")},
    )
    told = gan_section(tmp_path / "gans.json", films=[], pairs=[])["improvements"]
    # -0.2 and -0.3: t(0.975, 1) = 12.706, the standard error is 0.05.
    assert [(one["after"], one["difference"], one["interval"]) for one in told] == [
        ("better", "\u22120.250", "\u22120.885 to +0.385"),
        ("same", "+0.000", "+0.000 to +0.000"),
    ]


def full(path: Path, *, size: int = 8, shift: float = 0.0, **copies: float) -> Path:
    """A set of samples of which everything is known but FID at infinite N."""
    numbers = dict(zip(DRAWN, (0.5, 3.0, 0, 0.25, 0.5, 0.75, 1.0), strict=True))
    return quality(
        path,
        0.2,
        fid=2.0,
        size=size,
        equal={name: (value + shift, value + shift + 0.2) for name, value in numbers.items() if name != "fid_infinite"},
        floor={name: (value / 10,) for name, value in numbers.items() if name != "fid_infinite"},
        copies={
            "closer": 0.02,
            "expected": 0.01,
            "copying": 0.4,
            "chance": 0.3,
            "suspicion": 0.3,
            "equal": 0,
            **copies,
        },
        guesses={
            "inception_score": {"mean": 1.5, "deviation": None, "rows": 10},
            "inception_score_equal": {"size": size, "made": over(1.25 + shift), "real": over(1.75)},
            "gan_test": {"n": 10, "accuracy": 0.7, "per_class": {"cat": {"n": 5, "accuracy": 0.4 + shift}}},
            "reasons": {},
        },
    )


def test_numbers_at_equal_n_stand_above_their_floors(tmp_path: Path) -> None:
    path = history(tmp_path / "h.csv", {"cat": [1]})
    files = [full(tmp_path / "q0.json"), full(tmp_path / "q1.json", shift=0.2)]
    fewer = [full(tmp_path / f"fewer{r}.json", size=5) for r in range(2)]
    compare(
        [Measured("dcgan", "last", "n10", files, [[path]] * 2), Measured("few", "last", "n5", fewer, [[path]] * 2)],
        tmp_path,
        gans={"dcgan": gan(), "few": gan()},
    )
    row = read_json(tmp_path / "gans.json")["rows"][0]
    # Means over draws, and of these over repeats: 0.6 and 0.8.
    assert row["kid_equal"]["values"] == pytest.approx([0.6, 0.8])
    assert row["kid_floor"]["mean"] == pytest.approx(0.05)
    assert row["n_equal"] == [8]
    head, *lines = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in table_of(tmp_path, "Fidelity and diversity")
    )
    assert head[:6] == ["dcgan", "last", "8", "0.700 ± 0.141", "3.200 ± 0.141", "0.450 ± 0.141"]
    # The number that nobody has is left out, and its reason told. Each N has a floor of its own.
    assert len(head) == 3 + len(DRAWN) - 1 + 1
    assert head[-1] == "1.350 ± 0.141"
    assert lines[1][:4] == ["real images", DASH, "8", "0.050 ± 0.000"]
    assert lines[1][-1] == "1.750 ± 0.000"
    assert lines[2][:3] == ["real images", DASH, "5"]
    told = gan_section(tmp_path / "gans.json", films=[], pairs=[])
    assert told["tables"][1]["missing"] == [f"No FID\N{INFINITY}: {ENDLESS}."]
    assert told["tables"][0]["missing"] == [f"No FID\N{INFINITY}, train; FID\N{INFINITY}, validation: {ENDLESS}."]
    [dcgan, _] = read_csv(tmp_path / "gans.csv")
    assert (dcgan["equal_least"], dcgan["gan_test_mean"], dcgan["inception_score_mean"]) == ("8", "0.7", "1.5")
    assert dcgan["fid_infinite_train_n"] == "0"


def test_memorisation_and_gan_test_have_a_table_and_sentences(tmp_path: Path) -> None:
    path = history(tmp_path / "h.csv", {"cat": [1]})
    files = [full(tmp_path / "q0.json"), full(tmp_path / "q1.json", closer=0.01)]
    compare([Measured("dcgan", "last", "n10", files, [[path]] * 2)], tmp_path, gans={"dcgan": gan()})
    line, real = table_of(tmp_path, "Memorisation and GAN-test")
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[3:] == ["1.5%", "1.0%", "0.400 ± 0.000", "0", "0.700 ± 0.000"]
    # Real images are the validation images of the classifier of the real images.
    assert "0.900 ± 0.000" in real
    told = gan_section(tmp_path / "gans.json", films=[], pairs=[])
    assert told["copying"] == [
        "1.5% of the samples of dcgan (last) are nearer to a training image than any held-out image is (1.0% "
        "expected): no sign of copying."
    ]
    assert told["tested"] == [
        "lenet5, trained on the real images, takes 70% of the samples of dcgan (last) for their class, and 90% of real "
        "validation images."
    ]


@pytest.mark.parametrize(
    ("closer", "chances", "equal", "found"),
    [
        (0.3, (0.5, 0.5), (0, 0), "no sign of copying"),
        # The less likely of two repeats counts twice: 0.03 may be chance, 0.02 is not.
        (0.3, (0.5, 0.03), (0, 0), "no sign of copying"),
        (0.3, (0.5, 0.02), (0, 0), "more than chance explains, look at the closest pairs"),
        (0.0, (1.0, 1.0), (1, 0), "copies, 1 of them in all repeats together as good as equal to a training image"),
        (0.3, (0.0, 0.0), (2, 3), "copies, 5 of them in all repeats together as good as equal to a training image"),
    ],
)
def test_signs_of_copying(closer: float, chances: Sequence[float], equal: Sequence[float], found: str) -> None:
    named = {"gan": "a", "snapshot": "e1", "truncation": 0.7, "mix": 1}
    row = {"closer": over(closer, closer), "expected": over(0.1, 0.1), "equal": over(*equal)}
    row["suspicion"] = over(*chances)
    sentence = copying_told({**named, **row}, sets=1)
    assert " of the samples of a (e1, truncation 0.7) are nearer to " in sentence
    assert sentence.endswith(f" (10% expected): {found}.")
    # Of a hundred sets one has such a chance by chance.
    if max(equal) == 0:
        assert copying_told({**named, **row}, sets=100).endswith("no sign of copying.")


def test_without_anything_to_compare_no_copying_is_told(tmp_path: Path) -> None:
    path = history(tmp_path / "h.csv", {"cat": [1]})
    files = [quality(tmp_path / "q0.json", None, made=0)] * 2
    compare([Measured("dcgan", "last", "n10", files, [[path]] * 2)], tmp_path, gans={"dcgan": gan()})
    told = gan_section(tmp_path / "gans.json", films=[], pairs=[])
    assert told["copying"] == ["Samples of dcgan (last): nothing to compare."]
    assert told["tested"] == []


def test_gan_train_stands_beside_gan_test_by_class(tmp_path: Path) -> None:
    path = history(tmp_path / "h.csv", {"cat": [1]})
    files = [full(tmp_path / "q0.json"), full(tmp_path / "q1.json", shift=0.2)]
    sets = [Measured(name, "last", "n10", files, [[path]] * 2) for name in ("other", "dcgan")]
    compare(sets, tmp_path, gans={"dcgan": gan(), "other": gan()})
    rows = read_csv(tmp_path / "gan_classes.csv")
    # The arm synthetic draws from dcgan alone; gan and mixed hold real images too.
    assert [(row["gan"], row["class"], row["arm"]) for row in rows] == [
        ("dcgan", "cat", "synthetic"),
        ("dcgan", "dog", "synthetic"),
        ("other", "cat", ""),
        ("other", "dog", ""),
    ]
    cat, dog, plain, _ = rows
    assert float(cat["gan_test_mean"]) == pytest.approx(0.5)
    assert float(cat["gan_test_std"]) == pytest.approx(0.02**0.5)
    assert [dog["gan_test_n"], plain["gan_train_recall_n"], plain["real_recall_n"]] == ["0"] * 3
    names = ("gan_train_recall", "gan_train_f1", "real_recall", "real_f1", "real_validation")
    assert [float(cat[f"{name}_mean"]) for name in names] == [0.6, 0.6, 0.8, 0.8, 0.9]
    assert "| dcgan | last | cat | synthetic | lenet5 | 0.500 ± 0.141 | 0.900" in (
        tmp_path / "gan_classes.md"
    ).read_text(encoding="utf-8")


def test_arms_whose_samples_were_not_measured_have_no_gan_test(tmp_path: Path) -> None:
    one, best = GanArm(name="dcgan", ratio=5), GanArm(name="dcgan", snapshot="best", ratio=5)
    arms = {
        "best": Arm(real=False, gan=best),
        "both": Arm(real=False, gans=(one, GanArm(name="other", ratio=5))),
        # Not samples alone.
        "classic-too": Arm(real=False, gan=one, classic=ClassicArm(ratio=1)),
        "gan": Arm(gan=one),
    }
    paths = [tmp_path / "r0.json"]
    write_json(paths[0], score_file(0, [cell("best", 0.5), cell("both", 0.6), cell("real", 0.8)], classes=("cat",)))
    rows = class_rows([line("dcgan", [0.1])], scores=read_scores(paths), arms=arms, classifier="lenet5")
    assert [(row["gan"], row["snapshot"], row["arm"], row["gan_train_recall"]["mean"]) for row in rows] == [
        ("dcgan", "best", "best", 0.5),
        ("dcgan + other", "several", "both", 0.6),
    ]
    assert [row["gan_test"]["n"] for row in rows] == [0, 0]


@pytest.mark.parametrize(("value", "told"), [(0.0, "0.0%"), (0.0994, "9.9%"), (0.0996, "10%"), (1.0, "100%")])
def test_a_share_in_per_cent(value: float, told: str) -> None:
    assert share(value) == told
