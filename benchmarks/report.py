"""What was measured, for people (a table), for programs (JSON) and for README (a chart)."""

import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
from django.db import connection

from benchmarks import chart
from benchmarks.imports import Imports
from benchmarks.measure import Result, Spread
from benchmarks.scale import Scale

RESULTS = Path(__file__).resolve().parent / "results"
PACKAGES = ("django", "djangorestframework", "psycopg", "orjson")
HEAD = f"{'':42} {'CPU × limit':>20} {'wall × limit':>20} {'CPU':>10} {'of it SQL':>10} {'p50':>10} {'p99':>10}"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was measured, with a sentence of remarks."""

    name: str
    title: str
    results: list[Result]
    remark: str


def of_lists(results: list[Result]) -> Part:
    return Part("lists", "List of 50 transactions, filtered by category and dates", results, "Per request.")


def of_posts(results: list[Result]) -> Part:
    return Part("post", "POST of one transaction", results, "Per request.")


def of_walls(results: list[Result]) -> Part:
    return Part("wall", "The same list with and without row-level security", results, "Per request.")


def of_imports(found: Imports) -> Part:
    """With the rates in words, since a whole file is one operation."""
    rates = "; ".join(f"{result.name}: {found.rows / result.p50:,.0f} rows/s" for result in found.results)
    memory = f"The first import takes {found.peak_bytes / 2**20:.1f} MiB beyond an idle process."
    return Part("import", f"Import of a CSV file of {found.rows:,} rows", found.results, f"Per file. {rates}. {memory}")


def table(parts: list[Part]) -> str:
    """All parts for a terminal."""
    return "\n".join(line for part in parts for line in ("", part.title, HEAD, *map(_line, part.results), part.remark))


def _line(result: Result) -> str:
    figures = f"{_ratio(result.cpu_ratio):>20} {_ratio(result.wall_ratio):>20} {_time(result.cpu):>10}"
    return f"{result.name:42} {figures} {result.database_share:>10.0%} {_time(result.p50):>10} {_time(result.p99):>10}"


def _ratio(spread: Spread) -> str:
    return f"{spread.median:.2f} ({spread.least:.2f}-{spread.most:.2f})"


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.2f} ms"


def keep(parts: list[Part], scale: Scale) -> None:
    """Write this day's JSON, and the latest JSON and chart. SECURITY: nothing in them tells a machine's names or paths."""
    found = {"measured_on": f"{datetime.now(UTC):%Y-%m-%d}", "with": versions(), "scale": asdict(scale)}
    text = orjson.dumps(found | {"parts": [_rounded(asdict(part)) for part in parts]}, option=orjson.OPT_INDENT_2) + b"\n"
    RESULTS.mkdir(exist_ok=True)
    for name in (found["measured_on"], "latest"):
        (RESULTS / f"{name}.json").write_bytes(text)
    (RESULTS / "latest.svg").write_text(chart.drawn([(part.title, part.results) for part in parts]))


def versions() -> dict[str, str]:
    """What the figures depend on, as far as it has a version."""
    with connection.temporary_connection() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0].split()[0]
    return {"python": platform.python_version(), "postgresql": server} | {name: version(name) for name in PACKAGES}


def _rounded(value: Any) -> Any:
    """Without digits that mean nothing: six behind the point are a microsecond."""
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 6) if isinstance(value, float) else value
