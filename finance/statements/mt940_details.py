"""Payee and text of MT940 transactions (:86:, :NS:), in the structures that banks put into this field."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from finance.statements.text import clean_text, normalize_text

# 166?00TRANSFER?20text?32payee: a code of the bank, and subfields of 27 characters
_SUBFIELDS = re.compile(r"(?:\d{3})? ?([?~<>^@§|])(?=\d\d)").match
_SUBFIELD = re.compile(r"([?~<>^@§|])(\d\d)")
_CHUNK = 27
_LINE = 65
_SLASHED_LINE = 64  # Rabobank cuts one character earlier
_TEXT_CODES = (*(f"{code}" for code in range(20, 30)), *(f"{code}" for code in range(60, 66)))
_SEPA = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP)(?:\+|: )")
# /BENM//NAME/payee/REMI/text/EREF/reference
_CODES = """
    ACCW ADDR BENM BIC BUSP CHGS CNTP CSID EREF IBAN IREF ISDT KREF MARF NAME NRTX OCMT ORDP PREF PURP REMI RTRN STRD SVCL
    TRCD TRTP ULTB ULTC ULTD USTD
"""
_SLASHED = re.compile(rf"/({'|'.join(_CODES.split())})(?=/)")
_MIN_CODES = 2
_MAX_TEXT = 4_000
_NAME_OF_PARTY = 3  # /IBAN/BIC/name/city
_PURPOSE = frozenset(f"{code:02}" for code in range(1, 15))
_NAME = ("15", "16")


class Details(NamedTuple):
    """The other party and the text of a transaction; "" for what the bank does not state."""

    payee: str
    text: str


def read_details(lines: Sequence[str], *, is_credit: bool) -> Details:
    """Return the details in the lines of field 86. `is_credit` is the direction of the payment, before a reversal."""
    subfields = _SUBFIELDS(lines[0].strip()) if lines else None
    if subfields:
        return _read_subfields("".join(lines), subfields.group(1))
    slashed = _join(lines, _SLASHED_LINE)
    if len(_SLASHED.findall(slashed)) >= _MIN_CODES:
        return _read_slashed(slashed, is_credit=is_credit)
    return Details("", clean_text(_join(lines, _LINE), _MAX_TEXT))


def read_extension(lines: Sequence[str]) -> Details:
    """Return the details in the lines of the field NS, in which each line begins with two digits."""
    purpose = " ".join(line[2:] for line in lines if line[:2] in _PURPOSE)
    payee = " ".join(line[2:] for line in lines if line[:2] in _NAME)
    return Details(clean_text(payee, _MAX_TEXT), clean_text(purpose, _MAX_TEXT))


def _join(parts: Sequence[str], width: int) -> str:
    """Join texts that were cut at `width`, with a space where the cut was earlier."""
    return "".join(part if len(part) >= width else f"{part} " for part in parts)


def _read_subfields(text: str, separator: str) -> Details:
    tags = [tag for tag in _SUBFIELD.finditer(text) if tag.group(1) == separator]
    ends = [*(tag.start() for tag in tags[1:]), len(text)]
    fields: dict[str, str] = {}
    for tag, end in zip(tags, ends, strict=False):
        fields.setdefault(tag.group(2), text[tag.end() : end])
    chunks = [fields[code] for code in _TEXT_CODES if code in fields]
    payee = _join([fields[code] for code in ("32", "33") if code in fields], _CHUNK)
    purpose = _purpose(_join(chunks, _CHUNK)) or fields.get("00", "")
    return Details(clean_text(payee, _MAX_TEXT), clean_text(purpose, _MAX_TEXT))


def _purpose(text: str) -> str:
    """Return the remittance information (SVWZ) among SEPA's fields, or else what is before them, or else all."""
    pieces = _SEPA.split(text)
    fields: Mapping[str, str] = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    return fields.get("SVWZ", "").strip() or pieces[0].strip() or text.strip()


def _read_slashed(text: str, *, is_credit: bool) -> Details:
    tags = list(_SLASHED.finditer(text))
    names: dict[str, str] = {}
    purpose: list[str] = []
    role = ""
    ends = [*(tag.start() for tag in tags[1:]), len(text)]
    for tag, end in zip(tags, ends, strict=False):
        code, value = tag.group(1), text[tag.end() : end].strip(" /")
        if code in ("BENM", "ORDP"):
            role = code
        elif code == "NAME" and value:
            names.setdefault(role, value)
        elif code == "CNTP":
            parts = text[tag.end() : end].split("/")
            names.setdefault("", parts[_NAME_OF_PARTY].strip() if len(parts) > _NAME_OF_PARTY else "")
        elif code in ("REMI", "USTD", "STRD"):
            purpose.append(value)
    # the ordering party of a debit and the beneficiary of a credit are the account holder
    payee = names.get("ORDP" if is_credit else "BENM") or names.get("") or ""
    return Details(clean_text(payee, _MAX_TEXT), clean_text(" ".join(filter(None, purpose)), _MAX_TEXT))


def with_supplement(text: str, supplement: str) -> str:
    """Return `text` with the supplementary details of the statement line, unless these are a reference or in it already."""
    words = clean_text(supplement, _MAX_TEXT)
    if not words or words.startswith("/") or " " not in words or normalize_text(words) in normalize_text(text):
        return text
    return f"{words} - {text}" if text else words
