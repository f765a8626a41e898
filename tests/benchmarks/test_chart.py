"""The SVG chart of benchmarks/README.md."""

from xml.etree.ElementTree import Element, fromstring

import pytest

from benchmarks.chart import render_chart
from benchmarks.measure import Result, Spread

SVG = "{http://www.w3.org/2000/svg}"


def result(name: str, ratio: float) -> Result:
    spread = Spread(ratio, ratio * 0.9, ratio * 1.1)
    return Result(name, cpu=0.001, database_share=0.5, cpu_ratio=spread, wall_ratio=spread, p50=0.001, p99=0.002, p99_ratio=1.0)


@pytest.fixture
def picture() -> Element:
    svg = render_chart(
        [("Lists <50>", [result("limit & floor", 1.0), result("MINGUS", 2.0)]), ("Posts", [result("limit", 1.0)])]
    )
    return fromstring(svg)  # noqa: S314 - our own


def test_it_is_well_formed_and_escapes_names(picture: Element) -> None:
    assert {"limit & floor", "Lists <50>"} <= {node.text for node in picture.iter(f"{SVG}text")}


def test_bars_are_as_long_as_their_ratios(picture: Element) -> None:
    limit, mingus, _ = [float(bar.attrib["width"]) for bar in picture.iter(f"{SVG}rect") if bar.get("rx")]
    assert mingus == pytest.approx(2 * limit, rel=0.01)


def test_every_bar_fits_the_width(picture: Element) -> None:
    assert all(
        float(bar.get("x", 0)) + float(bar.attrib["width"]) <= float(picture.attrib["width"])
        for bar in picture.iter(f"{SVG}rect")
    )
