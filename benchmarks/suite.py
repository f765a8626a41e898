"""One run from the empty database to the report."""

import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks import exports, imports, lists, other_lists, posts, report, rls_cost, table_growth
from benchmarks.contenders import CONTENDERS
from benchmarks.data import database
from benchmarks.measure import Meter, meter
from benchmarks.report import Part
from benchmarks.scale import Scale
from core import rls


def run(scale: Scale) -> None:
    """Measure what `scale` includes, print it, and keep it when it was the whole."""
    start = time.monotonic()
    parts: list[Part] = []
    if scale.only != "flat":
        _say(f"Filling a database of its own with {scale.rows:,} transactions …")
        with rls.as_staff(), database(rows=scale.rows, users=scale.users) as cast, meter() as ours:
            parts += _measured(cast, ours, scale)
    if scale.includes("flat"):
        parts.append(_one("flat", lambda: report.of_growth(table_growth.run(scale))))
    if not scale.is_quick and scale.only is None:
        report.keep(parts, scale)
    _say(f"{time.monotonic() - start:.0f} s in all.")


def _measured(cast: Any, ours: Meter, scale: Scale) -> list[Part]:
    contenders = [make() for make in CONTENDERS]
    ways: dict[str, Callable[[], Part]] = {
        "lists": lambda: report.of_lists(lists.run(cast, contenders, ours, scale)),
        "wall": lambda: report.of_rls_cost(rls_cost.run(cast, ours, scale)),
        "twins": lambda: report.of_twins(other_lists.run(ours, scale)),
        "post": lambda: report.of_posts(posts.run(cast, contenders, ours, scale)),
        "import": lambda: report.of_imports(imports.run(cast, ours, scale)),
        "export": lambda: report.of_exports(exports.run(cast, ours, scale)),
    }
    return [_one(name, way) for name, way in ways.items() if scale.includes(name)]


def _one(name: str, way: Callable[[], Part]) -> Part:
    _say(f"Measuring: {name} …")
    part = way()
    _say(report.table(part))
    return part


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
