"""The share of annotations that are a bare `Any`, which the type checker does not check."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAX_SHARE_OF_ANY = 0.05


def annotations(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield the annotations of arguments, returned values, variables and attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
            yield node.returns
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            yield node.annotation


def is_any(annotation: ast.expr) -> bool:
    """Return True if an annotation is `Any` itself, and False for example for `list[Any]`."""
    return ast.unparse(annotation) in {"Any", "typing.Any", "'Any'"}


def test_few_annotations_in_core_are_a_bare_any() -> None:
    modules = [path for path in (ROOT / "core").rglob("*.py") if "migrations" not in path.parts]
    found = [annotation for path in modules for annotation in annotations(ast.parse(path.read_text()))]
    assert len(found) > 1_000
    assert sum(map(is_any, found)) / len(found) < MAX_SHARE_OF_ANY
