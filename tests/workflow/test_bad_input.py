"""A user's mistakes: one line that begins with `ganaug:`, names what is wrong, and nothing half-written."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ganaug.errors import UserError
from tests.workflow.configs import parsed
from tests.workflow.project import Project, complaints, images_folder

GAN = {"preset": "dcgan-32"}
OWN = {"source": "folder", "path": "images"}
CONFIGS: dict[str, tuple[dict[str, Any], str]] = {
    # a misspelt key at every level
    "top": ({"sead": 1}, "sead: no such key; did you mean seed?"),
    "data": ({"data": {"imagesize": 16}}, "data.imagesize: no such key; did you mean image_size?"),
    "data.test": ({"data": {"test": {"fractoin": 0.5}}}, "data.test.fractoin: no such key; did you mean fraction?"),
    "gans.x": ({"gans": {"dcgan": {"epoch": 5}}}, "gans.dcgan.epoch: no such key; did you mean epochs?"),
    "classifiers.x": (
        {"classifiers": {"lenet5": {"rl": 1.0}}},
        "classifiers.lenet5.rl: no such key; the keys here are",
    ),
    "arms.x": ({"arms": {"classic": {"clasic": {}}}}, "arms.classic.clasic: no such key; did you mean classic?"),
    "arms.x.classic": (
        {"arms": {"classic": {"classic": {"rotations": 3}}}},
        "arms.classic.classic.rotations: no such key; did you mean rotation?",
    ),
    "arms.x.duplicate": (
        {"arms": {"duplicate": {"duplicate": {"mach": "gan"}}}},
        "arms.duplicate.duplicate.mach: no such key; did you mean match?",
    ),
    "arms.x.gan": ({"arms": {"gan": {"gan": {"snapshots": 3}}}}, "arms.gan.gan.snapshots: no such key"),
    "study": ({"study": {"repeat": 3}}, "study.repeat: no such key; did you mean repeats?"),
    "compute": ({"compute": {"devise": "cpu"}}, "compute.devise: no such key; did you mean device?"),
    "tracking": ({"tracking": {"url": None}}, "tracking.url: no such key; did you mean uri?"),
    # values
    "text": (
        {"gans": {"dcgan": {"lr_g": "2e-4"}}},
        "gans.dcgan.lr_g: '2e-4' is text, not a number; YAML reads 2e-4",
    ),
    "type": ({"study": {"repeats": 2.5}}, "study.repeats: 2.5 is not of type integer"),
    "boolean": ({"data": {"leaky": "maybe"}}, "data.leaky: 'maybe' is not of type boolean"),
    "null": ({"gans": None}, "gans: null is not of type object"),
    "choice": ({"data": {"on_bad": "ignore"}}, "data.on_bad: 'ignore' is not known; choose from fail, skip"),
    "range": ({"data": {"test": {"fraction": 1.5}}}, "data.test.fraction: 1.5 is greater than or equal to"),
    "channels that are no integer": ({"data": {"channels": 3.0}}, "data.channels: 3.0 is not of type integer or null"),
    "channels": ({"data": {"channels": 2}}, "data.channels: 2 is not known; choose from 1, 3, null"),
    "line break": ({"data": {"sha256": "0" * 64 + "\n"}}, "data.sha256: '000"),
    "line break in a name": ({"experiment": "digits\n"}, "experiment: the name 'digits\\n' may hold only a to z"),
    "experiment": ({"experiment": "My Study"}, "experiment: the name 'My Study' may hold only a to z, 0 to 9, _ and -"),
    "arm name": ({"arms": {"GAN x5": {}}}, "the name 'GAN x5' may hold only a to z"),
    # what names what
    "preset": ({"gans": {"dcgan": {"preset": "dcgan"}}}, "gans.dcgan.preset: no preset 'dcgan'; config/gans/ has"),
    "unknown gan": ({"arms": {"gan": {"gan": {"name": "wgan"}}}}, "arms.gan.gan.name: no GAN 'wgan' is configured"),
    "unknown arm": ({"study": {"arms": ["real", "gans"]}}, "study.arms: no 'gans' under arms; it has"),
    "unknown classifier": ({"study": {"classifiers": ["resnet"]}}, "study.classifiers: no 'resnet' under classifiers"),
    "match": (
        {"arms": {"duplicate": {"duplicate": {"match": "real"}}}},
        "arms.duplicate.duplicate.match: 'real' is no arm that adds",
    ),
    "match of itself": (
        {
            "arms": {"duplicate": {"duplicate": {"match": "duplicate"}, "classic": {"ratio": 1}}},
            "study": {"arms": ["real", "duplicate"]},
        },
        "arms.duplicate.duplicate.match: 'duplicate' is no arm that adds",
    ),
    "match of an unused arm": (
        {"arms": {"gan": {"gan": {"count": 9}}}, "study": {"arms": ["real", "duplicate"]}},
        "arms.gan.gan: set exactly one of ratio, count, balance (both",
    ),
    "twice": ({"study": {"arms": ["real", "gan", "gan"]}}, "study.arms: a name is listed twice"),
    "no real": ({"study": {"arms": ["gan"]}}, "study.arms: lacks real"),
    # lengths and amounts
    "late snapshot of an arm": (
        {"arms": {"gan": {"gan": {"snapshot": 999}}}},
        "999 is past the last epoch of dcgan, 250",
    ),
    "mixed latents of a plain generator": (
        {"arms": {"gan": {"gan": {"mix": 2}}}},
        "arms.gan.gan.mix: dcgan does not mix latents, unlike stylegan2; set it to null",
    ),
    "snapshot not kept": ({"arms": {"gan": {"gan": {"snapshot": 7}}}}, "add 7 to gans.dcgan.snapshots"),
    "late snapshot of a gan": (
        {"gans": {"dcgan": {"epochs": 100}}},
        "gans.dcgan.snapshots: 125 is past the last epoch",
    ),
    "steps and snapshots": ({"gans": {"dcgan": {"epochs": None, "steps": 9}}}, "gans.dcgan.snapshots: counted in"),
    "epochs and steps": ({"gans": {"dcgan": {"steps": 9}}}, "gans.dcgan: set exactly one of epochs, steps (both"),
    "no budget": ({"study": {"steps": None}}, "study: set exactly one of steps, epochs (none is set"),
    "ratio and count": (
        {"arms": {"gan": {"gan": {"count": 9}}}},
        "arms.gan.gan: set exactly one of ratio, count, balance (both",
    ),
    "no amount": ({"arms": {"classic": {"classic": {"ratio": None}}}}, "arms.classic.classic: set exactly one of"),
    "changed real": ({"arms": {"real": {"real": False}}}, "study.arms: lacks real, the real images and nothing else"),
    "no control": ({"study": {"arms": ["real", "gan"]}}, "study.arms: lacks a control for its GAN arms"),
    "a control of another size": (
        {"arms": {"duplicate": {"duplicate": {"match": None, "ratio": 2}}}},
        "study.arms: lacks a control for its GAN arms",
    ),
    "a control without the real images": (
        {"arms": {"duplicate": {"real": False}}},
        "study.arms: lacks a control for its GAN arms",
    ),
    "no image": (
        {"arms": {"gan": {"gan": {"ratio": 0.02}}}},
        "arms.gan.gan.ratio: 0.02 times 20 real images is no image; raise it",
    ),
    "empty arm": ({"arms": {"synthetic": {"gan": None}}}, "arms.synthetic: has no images at all"),
    # data
    "no path": ({"data": {"source": "folder"}}, "data.path: not set; say where the folder is"),
    "validation": ({"data": {"validation": 0}}, "study.select: best needs validation images"),
    "official digits": ({"data": {"test": {"method": "official"}}}, "data.test.method: the digits have no test set"),
    "grouped digits": ({"data": {"groups": "parent"}}, "data.groups: the source digits has no groups"),
    # the test set
    "repeats beyond the budget": (
        {"study": {"repeats": 9, "settle": 8}},
        "study.repeats: 9 are beyond the 8 of study.settle; raise that",
    ),
    "no size to resize to": (
        {"classifiers": {"lenet5": {"preset": "lenet5", "input": None}}},
        "classifiers.lenet5.input: null is not known; choose from native, a whole number from 8 to 1024",
    ),
    "no fraction": ({"data": {"test": {"fraction": None}}}, "data.test.fraction: not set; give the share"),
    "stratified without a fraction": (
        {"data": {"test": {"method": "stratified", "fraction": None}}},
        "data.test.fraction: not set; give the share",
    ),
    "folds of a stratified test set": (
        {"data": {"test": {"method": "stratified", "folds": 3}}},
        "data.test.folds: the method stratified has one test set and no folds; set it to null",
    ),
    "folds of an official test set": (
        {"data": {**OWN, "test": {"method": "official", "folds": 3}}},
        "data.test.folds: the method official has one test set and no folds; set it to null",
    ),
    "no folds to leave a group out": (
        {"data": {**OWN, "groups": "parent", "test": {"method": "leave_one_group_out"}}},
        "data.test.folds: not set; give the number of groups that each class has",
    ),
    "more rounds than pairs": (
        {
            "data": {
                **OWN,
                "groups": "parent",
                "test": {"method": "leave_one_group_out", "fraction": None, "folds": 5, "rounds": 6},
            }
        },
        "data.test.rounds: 5 groups a class make 5 rounds of other pairs, not 6; lower it",
    ),
    "rounds of nothing": (
        {"data": {"test": {"rounds": 2}}},
        "data.test.rounds: leave_one_group_out alone goes round several times; leave it out",
    ),
    "no groups to leave out": (
        {"data": {**OWN, "test": {"method": "leave_one_group_out", "folds": 5}}},
        "data.groups: not set; say which images leave_one_group_out leaves out together",
    ),
    "no groups of digits to leave out": (
        {"data": {"test": {"method": "leave_one_group_out", "folds": 5}}},
        "data.test.method: the digits have no groups to leave out",
    ),
    "a benchmark sealed anew": ({"data": {"source": "mnist"}}, "data.test.method: mnist has a test set of its own"),
    "grouped benchmark": (
        {"data": {"source": "mnist", "groups": "parent", "test": {"method": "official"}}},
        "data.groups: the source mnist has no groups; set it to null",
    ),
    # groups and labels
    "unknown groups": ({"data": {**OWN, "groups": "patient"}}, "data.groups: "),
    "groups of a column without a CSV": (
        {"data": {**OWN, "groups": "csv:patient"}},
        "data.groups: csv needs data.labels, the CSV that has the column; set it",
    ),
    "no expression": ({"data": {**OWN, "groups": "regex:(a"}}, "data.groups: (a is no regular expression (missing )"),
    "an expression that repeats too often": (
        {"data": {**OWN, "groups": "regex:(a{99999999999})"}},
        "data.groups: (a{99999999999}) is no regular expression (",
    ),
    "an expression nested too deep": (
        {"data": {**OWN, "groups": "regex:" + "(" * 5000}},
        " is no regular expression (",
    ),
    "an expression without brackets": (
        {"data": {**OWN, "groups": "regex:p[0-9]+"}},
        "data.groups: the expression p[0-9]+ has no bracketed group",
    ),
    "labels elsewhere": ({"data": {**OWN, "labels": "/etc/labels.csv"}}, "data.labels: /etc/labels.csv leads out of"),
    "labels above": (
        {"data": {**OWN, "labels": "a/../../b.csv"}},
        "data.labels: a/../../b.csv leads out of the source",
    ),
    # imbalance
    "no imbalance": ({"data": {"imbalance": 1}}, "data.imbalance: 1 is less than or equal to"),
    "a class without images": ({"data": {"imbalance": {"0": 0}}}, "data.imbalance.0: 0 is less than the minimum of 1"),
    "imbalance without end": ({"data": {"imbalance": 10**400}}, "is not of type number or object or null"),
    "images beyond any float": ({"data": {"per_class": 10**400, "imbalance": 2}}, "is not of type integer or null"),
    "images without end": ({"data": {"per_class": 10**10, "imbalance": 2}}, "data.per_class: 10000000000 is greater"),
    "imbalance of all": (
        {"data": {"imbalance": 10, "per_class": None}},
        "data.per_class: not set; say how many images the largest class of data.imbalance has",
    ),
    "too much imbalance": (
        {"data": {"imbalance": 50}},
        "data.imbalance: 50 times fewer than 20 images is no image; lower it or raise data.per_class",
    ),
    "two amounts": (
        {"data": {"imbalance": {"0": 5}}},
        "data.per_class: data.imbalance gives the images of each class; set one of them to null",
    ),
    "no image of the smallest class": (
        {"data": {"imbalance": 10}, "arms": {"gan": {"gan": {"ratio": 0.2}}}},
        "arms.gan.gan.ratio: 0.2 times 2 real images is no image; raise it",
    ),
    "no image of the class named smallest": (
        {"data": {"imbalance": {"0": 9, "1": 2}, "per_class": None}, "arms": {"gan": {"gan": {"ratio": 0.2}}}},
        "arms.gan.gan.ratio: 0.2 times 2 real images is no image; raise it",
    ),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_is_refused_in_one_line(name: str) -> None:
    changes, told = CONFIGS[name]
    with pytest.raises(UserError) as caught:
        parsed(changes)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_ratio_works_without_per_class() -> None:
    assert parsed({"data": {"per_class": None}}).data.per_class is None


@dataclass(frozen=True)
class Case:
    """What the data hold, what the config says of them, and what the user reads."""

    make: Callable[[Path], object]
    data: dict[str, Any]
    told: str


def truncated(root: Path) -> None:
    path = images_folder(root, {"cat": 12, "dog": 12}) / "cat/003.png"
    path.write_bytes(path.read_bytes()[:60])


def mixed_sizes(root: Path) -> None:
    images_folder(root, {"cat": 12})
    images_folder(root, {"dog": 12}, size=20)


def leaking(root: Path) -> None:
    images_folder(root / "train", {"cat": 6, "dog": 6}, seed=1)
    images_folder(root / "test", {"cat": 6, "dog": 6}, seed=2)
    (root / "test/dog/same.png").write_bytes((root / "train/dog/002.png").read_bytes())


def archive(root: Path) -> None:
    images_folder(root, {"cat": 6, "dog": 6})
    with tarfile.open(root.with_suffix(".tar"), "w") as tar:
        tar.add(root, arcname="images")


CASES = {
    "too few images": Case(
        lambda root: images_folder(root, {"cat": 60, "dog": 9}),
        {},
        "class dog has",
    ),
    "empty folder": Case(lambda root: root.mkdir(), {}, "data.path: images holds no images"),
    "empty class": Case(
        lambda root: (images_folder(root, {"cat": 9, "dog": 9}) / "eel").mkdir(), {}, "eel: this class folder"
    ),
    "single class": Case(lambda root: images_folder(root, {"cat": 20}), {}, "cat: the only class"),
    "truncated image": Case(truncated, {}, "cat/003.png: cannot be read"),
    "mixed sizes": Case(mixed_sizes, {"image_size": None}, "dog/000.png has 20 x 20; set data.image_size"),
    "test image in the training set": Case(
        leaking,
        {"test": {"method": "official", "fraction": None}, "per_class": 3, "validation": 2},
        "test/dog/same.png: this test image has the same pixels as train/dog/002.png",
    ),
    "absent archive": Case(
        lambda root: None, {"source": "archive", "path": "images.tar"}, "data.path: no archive at images.tar"
    ),
    "wrong archive": Case(
        archive, {"source": "archive", "path": "images.tar", "sha256": "0" * 64}, "data.sha256: images.tar has"
    ),
    "misspelt key": Case(lambda root: None, {"pathh": "images"}, "data.pathh: no such key; did you mean path?"),
}
FOLDER = {"source": "folder", "path": "images", "per_class": 6, "validation": 4, "image_size": 16, "channels": 1}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Project, int, str]]:
    """Every case, run by the real command, two at a time."""

    def run(case: Case) -> tuple[Project, int, str]:
        project = Project.copy(tmp_path_factory.mktemp("bad"))
        case.make(project.folder / "images")
        config = project.write({"experiment": "bad", "data": {**FOLDER, **case.data}, "study": {"repeats": 1}})
        outcome = project.run("data_all", config=config)
        return project, outcome.returncode, outcome.stdout

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(CASES, pool.map(run, CASES.values()), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_the_command_says_it_in_one_line(outcomes: dict[str, tuple[Project, int, str]], name: str) -> None:
    project, status, output = outcomes[name]
    assert status != 0
    lines = complaints(output)
    assert len(lines) == 1, output
    assert CASES[name].told in lines[0]
    assert "Traceback" not in output
    left = {
        path.relative_to(project.results / "bad/data").as_posix()
        for path in project.results.rglob("data/**/*")
        if path.is_file()
    }
    whole = {"source.json"}
    if name == "too few images":  # found by the split, when the image sets are whole
        whole |= {
            "report.json",
            *(f"p0/{part}/{file}" for part in ("dev", "test") for file in ("images.npy", "index.csv")),
        }
    assert left <= whole


def test_a_truncated_image_may_be_skipped_and_is_listed(project: Project) -> None:
    truncated(project.folder / "images")
    data = {**FOLDER, "on_bad": "skip", "per_class": 2, "validation": 1}
    outcome = project.run(
        "data_all", config=project.write({"experiment": "bad", "data": data, "study": {"repeats": 1}})
    )
    assert outcome.returncode == 0, outcome.stdout
    report = json.loads((project.results / "bad/data/report.json").read_text(encoding="utf-8"))
    assert [skipped["file"] for skipped in report["skipped"]] == ["cat/003.png"]
    counts = [report["parts"][0][part] for part in ("dev", "test")]
    assert {label: sum(count[label] for count in counts) for label in ("cat", "dog")} == {"cat": 11, "dog": 12}


ABSENT = {
    "typo-last.png": "ganaug: study.gans: no GAN 'typo' is in this study, it has dcgan; add it, or correct",
    "dcgan-best.png": "ganaug: arms: none in this study has the best snapshot of dcgan; add one with gan.snapshot",
    "dcgan-e7-classes.png": "ganaug: gans.dcgan.snapshots: there is no e7, only e125, last; add its epoch",
}


def test_a_file_of_a_gan_that_is_not_there_is_refused_in_one_line(project: Project) -> None:
    for name, told in ABSENT.items():
        outcome = project.run(f"results/digits/grids/{name}")
        assert outcome.returncode == 1
        [line] = complaints(outcome.stdout)
        assert line.startswith(told)
        assert "Traceback" not in outcome.stdout
        # The next command finds no lock.
        assert not list((project.folder / ".snakemake/locks").iterdir())
