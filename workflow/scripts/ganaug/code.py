"""The digest of the code that a rule runs, so that an edit reruns what it can change and nothing else."""

from __future__ import annotations

import ast
import functools
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

LIBRARY = "ganaug"


def modules_of(script: Path, plugins: Sequence[str] = ()) -> list[Path]:
    """The files of this library that ``script`` imports, directly or not, wherever the import stands; sorted.

    ``plugins`` are modules that it imports by a name from the config, such as ``ganaug.gan.networks.dcgan``.
    """
    root = script.parent
    found = {path: None for name in plugins for path in _files(root, name)}
    waiting = [script, *found]
    while waiting:
        for name in _imported(waiting.pop()):
            for path in _files(root, name):
                if path not in found:
                    found[path] = None
                    waiting.append(path)
    return sorted(found)


@functools.cache
def code_digest(script: Path, plugins: tuple[str, ...] = ()) -> str:
    """SHA-256 over ``script`` and the modules it imports (see `modules_of`), without comments and docstrings."""
    sha = hashlib.sha256()
    for path in [script, *modules_of(script, plugins)]:
        sha.update(path.relative_to(script.parent).as_posix().encode())
        sha.update(_skeleton(path).encode())
        for template in sorted(path.parent.glob(f"{path.stem}.*.j2")):
            sha.update(template.read_bytes())
    return sha.hexdigest()


def _skeleton(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:]
    return json.dumps(_plain(tree))


def _plain(node: object) -> object:
    """A syntax tree as nested lists, the same on every Python version: fields that come and go with it are empty."""
    if isinstance(node, ast.AST):
        filled = [[name, _plain(value)] for name, value in ast.iter_fields(node) if value not in (None, [])]
        return [type(node).__name__, *filled]
    return [_plain(one) for one in node] if isinstance(node, list) else repr(node)


def _imported(path: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.split(".")[0] == LIBRARY]


def _files(root: Path, name: str) -> list[Path]:
    """The module's own file and the packages above it, which Python runs first."""
    parts = name.split(".")
    packages = [root.joinpath(*parts[: n + 1], "__init__.py") for n in range(len(parts))]
    return [path for path in [*packages, root.joinpath(*parts).with_suffix(".py")] if path.is_file()]
