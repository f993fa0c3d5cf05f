import json
import subprocess
import sys
from pathlib import Path

import pytest

from ganaug.code import _release, code_digest, modules_of, packages_of

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


def test_a_new_release_of_a_package_changes_the_digest_of_what_imports_it(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (script.parent / "ganaug/b.py").write_text("import json\ndef f():\n    from PIL import Image\n    import tqdm\n")
    releases = {"pillow": "13.0.0"}
    monkeypatch.setattr("ganaug.code._release", lambda package: releases[package])
    assert packages_of(modules_of(script)) == {"pillow": "13.0.0"}
    before = digest_of(script)
    releases["pillow"] = "13.0.1"
    assert digest_of(script) != before


def test_a_build_is_no_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganaug.code.version", lambda package: "2.15.0+cu130")
    _release.cache_clear()
    assert _release("torch") == "2.15.0"
    _release.cache_clear()


def networks_of(stage: str) -> tuple[str, ...]:
    folder = SCRIPTS / f"ganaug/{stage}/networks"
    return tuple(f"ganaug.{stage}.networks.{path.stem}" for path in sorted(folder.glob("[a-z]*.py")))


def name_of(path: Path) -> str:
    """The name that a file of the library is imported by."""
    return path.relative_to(SCRIPTS).with_suffix("").as_posix().removesuffix("/__init__").replace("/", ".")


# The scripts whose rules tell `code` which network it is that they load by a name from the config.
PLUGINS = {
    "train_gan": networks_of("gan"),
    "sample_gan": networks_of("gan"),
    "train_classifier": networks_of("classify"),
    "score_repeat": networks_of("classify"),
    "check_plan": networks_of("gan"),
    "embed_real": networks_of("classify"),
    "embed_samples": networks_of("classify"),
    "embed_pool": networks_of("classify"),
    "judge_samples": networks_of("gan"),
}
Case = tuple[str, str | None]
CASES: list[Case] = [
    (path.stem, plugin) for path in sorted(SCRIPTS.glob("*.py")) for plugin in PLUGINS.get(path.stem, (None,))
]


@pytest.fixture(scope="module")
def loaded() -> dict[Case, set[str]]:
    """The modules of the library that Python loads for every case."""
    probe = Path(__file__).with_name("probe_imports.py")
    done = subprocess.run(
        [sys.executable, probe, SCRIPTS, json.dumps(CASES)], stdout=subprocess.PIPE, text=True, check=True
    )
    return dict(zip(CASES, map(set, json.loads(done.stdout)), strict=True))


@pytest.mark.parametrize(("script", "plugin"), CASES)
def test_the_list_holds_exactly_what_python_loads(
    loaded: dict[Case, set[str]], script: str, plugin: str | None
) -> None:
    listed = modules_of(SCRIPTS / f"{script}.py", [plugin] if plugin else [])
    assert set(map(name_of, listed)) == loaded[script, plugin]


def test_scripts_that_load_a_module_by_a_name_from_the_config_have_plugins(loaded: dict[Case, set[str]]) -> None:
    sources = SCRIPTS.rglob("*.py")
    loaders = {name_of(path) for path in sources if "import_module" in path.read_text(encoding="utf-8")}
    assert loaders == {"ganaug.gan.networks.family", "ganaug.classify.networks"}
    assert {script for (script, _), modules in loaded.items() if modules & loaders} == set(PLUGINS)


def test_stages_do_not_load_each_other(loaded: dict[Case, set[str]]) -> None:
    stages = {f"ganaug.{stage}" for stage in ("gan", "classify", "quality", "sets", "study")}
    # Preflight times the networks of both stages; each is measured by its own.
    several = {script for (script, _), modules in loaded.items() if len(modules & stages) > 1}
    assert several == {"check_plan"}


def test_scripts_that_compute_with_torch_are_forked_from_the_warm_process(loaded: dict[Case, set[str]]) -> None:
    computing = {script for (script, _), modules in loaded.items() if "ganaug.compute" in modules}
    warm = {path.stem for path in SCRIPTS.glob("*.py") if "warm=True" in path.read_text(encoding="utf-8")}
    # Preflight measures what the start of a job costs.
    assert warm == computing - {"check_plan"}
