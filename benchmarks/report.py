"""Reports of the results: a table for the terminal, JSON, and a chart for benchmarks/README.md."""

import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
import psycopg

from benchmarks import chart, other_lists
from benchmarks.exports import Exports
from benchmarks.imports import Imports
from benchmarks.measure import Result, Spread
from benchmarks.production import home_parameters
from benchmarks.scale import Scale

RESULTS = Path(__file__).resolve().parent / "results"
PACKAGES = (
    *("django", "djangorestframework", "psycopg", "orjson"),
    *("fastapi", "pydantic", "sqlalchemy", "asyncpg", "uvloop", "django-ninja"),
    *("granian", "django-bolt", "litestar", "msgspec", "uvicorn", "gunicorn"),
)
HEAD = (
    f"{'':48} {'CPU × first':>20} {'wall × first':>20} {'CPU':>10} {'of it SQL':>10} {'p50':>10} {'p99':>10} {'p99 ×':>6}"
    f" {'req/s':>7}"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the benchmarks, with its results and a remark."""

    name: str
    title: str
    results: list[Result]
    remark: str


def of_lists(results: list[Result]) -> Part:
    return Part("lists", "List of 50 transactions, filtered by category and dates", results, "Per request.")


def of_posts(results: list[Result]) -> Part:
    return Part("post", "POST of one transaction", results, "Per request.")


def of_twins(results: list[Result]) -> Part:
    """Return the part, with the median and the worst ratio in the remark."""
    spread = other_lists.together(results)
    remark = f"Per request; × is to the list's twin. The median is {spread.median:.2f}, the worst {spread.most:.2f}."
    return Part("twins", "Every other list against its stock DRF twin", results, remark)


def of_growth(results: list[Result]) -> Part:
    return Part("flat", "The same requests in a growing table", results, "Per request; × is to the smallest table or user.")


def of_rls_cost(results: list[Result]) -> Part:
    return Part("wall", "The same list with and without row-level security", results, "Per request.")


def of_imports(found: Imports) -> Part:
    """Return the part, with rows per second in the remark, since a whole file is one operation."""
    memory = f"The first import takes {found.peak_bytes / 2**20:.1f} MiB beyond an idle process."
    return Part("import", f"Import of a CSV file of {found.rows:,} rows", found.results, f"{_rates(found)} {memory}")


def of_exports(found: Exports) -> Part:
    memory = f"An export takes {found.peak_bytes / 2**20:.1f} MiB beyond an idle process."
    return Part("export", f"Export of {found.rows:,} rows as CSV", found.results, f"{_rates(found)} {memory}")


def _rates(found: Imports | Exports) -> str:
    rates = "; ".join(f"{result.name}: {found.rows / result.p50:,.0f} rows/s" for result in found.results)
    return f"Per file. {rates}."


def table(part: Part) -> str:
    """Return a part as a table for a terminal."""
    return "\n".join(("", part.title, HEAD, *map(_line, part.results), part.remark, ""))


def _line(result: Result) -> str:
    ratios = f"{_ratio(result.cpu_ratio):>20} {_ratio(result.wall_ratio):>20}"
    times = f"{_time(result.p50):>10} {_time(result.p99):>10} {result.p99_ratio:>6.2f}"
    rate = f" {result.rate:>7.0f}" if result.rate else ""
    return f"{result.name:48} {ratios} {_time(result.cpu):>10} {result.database_share:>10.0%} {times}{rate}"


def _ratio(spread: Spread) -> str:
    return f"{spread.median:.2f} ({spread.least:.2f}-{spread.most:.2f})"


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.2f} ms"


def save(parts: list[Part], scale: Scale) -> None:
    """Write this day's JSON, and the latest JSON and chart. SECURITY: they contain no names or paths of the machine."""
    found = described(scale)
    text = orjson.dumps(found | {"parts": [rounded(asdict(part)) for part in parts]}, option=orjson.OPT_INDENT_2) + b"\n"
    RESULTS.mkdir(exist_ok=True)
    for name in (found["measured_on"], "latest"):
        (RESULTS / f"{name}.json").write_bytes(text)
    (RESULTS / "latest.svg").write_text(chart.render_chart([(part.title, part.results) for part in parts]))


def described(scale: Scale) -> dict[str, Any]:
    """Return the day, the versions and the sizes of a run."""
    sizes = {name: value for name, value in asdict(scale).items() if name != "base"}
    return {"measured_on": f"{datetime.now(UTC):%Y-%m-%d}", "with": versions(), "scale": sizes}


def versions() -> dict[str, str]:
    """Return the versions of Python, PostgreSQL and the packages that are measured."""
    with psycopg.connect(**home_parameters()) as home:
        server = str(home.info.parameter_status("server_version")).split()[0]
    return {"python": platform.python_version(), "postgresql": server} | {name: version(name) for name in PACKAGES}


def rounded(value: Any) -> Any:
    """Round floats to six decimals, which are microseconds."""
    if isinstance(value, dict):
        return {name: rounded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return round(value, 6) if isinstance(value, float) else value
