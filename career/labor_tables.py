"""US labor statistics for job security analyses, each table with its source, reference period and retrieval date.

Figures of the US government (public domain), as collected in the project's facts T1 to T6. None of them is our own estimate.
`retrieved` is the day on which a table was copied into this file.
"""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

D = Decimal
RETRIEVED_ON = date(2026, 11, 22)


@dataclass(frozen=True, slots=True)
class TableCitation:
    """The source and the reference period of a table."""

    table: str
    title: str
    publisher: str
    period: str
    note: str
    retrieved: date = RETRIEVED_ON

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "retrieved": self.retrieved.isoformat()}


@dataclass(frozen=True, slots=True)
class Industry:
    """A row of T1: NAICS sectors that the survey groups together, and their unemployment rate in percent."""

    sectors: tuple[str, ...]
    name: str
    rate: Decimal


T1 = TableCitation(
    "T1",
    "Unemployment rate by industry, %, not seasonally adjusted",
    "US Bureau of Labor Statistics, Current Population Survey, table A-14",
    "Mean of December 2023, February 2024, December 2024 and February 2025",
    "Winter months, so unemployment in construction is overstated.",
)
UNEMPLOYMENT_TOTAL = D("4.00")
UNEMPLOYMENT_OF_SELF_EMPLOYED = D("3.58")
INDUSTRIES = (
    Industry(("11",), "Agriculture, forestry, fishing and hunting", D("8.20")),
    Industry(("21",), "Mining, quarrying, oil and gas", D("3.80")),
    Industry(("23",), "Construction", D("5.95")),
    Industry(("31", "32", "33"), "Manufacturing", D("3.10")),
    Industry(("42", "44", "45"), "Wholesale and retail trade", D("4.50")),
    Industry(("48", "49", "22"), "Transportation, warehousing and utilities", D("4.25")),
    Industry(("51",), "Information", D("4.18")),
    Industry(("52", "53"), "Finance, insurance and real estate", D("2.35")),
    Industry(("54", "55", "56"), "Professional and business services", D("4.50")),
    Industry(("61", "62"), "Education, health care and social assistance", D("2.48")),
    Industry(("71", "72"), "Leisure and hospitality", D("5.88")),
    Industry(("81",), "Other services", D("3.85")),
    Industry(("92",), "Public administration", D("1.78")),
)
INDUSTRY_OF_SECTOR = {sector: industry for industry in INDUSTRIES for sector in industry.sectors}
PUBLIC_ADMINISTRATION = INDUSTRY_OF_SECTOR["92"]

T2 = TableCitation(
    "T2",
    "Median usual weekly earnings and unemployment rate by education, age 25 and over",
    "US Bureau of Labor Statistics, Career Outlook 2020",
    "2019",
    "Prices and wages have risen since 2019; the figures are not adjusted.",
)
WEEKLY_EARNINGS = {  # US dollars of 2019
    "less_than_high_school": D(592),
    "high_school": D(746),
    "some_college": D(833),
    "associate": D(887),
    "bachelor": D(1248),
    "master": D(1497),
    "professional": D(1861),
    "doctorate": D(1883),
}

T3 = TableCitation(
    "T3",
    "Unemployment rate by education, %",
    "US Bureau of Labor Statistics, Monthly Labor Review 2024",
    "Fourth quarter of 2023",
    "Some college and associate degrees form one group; bachelor's and higher degrees form another.",
)
UNEMPLOYMENT_OF_EDUCATED_TOTAL = D("3.1")
UNEMPLOYMENT_BY_EDUCATION = {
    "less_than_high_school": D("6.1"),
    "high_school": D("4.1"),
    "some_college": D("3.0"),
    "associate": D("3.0"),
    "bachelor": D("2.1"),
    "master": D("2.1"),
    "professional": D("2.1"),
    "doctorate": D("2.1"),
}

T4 = TableCitation(
    "T4",
    "Long-tenured displaced workers 2021-23, % employed in January 2024, age 20 and over",
    "US Bureau of Labor Statistics, The Economics Daily 2024",
    "January 2024",
    "People who had held the lost job for three years or more.",
)
DISPLACED_AND_EMPLOYED_AGAIN = D("65.7")

T5 = TableCitation(
    "T5",
    "Unemployment duration, weeks",
    "US Bureau of Labor Statistics, table E-10",
    "Third quarter of 2024",
    "Spells in progress, not completed ones.",
)
WEEKS_UNEMPLOYED_MEDIAN = D("9.5")
UNEMPLOYED_27_WEEKS_OR_MORE = D("22.2")

T6 = TableCitation(
    "T6",
    "Median years with the present employer",
    "US Bureau of Labor Statistics",
    "January 2024",
    "Medians are known for some industries only; the others use the median of all workers.",
)
TENURE_TOTAL = D("3.9")
TENURE_OF_SECTOR = {
    "21": D("5.7"),
    "31": D("4.9"),
    "32": D("4.9"),
    "33": D("4.9"),
    "52": D("4.7"),
    "53": D("4.7"),
    "71": D("2.1"),
    "72": D("2.1"),
    "92": D("6.2"),
}
