"""A folder of one's own: its images are known by what they hold, and it may go when the results are there."""

from __future__ import annotations

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
