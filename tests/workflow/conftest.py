from pathlib import Path

import pytest

from tests.workflow.project import TINY, Project


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished run of a tiny experiment with every kind of arm. Tests look at it and leave it as it is."""
    project = Project.copy(tmp_path_factory.mktemp("tiny"))
    outcome = project.run(config=project.write(TINY))
    assert outcome.returncode == 0, outcome.stdout
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy without results."""
    return Project.copy(tmp_path / "project")
