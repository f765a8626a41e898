"""Parser of dates in bank statements. The format is determined for a whole file and never guessed row by row.

Patterns are used instead of `strptime` because they are independent of the locale, know month names in many languages and
cache the cells.
"""

import datetime
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice

from finance.statements.text import plain_key

_DIRECTIVES = {"d": r"(?P<d>[0-9]{1,2})", "m": r"(?P<m>[0-9]{1,2})", "Y": r"(?P<Y>[0-9]{4})", "y": r"(?P<y>[0-9]{2})",
               "b": r"(?P<b>[^\W\d_]{3,12})\.?", "B": r"(?P<b>[^\W\d_]{3,12})\.?"}  # fmt: skip
# The time of day is ignored: a transaction has the date that the bank states, in the bank's time zone.
# So is the earlier day in "01/13/2025 as of 01/12/2025", on which interest or a dividend was due.
# The lookbehinds start at the beginning of a separator only: from each of its characters, a search would be quadratic.
_CLOCK_IN_FORMAT = re.compile(r"(?:(?<![\sT,])[\sT,]++)?%[HI].*", re.DOTALL)
_CLOCK = re.compile(r"(?:(?<![\sT,])[\sT,]++\d{1,2}[:.]|-\d{1,2}:)\d{2}.*|(?<!\s)\s++as of\s.*", re.DOTALL)
# Two-digit years as in POSIX strptime: 69-99 are in the 20th century.
_PIVOT = 69
_CACHED_CELLS = 20_000
# Different cells that vote for a format.
_VOTING_CELLS = 200
_MAX_LENGTH = 64
_LAST_MONTH = 12
_LAST_DAY = 31

FORMATS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日", "%Y년 %m월 %d일", "%d.%m.%Y", "%d.%m.%y",
    "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%Y", "%m-%d-%Y", "%d-%m-%y", "%m-%d-%y",
    "%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y", "%d/%b/%y", "%d %b %Y", "%d %b %y", "%d. %b %Y", "%d de %b de %Y",
    "%b %d, %Y", "%b %d %Y", "%Y-%b-%d", "%Y.%m.%d.", "%Y. %m. %d.", "%Y. %m. %d", "%d.%m.%Y.", "%d. %m. %Y", "%d. %m. %Y.",
    "%Y. %b %d.", "%d.%b.%Y", "%d %b, %Y", "%b %d, %y", "%Y %b %d", "%d-%b %Y",
)  # fmt: skip
# Ties are resolved in the order of `FORMATS`, so the day-first format of a pair wins and is the key here.
_TWINS = {"%d/%m/%Y": "%m/%d/%Y", "%d/%m/%y": "%m/%d/%y", "%d-%m-%Y": "%m-%d-%Y", "%d-%m-%y": "%m-%d-%y"}

# English, German, French, Spanish, Italian, Dutch, Portuguese, Swedish, Danish, Norwegian, Slovak, Hungarian and Romanian
_MONTH_NAMES = (
    "january januar janvier enero gennaio januari janeiro jaenner ianuarie",
    "february februar fevrier febrero febbraio februari fevereiro feber februarie",
    "march marz mars marzo maart marco mrz mrt maerz marts marec marcius martie",
    "april avril abril aprile aprilis aprilie",
    "may mai mayo maggio mei maio maj majus",
    "june juni juin junio giugno junho jun junius iunie",
    "july juli juillet julio luglio julho jul julius iulie",
    "august aout agosto augustus augusti augusztus",
    "september septembre septiembre settembre setembro szeptember septembrie",
    "october oktober octobre octubre ottobre outubro octombrie",
    "november novembre noviembre novembro noiembrie",
    "december dezember decembre diciembre dicembre dezembro decembrie",
)
# Names that are not abbreviated by their first letters, because these begin another month in one of the languages above:
# Finnish, Polish, Czech, Russian, Ukrainian, Turkish, Greek
_MONTH_WORDS = (
    "tammikuu tammikuuta tammi styczen stycznia sty leden ledna led январь января янв січень січня січ ocak oca",
    "helmikuu helmikuuta helmi luty lutego lut unor unora uno февраль февраля фев лютий лютого лют subat sub",
    "maaliskuu maaliskuuta maalis marzec marca brezen brezna bre март марта мар березень березня бер mart",
    "huhtikuu huhtikuuta huhti kwiecien kwietnia kwi duben dubna dub апрель апреля апр квітень квітня кві nisan nis",
    "toukokuu toukokuuta touko maja kveten kvetna kve май мая травень травня тра mayıs mayis",
    "kesakuu kesakuuta kesa czerwiec czerwca cze cerven cervna июнь июня июн червень червня чер haziran haz",
    "heinakuu heinakuuta heina lipiec lipca lip cervenec cervence июль июля июл липень липня лип temmuz tem",
    "elokuu elokuuta elo sierpien sierpnia sie srpen srpna srp август августа авг серпень серпня сер agustos agu",
    "syyskuu syyskuuta syys wrzesien wrzesnia wrz zari zar сентябрь сентября сен сент вересень вересня вер eylul eyl",
    "lokakuu lokakuuta loka pazdziernik pazdziernika paz rijen rijna rij октябрь октября окт жовтень жовтня жов ekim eki",
    "marraskuu marraskuuta marras listopad listopada lis ноябрь ноября ноя нояб листопад листопада лис kasım kasim kas",
    "joulukuu joulukuuta joulu grudzien grudnia gru prosinec prosince pro декабрь декабря дек грудень грудня гру aralık ara",
)


def _month_words() -> dict[str, int]:
    """Return all names and their unambiguous abbreviations of three to five letters ("jui" is in juin and juillet)."""
    meanings: dict[str, set[int]] = {}
    for month, (names, words) in enumerate(zip(_MONTH_NAMES, _MONTH_WORDS, strict=True), start=1):
        for name in names.split():
            for word in (name, name[:3], name[:4], name[:5]):
                meanings.setdefault(word, set()).add(month)
        for word in map(plain_key, words.split()):
            meanings.setdefault(word, set()).add(month)
    return {word: months.pop() for word, months in meanings.items() if len(months) == 1}


_MONTHS = _month_words()


class AmbiguousDatesError(Exception):
    """Raised if no day in a file is above 12, so that day and month can't be distinguished; has both possible formats."""

    def __init__(self, day_first: str, month_first: str) -> None:
        super().__init__(day_first, month_first)
        self.day_first = day_first
        self.month_first = month_first


class DateReader:
    """Parses dates in a format of `%d %m %Y %y %b %B` and literal text."""

    def __init__(self, date_format: str) -> None:
        """Raise ValueError with a message for the user if the format has another directive or lacks day, month or year."""
        self.format = date_format
        self._match = _pattern(date_format)
        self._known: dict[str, datetime.date | None] = {}

    def read(self, cell: str) -> datetime.date | None:
        """Return the date in `cell`; None if it is not a date in this format."""
        try:
            return self._known[cell]
        except KeyError:
            if len(self._known) >= _CACHED_CELLS:
                self._known.clear()
            day = self._known[cell] = self._day(cell)
            return day

    def fits(self, cell: str) -> bool:
        """Return True if `cell` has this format, even if the date does not exist (February 30, year 0)."""
        parts = self._parts(cell)
        return parts is not None and 1 <= parts[1] <= _LAST_MONTH and 1 <= parts[2] <= _LAST_DAY

    def _day(self, cell: str) -> datetime.date | None:
        parts = self._parts(cell)
        try:
            return datetime.date(*parts) if parts else None
        except ValueError:
            return None

    def _parts(self, cell: str) -> tuple[int, int, int] | None:
        if len(cell) > _MAX_LENGTH:
            return None
        found = self._match(_CLOCK.sub("", unicodedata.normalize("NFKC", cell).strip()))
        if found is None:
            return None
        part = found.groupdict()
        month = int(part["m"]) if "m" in part else _MONTHS.get(plain_key(part["b"]), 0)
        if "Y" in part:
            year = int(part["Y"])
        else:
            year = int(part["y"])
            year += 1900 if year >= _PIVOT else 2000
        return year, month, int(part["d"])


def _pattern(date_format: str) -> Callable[[str], re.Match[str] | None]:
    day_format, has_clock = _CLOCK_IN_FORMAT.subn("", date_format.strip())
    pieces = re.split(r"%(.)", day_format)
    literals, directives = pieces[::2], pieces[1::2]
    kinds = Counter({"y": "Y", "b": "m", "B": "m"}.get(directive, directive) for directive in directives)
    if kinds != Counter("dmY"):
        raise ValueError("use one day (%d), one month (%m, %b or %B) and one year (%Y or %y).")
    pattern = _literal(literals[0])
    for directive, literal in zip(directives, literals[1:], strict=True):
        pattern += _DIRECTIVES[directive] + _literal(literal)
    # Without separators, as in 20250102, the numbers have their full width.
    if not any(literals):
        pattern = pattern.replace("{1,2}", "{2}")
    return re.compile(pattern + (".*" if has_clock else "")).fullmatch


def _literal(text: str) -> str:
    return "".join(r"\s+" if part.isspace() else re.escape(part) for part in re.split(r"(\s+)", text))


def looks_like_date(cell: str) -> bool:
    """Return True if `cell` is a date in any known format."""
    return any(reader.fits(cell) for reader in _READERS)


def choose_format(sample: Iterable[str], every_cell: Callable[[], Iterable[str]]) -> str:
    """Return the format of most cells of `sample`; raise AmbiguousDatesError if day and month can't be distinguished.

    `every_cell` returns all date cells of the file. It is called only if the sample is ambiguous, and read up to the first
    day above 12.
    """
    votes = Counter({reader.format: 0 for reader in _READERS})
    for cell, count in islice(Counter(sample).items(), _VOTING_CELLS):
        votes.update({reader.format: count for reader in _READERS if reader.fits(cell)})
    best = votes.most_common(1)[0][0]
    twin = _TWINS.get(best)
    if twin is None or votes[best] != votes[twin]:
        return best
    return _distinguish(DateReader(best), DateReader(twin), every_cell())


def _distinguish(one: DateReader, other: DateReader, cells: Iterable[str]) -> str:
    differ = False
    for cell in cells:
        first, second = one.read(cell), other.read(cell)
        if (first is None) != (second is None):
            return one.format if first else other.format
        differ = differ or first != second
    if differ:
        raise AmbiguousDatesError(one.format, other.format)
    return one.format


_READERS = tuple(map(DateReader, FORMATS))
