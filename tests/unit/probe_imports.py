"""What Python really loads of the library for a script: ``python probe_imports.py SCRIPTS '[["train_gan", null]]'``.

A case is the name of a script and a module that it imports by a name from the config, or null. Every import of the
library that the script can reach is run, wherever it stands; printed are the names of the modules loaded then, a JSON
list a case. All cases in one process, since importing torch takes long.
"""

from __future__ import annotations

import ast
import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

LIBRARY = "ganaug"


def loaded() -> dict[str, ModuleType]:
    return {name: module for name, module in sys.modules.items() if name.partition(".")[0] == LIBRARY}


def is_ours(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.level > 0 or (node.module or "").partition(".")[0] == LIBRARY
    return isinstance(node, ast.Import) and any(alias.name.partition(".")[0] == LIBRARY for alias in node.names)


def run_imports(path: Path, package: str) -> None:
    for node in filter(is_ours, ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        exec(compile(ast.unparse(node), path, "exec"), {"__package__": package})


def loaded_by(script: Path, plugin: str | None) -> list[str]:
    for name in loaded():
        del sys.modules[name]
    run_imports(script, "")
    if plugin:
        importlib.import_module(plugin)
    done: set[str] = set()
    while new := loaded().keys() - done:
        for module in map(sys.modules.__getitem__, new):
            run_imports(Path(str(module.__file__)), str(module.__package__))
        done |= new
    return sorted(done)


if __name__ == "__main__":
    sys.path[0] = sys.argv[1]
    cases = json.loads(sys.argv[2])
    json.dump([loaded_by(Path(sys.argv[1], f"{script}.py"), plugin) for script, plugin in cases], sys.stdout)
