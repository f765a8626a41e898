"""Splitting and repair of OFX markup, so that ofxtools can parse the malformed files that banks produce.

A file is first split into statements and transactions. An invalid transaction does not affect the others, rows are read
lazily, and no tree of the whole file is built. Missing end tags are added to each part (SGML omits most of them, and banks
forget others) before ofxtools parses it. There is no DTD, so no entities are expanded.
"""

import re
import xml.etree.ElementTree as ET  # for the tree only; ofxtools parses the text, without a DTD  # nosec B405
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from ofxtools.Parser import TreeBuilder

from finance.statements.rows import StatementError

_STATEMENT = re.compile(r"<(/?)(STMTRS|CCSTMTRS|INVSTMTRS)\s*>", re.IGNORECASE)
_BOUNDARY = re.compile(r"<(/?)(STMTTRNP?|BANKTRANLISTP?|INVTRANLIST)\s*>", re.IGNORECASE)
_ATTRIBUTES = r"(?:\s+[A-Za-z_][\w:.-]*\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'))*"
_TAG = rf"/?[A-Za-z][A-Za-z0-9._]{{0,31}}{_ATTRIBUTES}\s*/?>"
_STRAY = re.compile(rf"<(?!{_TAG})")
_TOKEN = re.compile(rf"<(/?)([A-Za-z][A-Za-z0-9._]{{0,31}}){_ATTRIBUTES}\s*(/?)>([^<]*)")
# SECURITY: limits on the number and size of objects in memory, far above those of real files.
_MAX_STATEMENTS = 1_000
_MAX_BLOCK_LENGTH = 1 << 16
_SKELETON_HEAD = 1 << 18
_SKELETON_TAIL = 1 << 16
# OFX nests about a dozen levels; the limit protects recursive functions on the tree against deeper nesting.
_MAX_DEPTH = 32
# The bounded length keeps a search linear in a file without end tags.
_AMOUNTS = {
    "TRNAMT": re.compile(r"<TRNAMT\s?>([^<]{1,64})", re.IGNORECASE),
    "BALAMT": re.compile(r"<BALAMT\s?>([^<]{1,64})", re.IGNORECASE),
}
_FREE_TEXT = frozenset({"NAME", "MEMO", "EXTDNAME"})
# Tags that may follow a free text in a transaction (OFX 2.3, 11.4.4); anything else in angle brackets is part of the text.
_TAGS = """
    TRNTYPE DTPOSTED DTUSER DTAVAIL DTTRAN DTEXPIRE TRNAMT FITID CORRECTFITID CORRECTACTION SRVRTID CHECKNUM REFNUM SIC
    PAYEEID NAME EXTDNAME MEMO CURRENCY ORIGCURRENCY CURRATE CURSYM PAYEE ADDR1 ADDR2 ADDR3 CITY STATE POSTALCODE COUNTRY
    PHONE BANKACCTTO CCACCTTO BANKID BRANCHID ACCTID ACCTTYPE ACCTKEY IMAGEDATA INV401KSOURCE SUBACCTFUND
"""
_KNOWN = frozenset(_TAGS.split())
# Tags without children.
_LEAVES = frozenset(_TAGS.partition("CURRENCY")[0].split())
_PLAIN_TOKEN = re.compile(r"<(/?)([A-Z]+)>([^<]*)").findall


@dataclass(frozen=True, slots=True)
class Section:
    """A statement of one account: `text[start:end]`. `skeleton` is its tree without the transactions."""

    kind: str
    start: int
    end: int
    skeleton: ET.Element


@dataclass(frozen=True, slots=True)
class Block:
    """The markup of a transaction, at most 65,536 characters; `is_complete` is false if it was cut or the file ends in it."""

    text: str
    is_pending: bool
    is_complete: bool


def sections(text: str) -> list[Section]:
    """Return the statements in `text` in file order. A statement without an end tag ends where the next one begins."""
    found = list(islice(_STATEMENT.finditer(text), 2 * _MAX_STATEMENTS + 1))
    if len(found) > 2 * _MAX_STATEMENTS:
        message = f"The file has more than {_MAX_STATEMENTS:,} statements. Import it in parts."
        raise StatementError("too_many_statements", message)
    ends = [*(tag.start() for tag in found[1:]), len(text)]
    return [
        Section(tag.group(2).upper(), tag.end(), end, tree(_without_blocks(text, tag.end(), end)))
        for tag, end in zip(found, ends, strict=False)
        if not tag.group(1)
    ]


def blocks(text: str, section: Section) -> Iterator[Block]:
    """Yield the transactions of `section`. A transaction without an end tag ends at the next tag of its level."""
    for start, end, is_closed in _spans(text, section.start, section.end):
        markup = text[start : min(end, start + _MAX_BLOCK_LENGTH)]
        is_pending = markup[:10].upper().startswith("<STMTTRNP")
        yield Block(markup, is_pending, is_closed and end - start <= _MAX_BLOCK_LENGTH)


def _spans(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    begun: int | None = None
    for tag in _BOUNDARY.finditer(text, start, end):
        if begun is not None:
            yield begun, tag.start(), True
        opens = not tag.group(1) and tag.group(2).upper().startswith("STMTTRN")
        begun = tag.start() if opens else None
    if begun is not None:
        yield begun, end, end < len(text)


def _without_blocks(text: str, start: int, end: int) -> str:
    parts: list[str] = []
    for block_start, block_end, _ in _spans(text, start, end):
        between = text[start:block_start]
        if not between.isspace():
            parts.append(between)
        start = block_end
    parts.append(text[start:end])
    skeleton = "".join(parts)
    if len(skeleton) <= _SKELETON_HEAD + _SKELETON_TAIL:
        return skeleton
    return skeleton[:_SKELETON_HEAD] + skeleton[-_SKELETON_TAIL:]


def tree(fragment: str) -> ET.Element:
    """Return `fragment` as an element tree under one root, with upper-case tags and entities that are not decoded yet."""
    builder = TreeBuilder()
    builder.feed(f"<OFX>{_repair(fragment)}</OFX>")
    return builder.close()


def texts_of(tag: Literal["TRNAMT", "BALAMT"], text: str, found: Iterable[Section]) -> Iterator[str]:
    """Yield the texts of an element of `found` without their entities decoded."""
    for section in found:
        for element in _AMOUNTS[tag].finditer(text, section.start, section.end):
            yield element.group(1)


def plain_fields(fragment: str) -> dict[str, str] | None:
    """Return {tag: text} of a transaction with nothing but simple elements, as `tree` would read it; None for any other.

    Nearly all transactions are like this, and a tree takes six times as long.
    """
    tokens = _PLAIN_TOKEN(fragment)
    if len(tokens) != fragment.count("<") or not tokens or tokens[0][2].strip():
        return None  # an attribute, a comment, or a "<" or ">" in a text
    fields: dict[str, str] = {}
    opened = ""
    for slash, tag, text in tokens[1:]:
        if slash:
            if tag != opened or text.strip():
                return None
            opened = ""
        elif tag in _LEAVES:
            opened = tag
            value = text.strip()
            if value and tag not in fields:
                fields[tag] = value
        else:
            return None
    return fields


def _repair(fragment: str) -> str:
    """Close every element, remove empty ones, and escape each "<" that does not begin a tag."""
    if "<!" in fragment:
        fragment = _replace_between(fragment, "<![CDATA[", "]]>", _escape)
        fragment = _replace_between(fragment, "<!--", "-->", lambda comment: "")
    tokens = _TOKEN.findall(_STRAY.sub("&lt;", fragment))
    return _balance(_join_texts(tokens))


def _replace_between(text: str, begin: str, end: str, change: Callable[[str], str]) -> str:
    """Apply `change` to each text between `begin` and `end`, and remove both marks.

    SECURITY: without a regular expression, which would take quadratic time on a file of unclosed comments.
    """
    parts = text.split(begin)
    done = parts[:1]
    for part in parts[1:]:
        inside, found, after = part.partition(end)
        done.append(change(inside) + after if found else begin + part)
    return "".join(done)


def _escape(cdata: str) -> str:
    return cdata.replace("&", "&amp;").replace("<", "&lt;")


_Token = tuple[str, str, str, str]


def _join_texts(tokens: list[_Token]) -> list[_Token]:
    """Return `tokens` (slash, name, slash at the end, text) with texts such as "PAID <JOHN> 5" joined again."""
    joined: list[_Token] = []
    for token in tokens:
        _, name, _, text = token
        if joined and _is_inside_text(joined[-1], token):
            before = joined[-1]
            joined[-1] = (before[0], before[1], before[2], f"{before[3]}&lt;{name}>{text}")
        else:
            joined.append(token)
    return joined


def _is_inside_text(before: _Token, token: _Token) -> bool:
    slash, name = token[0], token[1].upper()
    if slash or name in _KNOWN or "." in name or before[0] or before[1].upper() not in _FREE_TEXT:
        return False
    starts_a_line = before[3].rstrip(" \t").endswith(("\n", "\r"))
    return bool(before[3].strip()) and not starts_a_line


def _balance(tokens: list[_Token]) -> str:
    closers = Counter(name.upper() for slash, name, _, _ in tokens if slash)
    markup: list[str] = []
    opened: list[str] = []
    for slash, name, _, text in tokens:
        tag = name.upper()
        if slash:
            closers[tag] -= 1
            # closes nothing if the tag is not open, for example after a value that is closed already
            depth = max((place for place, name in enumerate(opened) if name == tag), default=len(opened))
            markup.extend(f"</{name}>" for name in reversed(opened[depth:]))
            del opened[depth:]
        elif value := text.strip():
            markup.append(f"<{tag}>{value}</{tag}>")
        elif closers[tag] > 0 and len(opened) < _MAX_DEPTH:
            opened.append(tag)
            markup.append(f"<{tag}>")
    markup.extend(f"</{tag}>" for tag in reversed(opened))
    return "".join(markup)
