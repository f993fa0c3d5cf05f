import subprocess
import sys
from pathlib import Path

import pytest

from ganaug.code import code_digest, modules_of

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow/scripts"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    package = tmp_path / "ganaug"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "a.py").write_text("from ganaug import b\n")
    (package / "b.py").write_text('"""Doc."""\n\ndef f():\n    """Doc."""\n    return 1\n')
    (package / "unused.py").touch()
    path = tmp_path / "run.py"
    path.write_text("import json\ndef main():\n    from ganaug.a import b\n")
    return path


def digest_of(script: Path) -> str:
    code_digest.cache_clear()
    return code_digest(script)


def test_modules_are_found_through_functions_and_packages(script: Path) -> None:
    assert [path.name for path in modules_of(script)] == ["__init__.py", "a.py", "b.py"]


@pytest.mark.parametrize(
    ("edit", "changes"),
    [
        ("# a comment\n\ndef f():\n    return  1\n", False),
        ('"""Other."""\n\ndef f():\n    """Other."""\n    return 1  # why\n', False),
        ("def f():\n    return 2\n", True),
    ],
)
def test_only_code_changes_the_digest(script: Path, edit: str, changes: bool) -> None:
    before = digest_of(script)
    (script.parent / "ganaug/b.py").write_text(edit)
    assert (digest_of(script) != before) is changes


def test_an_unused_module_does_not_change_the_digest(script: Path) -> None:
    before = digest_of(script)
    (script.parent / "ganaug/unused.py").write_text("x = 1\n")
    assert digest_of(script) == before


STAGES = {
    "train_gan": ("ganaug.gan.stage", "ganaug.gan.networks.dcgan"),
    "sample_gan": ("ganaug.gan.stage", "ganaug.gan.networks.identity"),
    "make_classic": ("ganaug.sets.stage",),
    "train_classifier": ("ganaug.classify.stage", "ganaug.classify.networks.lenet5"),
    "score_repeat": ("ganaug.classify.scoring", "ganaug.classify.networks.simplecnn"),
}


@pytest.mark.parametrize("name", STAGES)
def test_the_list_holds_every_module_that_python_really_loads(name: str) -> None:
    imports = "; ".join(f"import {module}" for module in ("ganaug.job", *STAGES[name]))
    loaded = subprocess.run(
        [sys.executable, "-c", f"{imports}; import sys; print(*[m for m in sys.modules if m.startswith('ganaug')])"],
        cwd=SCRIPTS,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    files = {
        path.relative_to(SCRIPTS).with_suffix("").as_posix()
        for path in modules_of(SCRIPTS / f"{name}.py", STAGES[name])
    }
    listed = {file.removesuffix("/__init__").replace("/", ".") for file in files}
    assert set(loaded) <= listed
    assert listed.isdisjoint({"ganaug.study.report", "ganaug.study.verdict"})
