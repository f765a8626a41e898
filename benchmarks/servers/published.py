"""Results of the servers on disk: JSON, a chart, and the tables of docs/performance.md."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import orjson

from benchmarks import chart, report
from benchmarks.production import REPOSITORY
from benchmarks.report import Part
from benchmarks.scale import Scale

PAGE = REPOSITORY / "docs" / "performance.md"
HEAD = (
    "| contender | requests/s | CPU, ms | of it PostgreSQL | CPU × first | p50, ms | p99, ms |\n|---|---|---|---|---|---|---|"
)


def save_servers(parts: Sequence[Part], goals: str, scale: Scale) -> None:
    """Write the results unless the sizes are small ones."""
    if scale.is_quick:
        return
    found = report.described(scale) | {"parts": [report.rounded(asdict(part)) for part in parts]}
    report.RESULTS.mkdir(exist_ok=True)
    (report.RESULTS / "servers.json").write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
    (report.RESULTS / "servers.svg").write_text(chart.render_chart([(part.title, part.results) for part in parts]))
    save_text("goals", goals, scale)
    save_text("servers", "\n\n".join(f"### {part.title}\n\n{in_markdown(part)}" for part in parts), scale)


def save_text(name: str, text: str, scale: Scale) -> None:
    """Replace a section of docs/performance.md unless the sizes are small ones."""
    if not scale.is_quick:
        day = f"Measured on {datetime.now(UTC):%Y-%m-%d}."
        PAGE.write_text(with_section(PAGE.read_text(), name, f"{day}\n\n{text}"))


def with_section(page: str, name: str, text: str) -> str:
    """Return the page with another text between the comments that begin and end the section."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    changed, count = re.subn(f"{begin}.*?{end}", lambda _: f"{begin}\n{text}\n{end}", page, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"The page must have one section {name!r}, not {count}.")
    return changed


def in_markdown(part: Part) -> str:
    """Return the results of a part as a table in Markdown."""
    lines = [
        f"| {result.name} | {result.rate:.0f} | {result.cpu * 1000:.2f} | {result.database_share:.0%}"
        f" | {result.cpu_ratio.median:.2f} | {result.p50 * 1000:.1f} | {result.p99 * 1000:.1f} |"
        for result in part.results
    ]
    return "\n".join([HEAD, *lines])
