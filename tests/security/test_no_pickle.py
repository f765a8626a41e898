"""No value of ours is a pickle, and nothing here runs one."""

import ast
from pathlib import Path

from tests.contract.test_sizes import MODULES, ROOT

# reads what another package has pickled, with an interpreter that calls nothing
READER = Path("core/encryption/stock_cryptography.py")
PICKLES = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "jsonpickle", "marshal", "shelve"}


def imported(module: Path) -> set[str]:
    tree = ast.walk(ast.parse((ROOT / module).read_text()))
    names = [[alias.name for alias in node.names] for node in tree if isinstance(node, ast.Import)]
    tree = ast.walk(ast.parse((ROOT / module).read_text()))
    sources = [[node.module or ""] for node in tree if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[0] for found in [*names, *sources] for name in found}


def knows_pickles(module: Path) -> bool:
    return bool(imported(module) & PICKLES) or "PickledField" in (ROOT / module).read_text()


def test_no_other_module_knows_of_pickles() -> None:
    assert [module for module in MODULES if knows_pickles(module)] == [READER]


def test_the_reader_uses_the_interpreter_and_no_more() -> None:
    tree = list(ast.walk(ast.parse((ROOT / READER).read_text())))
    used = {
        node.attr
        for node in tree
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "pickle"
    }
    assert imported(READER) & PICKLES == {"pickle"}
    assert used == {"Unpickler"}
