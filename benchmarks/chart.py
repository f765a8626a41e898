"""Bar charts of results in SVG: CPU as a multiple of the first one's, with a whisker from the least to the most."""

from collections.abc import Iterable, Sequence
from html import escape

from benchmarks.measure import Result

WIDTH, LABELS, RIGHT = 930, 340, 120
ROW, BAR, HEAD, GAP, FOOT = 30, 18, 34, 20, 30
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2933 }
  .title { font-weight: 600; font-size: 15px } .note { fill: #616e7c; font-size: 12px }
  .bar { fill: #9fb3c8 } .ours { fill: #0b7285 } .limit { fill: #cbd2d9 } .whisker { stroke: #1f2933 }
  .paper { fill: #ffffff }
"""

Panel = tuple[str, Sequence[Result]]


def render_chart(panels: Sequence[Panel]) -> str:
    """Return an SVG document with one panel below the other."""
    pieces: list[str] = []
    top = GAP
    for title, results in panels:
        pieces += panel(title, results, top)
        top += HEAD + ROW * len(results) + GAP
    note = "CPU of the application and its database sessions, as a multiple of the first one. Shorter is better."
    pieces.append(_text(GAP, top + 4, note, "note"))
    height = top + FOOT
    frame = f'<rect class="paper" width="{WIDTH}" height="{height}"/>'
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">'
    )
    return "\n".join([opening, f"<title>{escape(note)}</title>", f"<style>{STYLE}</style>", frame, *pieces, "</svg>", ""])


def panel(title: str, results: Sequence[Result], top: int) -> Iterable[str]:
    """Return a title and a bar for each result, on the panel's own scale."""
    unit = (WIDTH - LABELS - RIGHT) / max(result.cpu_ratio.most for result in results)
    rows = (row(result, top + HEAD + ROW * number, unit, is_limit=number == 0) for number, result in enumerate(results))
    return [_text(GAP, top + 14, title, "title"), *(piece for pieces in rows for piece in pieces)]


def row(result: Result, top: int, unit: float, *, is_limit: bool) -> list[str]:
    """Return the name, the bar, its whisker and its figure. `unit` is the width of a ratio of 1."""
    ratio, middle = result.cpu_ratio, top + BAR / 2
    kind = "limit" if is_limit else "ours" if result.name.startswith("MINGUS") else "bar"
    return [
        _text(LABELS - 12, middle + 4, result.name, anchor="end"),
        f'<rect class="{kind}" x="{LABELS}" y="{top}" width="{unit * ratio.median:.1f}" height="{BAR}" rx="2"/>',
        _whisker(LABELS + unit * ratio.least, LABELS + unit * ratio.most, middle),
        _text(LABELS + unit * ratio.most + 10, middle + 4, f"{ratio.median:.2f} ×"),
    ]


def _whisker(left: float, right: float, middle: float) -> str:
    if right - left < 1:
        return ""
    return f'<path class="whisker" d="M{left:.1f} {middle}H{right:.1f}M{left:.1f} {middle - 4}v8M{right:.1f} {middle - 4}v8"/>'


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'
