"""Parser of MT940 and MT942 (SWIFT): customer statements and interim reports of one or several accounts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.currencies import MINOR_UNITS
from finance.statements.account_choice import AccountKey, Wanted, choose, complete_keys, mask_number, plain_number
from finance.statements.csv_records import physical_lines
from finance.statements.mt940_details import Details, read_details, read_extension, with_supplement
from finance.statements.mt940_fields import Field, read_balance, read_fields, read_line
from finance.statements.proof import Block, Proof
from finance.statements.row_validation import Draft, checked
from finance.statements.rows import AccountInfo, BrokenCellError, RowOrError, Statement, StatementError
from finance.statements.source import DecodedFile

_FIRST = re.compile(r"(?:^|\r):20:", re.MULTILINE)
_SECOND = re.compile(r"(?:^|\r):(?:25P?|28C?|60[FM]|61|62[FM]):", re.MULTILINE)
_OPENING = frozenset({"60F", "60M"})
_CLOSING = frozenset({"62F", "62M"})
_FEES = frozenset({"CHG", "COM"})
_NO_REFERENCE = frozenset({"NONREF", "NOREF", "NOTPROVIDED"})
# A shorter text beside the line is a word of the bank, not a reference.
_MIN_REFERENCE = 6
_CODE = 3
# The IBAN of these countries ends in the currency.
_IBANS_WITH_CURRENCY = ("MU", "SC")


@dataclass(frozen=True, slots=True)
class Mt940Account:
    """An account of the file."""

    key: AccountKey
    info: AccountInfo


class Mt940Parser:
    """Recognizes the field of the reference (:20:) and one of the fields of a statement."""

    name = "mt940"

    def recognizes(self, head: str) -> bool:
        """Return True if lines of `head` begin with :20: and with a field of a statement, also below a SWIFT header."""
        return _FIRST.search(head) is not None and _SECOND.search(head) is not None

    def parse(self, file: DecodedFile) -> Statement:
        """Return the selected account's statements; raise StatementError if there is none or the selection is ambiguous."""
        survey = _Survey()
        with file.open_text() as text:
            for field in read_fields(physical_lines(text, file.max_lines)):
                survey.add(field)
        accounts = survey.accounts()
        if not accounts:
            raise StatementError("no_statement", "The file contains no statement of an account. Export MT940 from your bank.")
        source = file.source
        account = choose(accounts, Wanted(source.account_hint, source.account_type, file.default_currency))
        proof = Proof(account.key.currency or file.default_currency)
        return Statement(
            format=self.name,
            rows=_Rows(account.key, proof, survey.repeated).read(file),
            accounts=tuple(each.info for each in accounts),
            mapping={},
            read_balances=proof.balances,
            read_warnings=proof.warnings,
        )


class _Position:
    """The account at the current field. A currency is stated by the balances, the floor limit or after the number."""

    def __init__(self) -> None:
        self.number = ""
        self.key = AccountKey("")

    def add(self, field: Field) -> None:
        first = field.lines[0].strip()
        if field.tag == "20":
            self.number, self.key = "", AccountKey("")
        elif field.tag in ("25", "25P"):
            self.number, self.key = _account_of(first)
        elif field.tag in _OPENING | _CLOSING and (balance := read_balance(first)) and balance.currency:
            self.key = self.key._replace(currency=balance.currency)
        elif field.tag == "34F" and first[:_CODE] in MINOR_UNITS:
            self.key = self.key._replace(currency=first[:_CODE])


def _account_of(text: str) -> tuple[str, AccountKey]:
    """Return the number as written, and the key of "bank/number", an IBAN or either with a currency at the end."""
    parts = [part.strip() for part in text.split("/") if part.strip()] or [""]
    currency = ""
    if len(parts) > 1 and parts[-1].upper() in MINOR_UNITS:
        currency = parts.pop().upper()
    number = parts[-1]
    suffix = number[-_CODE:].upper()
    if suffix in MINOR_UNITS and number[-_CODE - 1 : -_CODE].isdigit() and not number.upper().startswith(_IBANS_WITH_CURRENCY):
        number, currency = number[:-_CODE], suffix
    return number, AccountKey(plain_number(number), bank=plain_number("".join(parts[:-1])), currency=currency)


class _Survey:
    """The accounts of the file, and the references that are no ids because several transactions have them."""

    def __init__(self) -> None:
        self._position = _Position()
        self._numbers: dict[AccountKey, str] = {}
        self._lines: dict[int, int] = {}
        self.repeated: set[int] = set()

    def add(self, field: Field) -> None:
        self._position.add(field)
        if field.tag in _OPENING | _CLOSING or field.tag == "61":
            self._numbers.setdefault(self._position.key, self._position.number)
        if field.tag == "61":
            line, _, reference = field.lines[0].partition("//")
            key = hash(reference.strip())
            if self._lines.setdefault(key, hash(line)) != hash(line):
                self.repeated.add(key)

    def accounts(self) -> list[Mt940Account]:
        complete = complete_keys(self._numbers)
        numbers = {complete[key]: number for key, number in reversed(self._numbers.items())}
        return [
            Mt940Account(key, AccountInfo(mask_number(number), "", key.currency)) for key, number in reversed(numbers.items())
        ]


class _Rows:
    """Reads the transactions of one account and adds them up by statement or page."""

    def __init__(self, key: AccountKey, proof: Proof, repeated: set[int]) -> None:
        self._key = key
        self._proof = proof
        self._repeated = repeated
        self._position = _Position()
        self._block: Block | None = None

    def read(self, file: DecodedFile) -> Iterator[RowOrError]:
        """Yield the rows, each with the fields 86 and NS that follow its line and are before the closing balance."""
        waiting: list[Field] = []
        with file.open_text() as text:
            for field in read_fields(physical_lines(text, file.max_lines)):
                if waiting and field.tag in ("86", "NS"):
                    waiting.append(field)
                    continue
                if waiting:
                    yield self._row(waiting)
                    waiting = []
                self._position.add(field)
                if not self._is_wanted():
                    self._block = None
                elif field.tag == "61":
                    waiting = [field]
                else:
                    self._add_balance(field)
            if waiting:
                yield self._row(waiting)

    def _is_wanted(self) -> bool:
        key = self._position.key
        return key.number == self._key.number and key.bank in ("", self._key.bank) and key.currency in ("", self._key.currency)

    def _add_balance(self, field: Field) -> None:
        if field.tag not in _OPENING | _CLOSING:
            return
        balance = read_balance(field.lines[0])
        if field.tag in _OPENING:
            self._block = self._proof.begin()
            self._block.opening = balance.amount if balance else None
        else:
            self._block = self._block or self._proof.begin()
            self._block.closing = balance.amount if balance else None
        self._block.day = balance.day if balance else self._block.day
        if field.tag in _CLOSING:
            self._block = None

    def _row(self, fields: list[Field]) -> RowOrError:
        number = fields[0].number
        try:
            row = checked(self._draft(fields, number))
        except BrokenCellError as broken:
            return broken.at(number)
        if self._block is not None and not row.is_pending:
            self._block.moved += row.amount
        return row

    def _draft(self, fields: list[Field], number: int) -> Draft:
        line = read_line(fields[0].lines)
        details = _details_of(fields[1:], is_credit=(line.amount > 0) != line.is_reversal)
        reference = line.customer_reference if line.customer_reference.upper() not in _NO_REFERENCE else ""
        return Draft(
            number=number,
            date=line.day,
            amount=line.amount,
            currency=self._proof.currency,
            description=with_supplement(details.text, line.supplement) or details.payee or reference,
            merchant_name=details.payee,
            provider_id=self._id(line.bank_reference),
            posted_date=None if line.is_expected else line.day,
            is_pending=line.is_expected,
            kind="refund" if line.is_reversal else "fee" if line.kind[1:] in _FEES else "",
        )

    def _id(self, reference: str) -> str:
        is_reference = len(reference) >= _MIN_REFERENCE and reference.upper() not in _NO_REFERENCE and reference.strip("0")
        return reference if is_reference and hash(reference) not in self._repeated else ""


def _details_of(fields: list[Field], *, is_credit: bool) -> Details:
    """Return the details of all fields 86, or else of the bank's own field."""
    lines = [line for field in fields if field.tag == "86" for line in field.lines]
    if lines:
        return read_details(lines, is_credit=is_credit)
    return read_extension([line for field in fields for line in field.lines])
