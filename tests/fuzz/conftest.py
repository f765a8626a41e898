"""Counts of the fuzzing requests by caller, over all processes, for the summary at the end of the run."""

from collections import Counter
from typing import Any

import pytest

CASES = pytest.StashKey[Counter[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[CASES] = Counter()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["cases"] = dict(session.config.stash[CASES])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: Any) -> None:
    node.config.stash[CASES].update(node.workeroutput.get("cases", {}))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    cases = config.stash[CASES]
    if cases:
        counts = ", ".join(f"{name} {number:,}" for name, number in sorted(cases.items()))
        terminalreporter.write_line(f"{cases.total():,} requests were tried: {counts}.")


@pytest.fixture
def cases(request: pytest.FixtureRequest) -> Counter[str]:
    """Return the counter of requests by caller."""
    return request.config.stash[CASES]
