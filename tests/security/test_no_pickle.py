"""No module stores or loads pickles."""

import ast
from pathlib import Path

from tests.contract.test_sizes import MODULES, ROOT

PICKLES = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "jsonpickle", "marshal", "shelve"}


def imported(module: Path) -> set[str]:
    tree = list(ast.walk(ast.parse((ROOT / module).read_text())))
    names = [[alias.name for alias in node.names] for node in tree if isinstance(node, ast.Import)]
    sources = [[node.module or ""] for node in tree if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[0] for found in [*names, *sources] for name in found}


def uses_pickles(module: Path) -> bool:
    return bool(imported(module) & PICKLES) or "PickledField" in (ROOT / module).read_text()


def test_no_module_uses_pickles() -> None:
    assert [module for module in MODULES if uses_pickles(module)] == []
