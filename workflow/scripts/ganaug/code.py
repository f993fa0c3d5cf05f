"""The digest of the code that a rule runs, so that an edit reruns what it can change and nothing else.

Packages count as code: a new release of torch may draw other weights, and arms must not be compared across it.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARY = "ganaug"
# Packages whose name on the index is not the name that is imported.
DISTRIBUTIONS = {"PIL": "pillow", "cleanfid": "clean-fid", "sklearn": "scikit-learn", "yaml": "pyyaml"}
# Those that can change no result.
IGNORED = {"tqdm"}


def modules_of(script: Path, plugins: Sequence[str] = ()) -> list[Path]:
    """The files of this library that ``script`` imports, directly or not, wherever the import stands; sorted.

    ``plugins`` are modules that it imports by a name from the config, such as ``ganaug.gan.networks.dcgan``.
    """
    root = script.parent
    found = {path: None for name in plugins for path in _files(root, name)}
    waiting = [script, *found]
    while waiting:
        for name in imports_of(waiting.pop()):
            for path in _files(root, name):
                if path not in found:
                    found[path] = None
                    waiting.append(path)
    return sorted(found)


@functools.cache
def code_digest(script: Path, plugins: tuple[str, ...] = ()) -> str:
    """SHA-256 over ``script`` and the modules it imports (see `modules_of`), without comments and docstrings.

    The releases of the packages that they import are part of it.
    """
    sha = hashlib.sha256()
    files = [script, *modules_of(script, plugins)]
    sha.update(json.dumps(packages_of(files)).encode())
    for path in files:
        sha.update(path.relative_to(script.parent).as_posix().encode())
        sha.update(_skeleton(path).encode())
        for template in sorted(path.parent.glob(f"{path.stem}.*.j2")):
            sha.update(template.read_bytes())
    return sha.hexdigest()


def packages_of(files: Iterable[Path]) -> dict[str, str]:
    """The release of every package that ``files`` import, but those in `IGNORED`, by its name on the index.

    A build (``2.15.0+cu130``) is no part of a release: the device changes no parameter.
    """
    tops = {name.partition(".")[0] for path in files for name in imports_of(path)}
    names = sorted(DISTRIBUTIONS.get(top, top) for top in tops - sys.stdlib_module_names - IGNORED - {LIBRARY})
    return {name: _release(name) for name in names}


@functools.cache
def _release(package: str) -> str:
    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return "not installed"


def _skeleton(path: Path) -> str:
    return _parsed(path.read_text(encoding="utf-8"))[0]


def imports_of(path: Path) -> tuple[str, ...]:
    """Every module that a file imports, wherever the import stands, and every name that may be a module."""
    return _parsed(path.read_text(encoding="utf-8"))[1]


@functools.cache
def _parsed(source: str) -> tuple[str, tuple[str, ...]]:
    """The code without comments and docstrings, and what it imports. Many scripts share a file."""
    tree = ast.parse(source)
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:]
    return json.dumps(_plain(tree)), tuple(names)


def _plain(node: object) -> object:
    """A syntax tree as nested lists, the same on every Python version: fields that come and go with it are empty."""
    if isinstance(node, ast.AST):
        filled = [[name, _plain(value)] for name, value in ast.iter_fields(node) if value not in (None, [])]
        return [type(node).__name__, *filled]
    return [_plain(one) for one in node] if isinstance(node, list) else repr(node)


def _files(root: Path, name: str) -> list[Path]:
    """The module's own file and the packages above it, which Python runs first."""
    parts = name.split(".")
    packages = [root.joinpath(*parts[: n + 1], "__init__.py") for n in range(len(parts))]
    return [path for path in [*packages, root.joinpath(*parts).with_suffix(".py")] if path.is_file()]
