"""The first words of docstrings, of which ruff's D401 checks only the verbs that it knows."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = [
    "mingus",
    "core",
    "users",
    "billing",
    "finance",
    "health",
    "career",
    "analytics",
    "system",
    "dev",
    "benchmarks",
    "tests",
    "tools",
]
QUESTION = re.compile(r"(what|who|whom|whose|whether|which|how|those|that|when|where)\b", re.IGNORECASE)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def test_no_docstring_begins_like_a_question() -> None:
    docstrings = [
        (path.relative_to(ROOT), ast.get_docstring(node) or "")
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, DOCUMENTED)
    ]
    assert len(docstrings) > 1_000
    assert [f"{path}: {text.splitlines()[0]}" for path, text in docstrings if QUESTION.match(text)] == []
