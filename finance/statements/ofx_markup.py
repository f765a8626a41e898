"""OFX as banks really write it, cut into pieces and mended until ofxtools can read each piece.

A file is cut at its statements and transactions first: a broken transaction then costs itself and not the file, rows
are read lazily, and no tree of the whole file is built. Each piece is balanced (SGML leaves most end tags out, banks
forget others) and only then given to ofxtools. There is no DTD, so nothing expands.
"""

import re
import xml.etree.ElementTree as ET  # holds the tree; ofxtools reads the text, without a DTD  # nosec B405
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from ofxtools.Parser import TreeBuilder

from finance.statements.rows import StatementError

_STATEMENT = re.compile(r"<(/?)(STMTRS|CCSTMTRS|INVSTMTRS)\s*>", re.IGNORECASE)
_BOUNDARY = re.compile(r"<(/?)(STMTTRNP?|BANKTRANLISTP?|INVTRANLIST)\s*>", re.IGNORECASE)
_ATTRIBUTES = r"(?:\s+[A-Za-z_][\w:.-]*\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'))*"
_TAG = rf"/?[A-Za-z][A-Za-z0-9._]{{0,31}}{_ATTRIBUTES}\s*/?>"
_STRAY = re.compile(rf"<(?!{_TAG})")
_TOKEN = re.compile(rf"<(/?)([A-Za-z][A-Za-z0-9._]{{0,31}}){_ATTRIBUTES}\s*(/?)>([^<]*)")
# SECURITY: bounds on what is turned into objects at once, each far above what any bank sends.
_STATEMENTS = 1_000
_MAX_BLOCK_LENGTH = 1 << 16
_SKELETON_HEAD = 1 << 18
_SKELETON_TAIL = 1 << 16
# OFX nests a dozen levels; deeper is an attack on whoever walks the tree.
_DEPTH = 32
_FREE_TEXT = frozenset({"NAME", "MEMO", "EXTDNAME"})
# What may follow a free text inside a transaction (OFX 2.3, 11.4.4); anything else in angle brackets is part of it.
_TAGS = """
    TRNTYPE DTPOSTED DTUSER DTAVAIL DTTRAN DTEXPIRE TRNAMT FITID CORRECTFITID CORRECTACTION SRVRTID CHECKNUM REFNUM SIC
    PAYEEID NAME EXTDNAME MEMO CURRENCY ORIGCURRENCY CURRATE CURSYM PAYEE ADDR1 ADDR2 ADDR3 CITY STATE POSTALCODE COUNTRY
    PHONE BANKACCTTO CCACCTTO BANKID BRANCHID ACCTID ACCTTYPE ACCTKEY IMAGEDATA INV401KSOURCE SUBACCTFUND
"""
_KNOWN = frozenset(_TAGS.split())


@dataclass(frozen=True, slots=True)
class Section:
    """One statement of one account: `text[start:end]`; `skeleton` is that without its transactions."""

    kind: str
    start: int
    end: int
    skeleton: ET.Element


@dataclass(frozen=True, slots=True)
class Block:
    """One transaction's markup, from its start tag, cut at 65,536 characters; `is_complete` is false when it was cut
    or the file ends inside it."""

    text: str
    is_pending: bool
    is_complete: bool


def sections(text: str) -> list[Section]:
    """The statements in `text`, in order. One whose end tag is missing ends where the next begins."""
    found = list(islice(_STATEMENT.finditer(text), 2 * _STATEMENTS + 1))
    if len(found) > 2 * _STATEMENTS:
        raise StatementError("too_many_statements", f"The file has more than {_STATEMENTS:,} statements. Import it in parts.")
    ends = [*(tag.start() for tag in found[1:]), len(text)]
    return [
        Section(tag.group(2).upper(), tag.end(), end, tree(_without_blocks(text, tag.end(), end)))
        for tag, end in zip(found, ends, strict=False)
        if not tag.group(1)
    ]


def blocks(text: str, section: Section) -> Iterator[Block]:
    """The transactions of `section`, lazily. One without an end tag ends where the next tag of its level stands."""
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
    kept: list[str] = []
    for block_start, block_end, _ in _spans(text, start, end):
        between = text[start:block_start]
        if not between.isspace():
            kept.append(between)
        start = block_end
    kept.append(text[start:end])
    skeleton = "".join(kept)
    if len(skeleton) <= _SKELETON_HEAD + _SKELETON_TAIL:
        return skeleton
    return skeleton[:_SKELETON_HEAD] + skeleton[-_SKELETON_TAIL:]


def tree(fragment: str) -> ET.Element:
    """`fragment` as an element tree under one root, with upper-case tags; entities in its text are not decoded yet."""
    builder = TreeBuilder()
    builder.feed(f"<OFX>{_mended(fragment)}</OFX>")
    return builder.close()


def _mended(fragment: str) -> str:
    """`fragment` with every element closed, empty ones dropped, and "<" that begins no tag escaped."""
    if "<!" in fragment:
        fragment = _replaced(fragment, "<![CDATA[", "]]>", _escaped)
        fragment = _replaced(fragment, "<!--", "-->", lambda comment: "")
    tokens = _TOKEN.findall(_STRAY.sub("&lt;", fragment))
    return _balanced(_text_rejoined(tokens))


def _replaced(text: str, begin: str, end: str, change: Callable[[str], str]) -> str:
    """`text` with what stands between `begin` and `end` changed, and the two taken out.

    SECURITY: by hand, since a regular expression takes quadratic time over a file of unclosed comments.
    """
    parts = text.split(begin)
    done = parts[:1]
    for part in parts[1:]:
        inside, found, after = part.partition(end)
        done.append(change(inside) + after if found else begin + part)
    return "".join(done)


def _escaped(cdata: str) -> str:
    return cdata.replace("&", "&amp;").replace("<", "&lt;")


_Token = tuple[str, str, str, str]


def _text_rejoined(tokens: list[_Token]) -> list[_Token]:
    """`tokens` (slash, name, slash at the end, text) in which "PAID <JOHN> 5" is one text again."""
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


def _balanced(tokens: list[_Token]) -> str:
    closers = Counter(name.upper() for slash, name, _, _ in tokens if slash)
    markup: list[str] = []
    opened: list[str] = []
    for slash, name, _, text in tokens:
        tag = name.upper()
        if slash:
            closers[tag] -= 1
            # none when the tag is not open, as after a value that was closed already
            depth = max((place for place, name in enumerate(opened) if name == tag), default=len(opened))
            markup.extend(f"</{name}>" for name in reversed(opened[depth:]))
            del opened[depth:]
        elif value := text.strip():
            markup.append(f"<{tag}>{value}</{tag}>")
        elif closers[tag] > 0 and len(opened) < _DEPTH:
            opened.append(tag)
            markup.append(f"<{tag}>")
    markup.extend(f"</{tag}>" for tag in reversed(opened))
    return "".join(markup)
