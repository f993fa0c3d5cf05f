"""A folder of one's own: its images are known by what they hold, and it may go when the results are there."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from tests.loopback import loopback
from tests.workflow.project import Project, complaints, images_folder

DATA = {"source": "folder", "path": "images", "per_class": 2, "validation": 1, "image_size": 16, "channels": 1}
STAGE = {"download_source", "preprocess_images", "split_repeat"}


def test_what_the_images_hold_decides_and_their_absence_is_told(project: Project) -> None:
    images = images_folder(project.folder / "images", {"cat": 12, "dog": 12})
    config = project.write({"experiment": "own", "data": DATA, "study": {"repeats": 1}})
    outcome = project.run("data_all", config=config)
    assert outcome.returncode == 0, outcome.stdout

    image = images / "cat/000.png"
    image.touch()
    assert project.jobs(config=config).keys() & STAGE == set()
    image.write_bytes(bytes(image.stat().st_size))
    assert project.jobs(config=config).keys() >= STAGE

    images.rename(project.folder / "elsewhere")
    rows = project.results / "own/data/r0.csv"
    rows.unlink()
    outcome = project.run("data_all", config=config)
    assert outcome.returncode == 0, outcome.stdout
    assert rows.exists()  # made by a job, which reads the Snakefile too and keeps quiet
    assert complaints(outcome.stdout) == [
        "ganaug: data.path: images is not there; the results of the images read earlier stand (results/own)"
    ]


def test_a_job_does_not_look_at_the_whole_folder_again(project: Project) -> None:
    images_folder(project.folder / "images", {"cat": 12, "dog": 12})
    rules = project.folder / "rules/common.smk"
    marked = "def source_fingerprint():\n    Path('looked').open('a').write('x')\n"
    rules.write_text(rules.read_text(encoding="utf-8").replace("def source_fingerprint():\n", marked), encoding="utf-8")
    config = project.write({"experiment": "own", "data": DATA, "study": {"repeats": 1}})
    outcome = project.run("results/own/data/r0.csv", config=config)
    assert outcome.returncode == 0, outcome.stdout
    assert (project.folder / "looked").read_text(encoding="utf-8") == "x"
    assert project.jobs("results/own/data/r0.csv", config=config) == {}


def packed(folder: Path) -> bytes:
    """A tar of images that a split can be drawn from."""
    images_folder(folder / "images", {"cat": 12, "dog": 12})
    with tarfile.open(folder / "images.tar", "w") as tar:
        tar.add(folder / "images", arcname="images")
    return (folder / "images.tar").read_bytes()


def test_an_archive_is_fetched_once_and_read_without_the_web(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    content = packed(tmp_path)
    sha256 = hashlib.sha256(content).hexdigest()
    with loopback({"/images.tar": content}) as server:
        server.faults = ["break"]
        data = {**DATA, "source": "archive", "path": f"{server.url}/images.tar?key=secret", "sha256": sha256}
        config = project.write({"experiment": "fetched", "data": data, "study": {"repeats": 1}})
        outcome = project.run("results/fetched/data/source.json", config=config)
        assert outcome.returncode == 0, outcome.stdout
        assert [wanted for _, wanted in server.asked] == [None, f"bytes={len(content) // 2}-"]
        address = server.url
    record = json.loads((project.results / "fetched/data/source.json").read_text(encoding="utf-8"))
    assert (record["url"], record["sha256"], record["archive"]) == (f"{address}/images.tar", sha256, "images.tar")
    kept = project.folder / f".ganaug/downloads/{sha256[:16]}/images.tar"

    kept.write_bytes(content[:-1] + b"x")
    outcome = project.run("data_all", config=config)
    assert outcome.returncode != 0
    [told] = complaints(outcome.stdout)
    assert told.startswith(f"ganaug: data.sha256: .ganaug/downloads/{sha256[:16]}/images.tar has ")
    assert not list((project.results / "fetched/data").rglob("*.npy"))

    kept.write_bytes(content)
    outcome = project.run("data_all", config=config)
    assert outcome.returncode == 0, outcome.stdout
    assert "secret" not in (project.results / "fetched/data/report.json").read_text(encoding="utf-8")
    assert project.jobs("data_all", config=config) == {}
