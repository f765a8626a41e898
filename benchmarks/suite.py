"""A benchmark run, from the empty database to the report."""

import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks import (
    changes,
    exports,
    imports,
    lists,
    operations,
    other_lists,
    posts,
    report,
    rls_cost,
    searches,
    table_growth,
)
from benchmarks.contenders import CONTENDERS
from benchmarks.data import database
from benchmarks.measure import Meter, meter
from benchmarks.report import Part
from benchmarks.scale import CHANGES_PART, OPERATIONS_PART, SEARCH_PART, SERVER_PARTS, Scale
from benchmarks.servers import published
from benchmarks.servers import suite as servers
from core import rls


def run(scale: Scale) -> None:
    """Measure what `scale` includes and print it. Save the results of a complete run."""
    start = time.monotonic()
    parts: list[Part] = []
    if scale.only != "flat":
        _print(f"Creating a database with {scale.rows:,} transactions …")
        with rls.as_staff(), database(rows=scale.rows, users=scale.users) as users, meter() as ours:
            parts += _measured(users, ours, scale)
            if scale.includes(SEARCH_PART):
                _print("Measuring: search …")
                found = searches.table(searches.run(users, ours, scale))
                _print(found)
                published.save_text(SEARCH_PART, found, scale)
            if scale.includes(CHANGES_PART):
                _print("Measuring: changes …")
                _print(changes.table(users, scale))
            if scale.includes(OPERATIONS_PART):
                _print("Measuring: operations …")
                costs = operations.table(operations.run(scale))
                _print(costs)
                published.save_text(OPERATIONS_PART, costs, scale)
            if any(scale.includes(name) for name in SERVER_PARTS):
                servers.run(users, ours, scale)
    if scale.includes("flat"):
        parts.append(_one("flat", lambda: report.of_growth(table_growth.run(scale))))
    if not scale.is_quick and scale.only is None:
        report.save(parts, scale)
    _print(f"{time.monotonic() - start:.0f} s in total.")


def _measured(users: Any, ours: Meter, scale: Scale) -> list[Part]:
    contenders = [make() for make in CONTENDERS]
    measurements: dict[str, Callable[[], Part]] = {
        "lists": lambda: report.of_lists(lists.run(users, contenders, ours, scale)),
        "wall": lambda: report.of_rls_cost(rls_cost.run(users, ours, scale)),
        "twins": lambda: report.of_twins(other_lists.run(ours, scale)),
        "post": lambda: report.of_posts(posts.run(users, contenders, ours, scale)),
        "import": lambda: report.of_imports(imports.run(users, ours, scale)),
        "export": lambda: report.of_exports(exports.run(users, ours, scale)),
    }
    return [_one(name, measure) for name, measure in measurements.items() if scale.includes(name)]


def _one(name: str, measure: Callable[[], Part]) -> Part:
    _print(f"Measuring: {name} …")
    part = measure()
    _print(report.table(part))
    return part


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
