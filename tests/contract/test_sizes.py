"""Alarms on size: a module, function or class that grows past them wants to become two."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["mingus", "users", "billing", "finance", "health", "career", "analytics", "system"]
MODULES = [
    path.relative_to(ROOT)
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if not ("migrations" in path.parts and path.name.startswith("0"))
]


def length(node: ast.AST) -> int:
    return (node.end_lineno or 0) - node.lineno + 1


def nodes(module: Path, kind: type[ast.AST] | tuple[type[ast.AST], ...]) -> list[ast.AST]:
    return [node for node in ast.walk(ast.parse((ROOT / module).read_text())) if isinstance(node, kind)]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_stays_small_and_says_why_it_exists(module: Path) -> None:
    text = (ROOT / module).read_text()
    assert len(text.splitlines()) <= 300
    assert not text.strip() or module.name == "apps.py" or ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_functions_and_classes_stay_small(module: Path) -> None:
    functions = nodes(module, (ast.FunctionDef, ast.AsyncFunctionDef))
    classes = nodes(module, ast.ClassDef)
    assert [node.name for node in functions if length(node) > 40] == []
    assert [node.name for node in classes if length(node) > 120] == []


def test_the_floor_stays_a_floor() -> None:
    floor = [module for module in MODULES if module.parts[:2] == ("mingus", "kit")]
    # 4,200 before the walls: keys and rotation, the log's triggers, masks and limits are each in one place here, not in seven
    assert sum(len((ROOT / module).read_text().splitlines()) for module in floor) <= 6200
