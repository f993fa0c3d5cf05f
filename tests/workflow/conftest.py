from collections.abc import Iterator
from pathlib import Path

import pytest

from ganaug.io import digests
from tests.workflow.project import TINY, Project


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A finished run of a tiny experiment with every kind of arm. Tests look at it and leave it as it is.

    A test that adds results works on its own copy, `finished`: others compare theirs with all that is here.
    """
    project = Project.copy(tmp_path_factory.mktemp("tiny"))
    outcome = project.run(config=project.write(TINY))
    assert outcome.returncode == 0, outcome.stdout
    made = results_of(project)
    yield project
    assert results_of(project) == made, "a test changed the results that all tests share"


@pytest.fixture
def finished(tiny: Project, tmp_path: Path) -> Project:
    """A copy of `tiny` with its results, to go on with."""
    return tiny.copied(tmp_path / "finished")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy without results."""
    return Project.copy(tmp_path / "project")


def results_of(project: Project) -> dict[str, str]:
    return digests(path for path in project.results.rglob("*") if path.is_file())
