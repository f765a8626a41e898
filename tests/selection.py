"""A pytest plugin (`-p tests.selection`) that selects tests before they are imported, or a sample of their cases."""

from pathlib import Path

import pytest

MARKERS = ("faults", "e2e", "integration")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every", type=int, default=1, help="of the cases of each test, run the first and each Nth after it")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Ignore the files without a test of the one marker that is chosen, which saves importing most of the suite."""
    if config.option.markexpr not in MARKERS or not collection_path.name.startswith("test_"):
        return None
    return True if f"mark.{config.option.markexpr}" not in collection_path.read_text() else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the cases that are not in the sample."""
    seen: dict[str, int] = {}
    chosen: list[pytest.Item] = []
    others: list[pytest.Item] = []
    for item in items:
        test = item.nodeid.partition("[")[0]
        number = seen[test] = seen.get(test, -1) + 1
        (others if number % config.option.every else chosen).append(item)
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = chosen
