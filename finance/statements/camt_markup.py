"""Streaming of CAMT documents (ISO 20022): statements, their accounts, balances and entries, in bounded memory."""

import io
import re
import xml.etree.ElementTree as ET  # for the type only; defusedxml parses  # nosec B405
from collections.abc import Iterator
from typing import Literal, NamedTuple

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from finance.statements.rows import StatementError

_STATEMENTS = frozenset({"Stmt", "Rpt", "Ntfctn"})  # camt.053, 052, 054
_PARTS: dict[str, Literal["account", "balance", "entry"]] = {"Acct": "account", "Bal": "balance", "Ntry": "entry"}
# Characters that XML does not allow and banks copy from payment orders.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# SECURITY: limits of depth and of elements in memory, far above those of real files. A batch of 10,000 payments has its
# details read and forgotten one by one.
_MAX_DEPTH = 64
_MAX_ELEMENTS = 50_000
MAX_DETAILS = 20
_REPEATED = frozenset({"NtryDtls", "TxDtls"})
_OTHERS = 20  # other elements of an entry


class Part(NamedTuple):
    """A part of a document; `element` has tags without namespaces. "begin" and "end" enclose the parts of a statement."""

    kind: Literal["begin", "account", "balance", "entry", "end"]
    element: ET.Element


class _Xml:
    """A text stream for the parser, which expects no blank before the XML declaration and no control characters."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self._is_started = False

    def read(self, size: int = -1, /) -> str:
        chunk = _FORBIDDEN.sub(" ", self._text.read(size))
        while chunk and not self._is_started:
            chunk = chunk.lstrip("\ufeff \t\r\n")
            self._is_started = bool(chunk)
            chunk = chunk or self._text.read(size)
        return chunk


class _Reader:
    """The open elements of the document, the outermost first, and the number of those in memory."""

    def __init__(self) -> None:
        self._open: list[ET.Element] = []
        self._statement_depth = 0
        self._elements = 0

    def start(self, name: str, element: ET.Element) -> Part | None:
        self._open.append(element)
        self._elements += 1
        if len(self._open) > _MAX_DEPTH or self._elements > _MAX_ELEMENTS:
            raise StatementError("too_complex", "An entry of the file is too large or nested too deeply. Export it again.")
        if name in _STATEMENTS and not self._statement_depth:
            self._statement_depth = len(self._open)
            return Part("begin", element)
        return None

    def end(self, name: str, element: ET.Element) -> Part | None:
        below = len(self._open) - self._statement_depth if self._statement_depth else -1
        self._open.pop()
        if below == 0:
            self._statement_depth = 0
            return Part("end", element)
        if below == 1:
            self._open[-1].clear()
            self._elements = 0
            return Part(_PARTS[name], _without_namespaces(element)) if name in _PARTS else None
        if name in _REPEATED and below > 1 and len(self._open[-1]) > MAX_DETAILS + _OTHERS:
            self._open[-1].remove(element)
            self._elements -= sum(1 for _ in element.iter())
        return None


def read_parts(text: io.TextIOBase) -> Iterator[Part]:
    """Yield the parts of the statements in `text` in file order.

    Raise StatementError for a DTD or a hostile structure, and ET.ParseError where the XML is broken or ends.
    """
    reader = _Reader()
    # SECURITY: without a DTD there are no entities to expand or to fetch.
    try:
        for event, element in iterparse(_Xml(text), ("start", "end"), forbid_dtd=True):
            name = element.tag.rpartition("}")[2]
            part = reader.start(name, element) if event == "start" else reader.end(name, element)
            if part is not None:
                yield part
    except DefusedXmlException:
        message = "The file contains a DOCTYPE or ENTITY declaration, which CAMT does not allow. Export the file again."
        raise StatementError("forbidden_markup", message) from None


def _without_namespaces(element: ET.Element) -> ET.Element:
    for each in element.iter():
        each.tag = each.tag.rpartition("}")[2]
    return element
