"""The direction of imports between the top-level packages, including dotted names in strings."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Lowest first: a package imports only packages that are listed before it.
LAYERS = [
    "core",
    "system",
    "users",
    "billing",
    "finance",
    "health",
    "career",
    "analytics",
    "mingus",
    "dev",
    "benchmarks",
    "tests",
]
DOTTED = re.compile(r"[a-z_]\w*(\.\w+)+")


def modules_in(package: str) -> list[Path]:
    """Return the modules of a package, including migrations."""
    return sorted(path for path in (ROOT / package).rglob("*.py") if "__pycache__" not in path.parts)


def is_module(name: str) -> bool:
    """Return True if a dotted name is a module of this repository or an attribute of one."""
    parts = name.split(".")
    return any((ROOT.joinpath(*parts[:end]).with_suffix(".py")).is_file() for end in range(2, len(parts) + 1))


def names_in(path: Path) -> set[str]:
    """Return every module that a file imports, and every string in it that is a module's dotted name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and DOTTED.fullmatch(node.value):
            names |= {node.value} if is_module(node.value) else set()
    return names


@cache
def edges() -> dict[tuple[str, str], Path]:
    """Return a file for each pair of packages of which the first imports the second."""
    return {
        (package, imported): path.relative_to(ROOT)
        for package in LAYERS
        for path in modules_in(package)
        for imported in {name.split(".")[0] for name in names_in(path)}
        if imported in LAYERS and imported != package
    }


def test_every_package_of_the_repository_has_a_layer() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages == set(LAYERS)


def test_a_package_imports_only_lower_ones() -> None:
    upwards = {pair: path for pair, path in edges().items() if LAYERS.index(pair[0]) < LAYERS.index(pair[1])}
    assert upwards == {}


def test_a_name_in_a_string_counts_as_an_import() -> None:
    assert edges()["mingus", "users"]
    assert "core.rls.roles" in names_in(ROOT / "core" / "rls" / "__init__.py")
    assert "users.middleware.SecondFactorMiddleware" in names_in(ROOT / "mingus" / "settings.py")
