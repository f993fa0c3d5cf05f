"""Before anything trains: what there is, what will run, how long it takes, and advice with its reason."""

from __future__ import annotations

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from ganaug.amounts import Amount, amount_label, amounts_of, draw_label
from ganaug.arms import Arm, GanArm
from ganaug.config import COMPARED, Classifier, Data, Gan, Study, build
from ganaug.experiment import Experiment
from ganaug.images import SplitRow, open_split, role_counts
from ganaug.io import read_json, write_json
from ganaug.study.decision import LEAST_REPEATS
from ganaug.study.proportions import too_coarse, widest

FEW_IMAGES = 50
# A test set that knows an accuracy to no more than this is worth a warning.
COARSE = 0.05


@dataclass(frozen=True)
class Setup:
    """The sections of a config that decide what runs: the arms, and the GANs of the study alone, by name."""

    data: Data
    study: Study
    arms: Mapping[str, Arm]
    gans: Mapping[str, Gan]
    classifiers: Mapping[str, Classifier]


@dataclass(frozen=True)
class Pace:
    """Seconds and bytes as measured on this machine.

    Attributes:
        start: seconds until a job has imported torch.
        gans: seconds of a step and bytes of a generator, by name.
        classifiers: seconds of a step, seconds to predict an image, and bytes of the weights, by name.
    """

    start: float
    gans: Mapping[str, tuple[float, int]]
    classifiers: Mapping[str, tuple[float, float, int]]


@dataclass(frozen=True)
class Estimate:
    """Seconds of one core (or of the GPU) for all jobs together, and bytes on disk."""

    seconds: float
    bytes: int


def planned(experiment: Experiment) -> Setup:
    """The setup of a whole config: only what the study asks for is trained."""
    study = experiment.study
    wanted = [one.name for name in study.trained for one in experiment.arms[name].generated]
    return Setup(
        data=experiment.data,
        study=study,
        arms=experiment.arms,
        gans={name: experiment.gans[name] for name in [*wanted, *study.gans]},
        classifiers={name: experiment.classifiers[name] for name in study.classifiers},
    )


def setup_of(sections: Mapping[str, Any]) -> Setup:
    """The setup from the sections of a config as plain mappings."""
    return Setup(
        data=build(Data, sections["data"], "data"),
        study=build(Study, sections["study"], "study"),
        arms={name: build(Arm, arm, f"arms.{name}") for name, arm in sections["arms"].items()},
        gans={name: build(Gan, gan, f"gans.{name}") for name, gan in sections["gans"].items()},
        classifiers={name: build(Classifier, one, "classifiers") for name, one in sections["classifiers"].items()},
    )


def arm_images(arm: Arm, setup: Setup, real: Mapping[str, int]) -> int:
    """How many images an epoch of an arm has, where ``real`` counts the real training images by class."""
    own = _real_of(arm, real)
    added = sum(_new_images(part, arm, setup.data, own) for part in (arm.classic, *arm.generated) if part)
    if arm.duplicate and arm.duplicate.match:
        matched = setup.arms[arm.duplicate.match]
        parts = [part for part in (matched.classic, *matched.generated) if part]
        added += sum(_new_images(part, matched, setup.data, _real_of(matched, real)) for part in parts)
    elif arm.duplicate:
        added += _new_images(arm.duplicate, arm, setup.data, own)
    return added + (sum(own.values()) if arm.real else 0)


def _real_of(arm: Arm, real: Mapping[str, int]) -> Mapping[str, int]:
    """The real images of each class that an arm takes."""
    return {label: min(count, arm.per_class or count) for label, count in real.items()}


def _new_images(part: Amount, arm: Arm, data: Data, real: Mapping[str, int], *, times: int = 1) -> int:
    label = amount_label(part, arm.per_class or data.equal_per_class, times=times)
    return sum(amounts_of(label, real).values())


def _sampled(setup: Setup) -> dict[tuple[str, str, str], tuple[GanArm, Arm]]:
    """The sets of samples that a repeat needs, by GAN, snapshot and amount, which arms may share.

    Beside those of the arms they are what GANs without an arm are compared by, and of a GAN whose best snapshot is
    wanted those of each, drawn as they come and as the arm draws.
    """
    used = [(one, setup.arms[name]) for name in setup.study.trained for one in setup.arms[name].generated]
    pictured = {one.name for name in setup.study.arms for one in setup.arms[name].generated}
    compared = [GanArm(name, count=COMPARED) for name in setup.study.gans if name not in pictured]
    measured = [
        GanArm(one.name, snapshot, count=COMPARED, truncation=truncation, mix=mix)
        for one, _ in used
        if one.snap == "best"
        for snapshot in _snapshots(setup.gans[one.name])
        for truncation, mix in ((None, None), (one.truncation, one.mix))
    ]
    wanted = [*used, *((one, Arm()) for one in [*compared, *measured])]
    return {(one.name, one.snap, _label(one, arm, setup.data)): (one, arm) for one, arm in wanted}


def _snapshots(gan: Gan) -> list[int | Literal["last", "best"]]:
    return [*gan.snapshots, "last"]


def _label(one: GanArm, arm: Arm, data: Data) -> str:
    drawn = draw_label(one.truncation, one.mix)
    return amount_label(one, arm.per_class or data.equal_per_class, times=one.pool * one.turns) + drawn


def gan_steps(gan: Gan, real: Mapping[str, int]) -> int:
    """Steps of all trainings of a GAN in a repeat, where ``real`` counts the images by class."""
    seen = [min(count, gan.per_class or count) for count in real.values()]
    together = sum(seen)
    counts = [together] if gan.mode == "conditional" else seen
    first = (gan.pretrain or 0) * math.ceil(together / gan.batch_size)
    return first + sum(gan.steps or (gan.epochs or 0) * math.ceil(count / gan.batch_size) for count in counts)


def jobs_of(setup: Setup) -> dict[str, int]:
    """How many jobs of each kind that takes long the study has."""
    study = setup.study
    return {
        "GAN": study.repeats * sum(gan.jobs for gan in setup.gans.values()),
        "sample": study.repeats * len(_sampled(setup)),
        "classic": study.repeats * sum(setup.arms[name].classic is not None for name in study.arms),
        "classifier": study.repeats * study.fits * len(study.trained) * len(study.classifiers),
        "score": study.repeats,
    }


def estimate(
    setup: Setup, pace: Pace, *, report: Mapping[str, Any], rows: Sequence[SplitRow], image_bytes: int
) -> Estimate:
    """Time of one core and disk of a whole study, the data stage's files and its scratch file included.

    A sample is taken to cost what an image costs in a training step of its GAN, which is more than it does.

    Args:
        report: ``data/report.json``.
        rows: the training and validation images of a repeat.
        image_bytes: of one decoded image.
    """
    study, repeats = setup.study, setup.study.repeats
    real, validation = role_counts(rows, "train"), sum(role_counts(rows, "validation").values())
    seconds = pace.start * sum(jobs_of(setup).values())
    size = 0
    for name, gan in setup.gans.items():
        a_step, weights = pace.gans[name]
        seconds += repeats * gan_steps(gan, real) * a_step
        size += repeats * (1 if gan.mode == "conditional" else len(real)) * len(gan.snaps) * weights
    for (name, *_), (one, arm) in _sampled(setup).items():
        samples = _new_images(one, arm, setup.data, _real_of(arm, real), times=one.pool * one.turns)
        seconds += repeats * samples * pace.gans[name][0] / setup.gans[name].batch_size
        size += repeats * samples * image_bytes
    for arm in (setup.arms[name] for name in study.trained):
        images = arm_images(arm, setup, real)
        if arm.classic:
            new = _new_images(arm.classic, arm, setup.data, _real_of(arm, real))
            size += repeats * new * image_bytes
        for name in study.classifiers:
            a_step, an_image, weights = pace.classifiers[name]
            steps = study.steps or math.ceil((study.epochs or 0) * images / setup.classifiers[name].batch_size)
            evaluations = math.ceil(steps / study.eval_every)
            kept = evaluations if validation == 0 else 1
            seconds += repeats * study.fits * (steps * a_step + evaluations * (images + validation) * an_image)
            size += repeats * study.fits * weights * kept
    # Of the scratch file, one more copy of all images, nothing is left when the other stages begin.
    parts = [(sum(part["dev"].values()), sum(part["test"].values())) for part in report["parts"]]
    kept = sum(dev + test + (test if setup.data.leaky else 0) for dev, test in parts)
    scratch = max(dev + test for dev, test in parts)
    return Estimate(seconds=seconds, bytes=kept * image_bytes + max(scratch * image_bytes, size))


def shared_prefixes(sources: Sequence[str]) -> list[str]:
    """Beginnings that several files of a folder share before a last number, if most files have such company.

    ``cow1-001.png`` and ``cow1-002.png`` share ``cow1``. One beginning for a whole folder tells nothing.
    """
    by_folder: dict[str, list[str]] = defaultdict(list)
    for source in sources:
        path = PurePosixPath(source)
        by_folder[str(path.parent)].append(path.stem)
    found: list[str] = []
    for stems in by_folder.values():
        counted = Counter(match[1] for stem in stems if (match := re.fullmatch(r"(.*?\w)[\W_]+[^\W_]*\d+", stem)))
        shared = [prefix for prefix, count in counted.items() if count > 1]
        if len(shared) > 1 and sum(counted[prefix] for prefix in shared) > len(stems) / 2:
            found += shared
    return sorted(found)


def lines(
    setup: Setup,
    report: Mapping[str, Any],
    rows: Sequence[SplitRow],
    *,
    expected: Estimate | None,
    cores: int,
    gpu: bool,
) -> list[str]:
    """Everything above as lines for a terminal.

    Args:
        report: ``data/report.json``.
        rows: ``data/r0.csv``: the training and validation images of a repeat.
        expected: as last measured, or None.
    """
    length = told(expected, cores=cores, gpu=gpu) if expected else "how long it takes: snakemake preflight"
    said = [*facts(setup, report, rows), length, *(f"advice: {text}" for text in advice(setup, report, rows))]
    return [f"preflight: {line}" for line in said]


def first_lines(
    results: Path,
    setup: Setup,
    *,
    seed: int,
    source: str,
    settings: Mapping[str, Any],
    kept: Path,
    cores: int,
    gpu: bool,
) -> list[str]:
    """`lines` as far as files tell, without reading images or timing anything: the first lines of every run.

    Args:
        results: the folder of the experiment.
        seed: the root of all randomness.
        source: what identifies the source of the images now.
        settings, kept: see `keep_estimate`; the file may be missing.
    """
    if not _is_read(results / "data", setup.data, seed=seed, source=source):
        return [
            "preflight: the images are not read yet; what will run is told when they are "
            "(`snakemake preflight`: that alone, and how long it takes)"
        ]
    report, rows = read_json(results / "data/report.json"), open_split(results / "data/r0.csv")
    return lines(setup, report, rows, expected=kept_estimate(kept, settings), cores=cores, gpu=gpu)


def _is_read(folder: Path, data: Data, *, seed: int, source: str) -> bool:
    """Whether what ``folder`` holds was made from ``source`` as ``data`` asks for."""
    files = [folder / name for name in ("report.json", "r0.csv", "r0.json")]
    if not all(file.exists() for file in files):
        return False
    report, drawn = read_json(files[0]), read_json(files[2])
    recorded, asked = {**report["config"], **drawn["config"]}, _as_json(asdict(data))
    same = all(asked.get(key) == value for key, value in recorded.items())
    return same and (report["seed"], report["source"]["fingerprint"]) == (seed, source)


def keep_estimate(path: str | Path, expected: Estimate, settings: Mapping[str, Any]) -> None:
    """Write an estimate with the ``settings`` that it holds for: all that changes what runs or how fast."""
    write_json(path, {"expected": asdict(expected), "settings": _as_json(settings)})


def kept_estimate(path: Path, settings: Mapping[str, Any]) -> Estimate | None:
    """The estimate that `keep_estimate` wrote, or None where there is none for these ``settings``."""
    kept = read_json(path) if path.exists() else {}
    return Estimate(**kept["expected"]) if kept.get("settings") == _as_json(settings) else None


def _as_json(value: Any) -> Any:
    """``value`` as it is read again from a JSON file: tuples are lists, keys are text."""
    return json.loads(json.dumps(value))


def facts(setup: Setup, report: Mapping[str, Any], rows: Sequence[SplitRow]) -> list[str]:
    """What there is and what will run, a sentence a line."""
    train, held = role_counts(rows, "train"), role_counts(rows, "validation")
    tests = [sum(part["test"].values()) for part in _scored(report, setup.study)]
    groups = report["parts"][0]["groups"]
    jobs = jobs_of(setup)
    divided = f", {groups['dev']} groups beside the test set's {groups['test']}" if setup.data.groups else ", no groups"
    gridded = f" and {len(setup.study.grid.cells)} cells of the grid" if setup.study.grid else ""
    sets = "1 test set" if len(tests) == 1 else f"{len(tests)} test sets"
    return [
        f"{len(train)} classes, {_span(train)} training and {_span(held) if held else 'no'} validation images a class"
        f"{divided}; {sets} of {_range(tests)} images",
        f"{setup.study.repeats} repeats of {len(setup.study.arms)} arms{gridded}: {jobs['GAN']} GAN jobs, "
        f"{jobs['sample']} of samples, {jobs['classic']} of classic images, {jobs['classifier']} classifiers",
        *([f"files left out: {passed_over}"] if (passed_over := left_out(report)) else []),
    ]


def left_out(report: Mapping[str, Any]) -> str:
    """How many files of the source were passed over and why, or nothing where none were."""
    found = report.get("left_out", {})
    suffixes, unlisted = found.get("suffixes", {}), found.get("unlisted", 0)
    said = []
    if suffixes:
        kinds = ", ".join(f"{suffix or 'no suffix'}: {count}" for suffix, count in sorted(suffixes.items()))
        said.append(f"{sum(suffixes.values())} whose names are not those of images ({kinds})")
    if unlisted:
        said.append(f"{unlisted} that data.labels does not list")
    return ", ".join(said)


def _scored(report: Mapping[str, Any], study: Study) -> list[Mapping[str, Any]]:
    """The parts whose test sets are scored: repeat r takes part r modulo their number."""
    return list(report["parts"][: study.repeats])


def told(expected: Estimate, *, cores: int, gpu: bool) -> str:
    """An estimate as a sentence."""
    place = "the GPU" if gpu else f"{cores} core{'s' if cores > 1 else ''}"
    minutes = math.ceil(expected.seconds / 60 / (1 if gpu else cores))
    length = f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
    return f"about {length} on {place} and {_size(expected.bytes)} of disk, from a few steps of each network"


def advice(setup: Setup, report: Mapping[str, Any], rows: Sequence[SplitRow]) -> list[str]:
    """What a careful person would say to this study, each with its reason."""
    said: list[str] = []
    train = role_counts(rows, "train")
    few = {label: count for label, count in train.items() if count < FEW_IMAGES}
    if few and setup.gans:
        label = min(few, key=lambda name: few[name])
        said.append(
            f"{len(few)} of {len(train)} classes have fewer than {FEW_IMAGES} training images ({label}: {few[label]}): "
            "with so few, GAN augmentation is reported to harm; expect that, and compare with classic"
        )
    scored = _scored(report, setup.study)
    total = sum(sum(part["test"].values()) for part in scored)
    if (half := widest(total)) > COARSE:
        said.append(
            f"{total} test images tell an accuracy to ±{100 * half:.1f} points (95% Wilson interval near one half): "
            "smaller gains can hardly show; seal more of them, or use folds"
        )
    if coarse := too_coarse(min(sum(part["test"].values()) for part in scored), setup.study.rope):
        said.append(coarse)
    if setup.study.repeats < LEAST_REPEATS:
        said.append(f"{setup.study.repeats} repeats give no verdict; set study.repeats to {LEAST_REPEATS} or more")
    if setup.data.groups is None and (prefixes := shared_prefixes([row.source for row in rows])):
        names = ", ".join(prefixes[:3])
        said.append(
            f"many file names share a beginning ({names}): if each is one object or patient, set data.groups, or the "
            "test set holds what was trained on"
        )
    twins = sum(part["near_duplicates"]["count"] for part in scored)
    if setup.data.near_duplicates == "report" and twins > total / 50:
        said.append(
            f"{twins} of {total} test images nearly equal a development image: look at the pairs in the report, and "
            "set data.near_duplicates to drop if they are copies"
        )
    if setup.data.validation == 0:
        said.append("data.validation is 0: the last step is scored, and nothing may be chosen by looking at the scores")
    return said


def _span(counts: Mapping[str, int]) -> str:
    return _range(list(counts.values()))


def _range(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return str(low) if low == high else f"{low} to {high}"


def _size(number: int) -> str:
    return f"{number / 2**30:.1f} GiB" if number >= 2**30 else f"{max(1, round(number / 2**20))} MiB"
