"""Records of QIF files, streamed: lines of a letter and a value up to "^", in sections that begin with "!"."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from finance.statements.text import clean_text

# SECURITY: a record with more lines is cut, and is an error; a transaction with 300 splits has fewer.
MAX_LINES = 2_000
_MAX_NAME = 200
# The types of sections with transactions (Quicken Interchange Format), and of the accounts that they belong to.
KINDS = {"bank": "BANK", "cash": "CASH", "ccard": "CREDITCARD", "oth a": "ASSET", "oth l": "LIABILITY"}
INVESTMENTS = frozenset({"invst", "port"})


@dataclass(slots=True)
class Record:
    """A record and its place: `number` is its first line, `account` the name of its account, "" if the file names none."""

    number: int
    section: str
    account: str
    lines: list[tuple[str, str]] = field(default_factory=list)
    is_complete: bool = False

    def first(self, letter: str) -> str:
        """Return the first value of `letter`, or ""."""
        return next((value for code, value in self.lines if code == letter), "")

    @property
    def kind(self) -> str:
        return KINDS.get(self.section, "")


class Option(NamedTuple):
    """An option of the file, such as MDY."""

    name: str


def read_records(lines: Iterable[str]) -> Iterator[Record | Option]:
    """Yield the records of transactions and investments, and the options of the file.

    Categories, securities, prices, memorized and other lists are skipped.
    """
    reader = _Reader()
    for number, line in enumerate(lines, 1):
        text = line.rstrip("\r\n\x1a\0 \t").lstrip("\ufeff")
        if text.lstrip().startswith("!"):
            option = reader.begin_section(text.strip("! \t").lower())
            if option:
                yield option
        elif text.startswith("^"):
            if record := reader.end_record():
                yield record
        else:
            # a file that is cut in a value does not end in a line
            reader.add(number, text, is_whole_line=line.endswith(("\n", "\r")))
    if reader.current is not None and reader.is_wanted:
        yield reader.current


class _Reader:
    """The section, the account and the record at the current line.

    An account that is listed with others has no transactions; the last one before a section is that of the section.
    """

    def __init__(self) -> None:
        self.current: Record | None = None
        self._section = ""
        self._account = ""

    @property
    def is_wanted(self) -> bool:
        return self._section in KINDS or self._section in INVESTMENTS

    def begin_section(self, header: str) -> Option | None:
        word, _, value = (part.strip() for part in header.partition(":"))
        self.current = None
        self._section = value if word == "type" else word
        return Option(value) if word == "option" else None

    def add(self, number: int, text: str, *, is_whole_line: bool) -> None:
        if not text:
            return
        self.current = self.current or Record(number, self._section, self._account)
        if len(self.current.lines) <= MAX_LINES:
            self.current.lines.append((text[0].upper(), text[1:]))
            self.current.is_complete = is_whole_line

    def end_record(self) -> Record | None:
        """Return the record that ends here if it is a transaction; take the account's name from that of an account."""
        record, self.current = self.current, None
        if record is None:
            return None
        if self._section == "account":
            self._account = clean_text(record.first("N"), _MAX_NAME)
        record.is_complete = len(record.lines) <= MAX_LINES
        return record if self.is_wanted else None
