"""Detection of the character encoding of a statement, streaming and in constant memory.

Checks in order: byte order mark, the NUL pattern of UTF-16, UTF-8 if the whole file is valid, the encoding that the file
declares, and finally the distribution of its bytes. Decoding never fails later: invalid bytes become U+FFFD in their rows.
"""

import codecs
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

import charset_normalizer

from finance.statements.signatures import refuse_binary
from finance.statements.stream import NonClosingStream

_CHUNK = 1 << 16
_SAMPLE = 1 << 15
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DECLARATIONS = re.compile(rb"(?:<\?xml[^>]{0,80}encoding=[\"']|(?:ENCODING|CHARSET):\s*)([A-Za-z0-9_-]{2,20})")
# Declared names without a Python codec, and names that banks declare for files in another encoding.
_ALIASES = {"ansi": "cp1252", "iso-8859-1": "cp1252", "latin1": "cp1252", "ascii": "", "us-ascii": "", "usascii": ""}
_CODECS = """
    utf-8 cp1250 cp1251 cp1252 cp1253 cp1254 cp1257 iso8859-2 iso8859-15 koi8-r gbk gb2312 gb18030 big5 euc_jp
    shift_jis cp932 euc_kr cp949
"""
_DECLARABLE = frozenset(_CODECS.split())
_WESTERN = "cp1252"
_MULTIBYTE = ("gb18030", "euc_jp", "euc_kr", "cp932", "big5", "cp1251")
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
# Fewer high bytes than this do not identify a script. In Western text, nine in ten accented letters are isolated high bytes.
_MIN_HIGH_BYTES = 8
_SHARE_OF_SCRIPT = 0.7
_SHARE_OF_UTF16 = 0.3
_SHARE_OF_DAMAGE = 0.25


def detect_encoding(file: BinaryIO) -> str:
    """Return the codec name of `file`; raise StatementError if it is not text.

    `file` must be seekable and open for binary reading. Its position changes.
    """
    file.seek(0)
    head = file.read(_CHUNK)
    found = next((codec for mark, codec in _MARKS if head.startswith(mark)), "") or _utf16_without_mark(head)
    if found:
        return found
    refuse_binary(head)
    if _is_valid_utf8(file):
        return "utf-8"
    sample = _non_ascii_sample(file)
    if _is_damaged_utf8(sample):
        return "utf-8"
    return _declared(head, sample) or _guess(sample)


def open_text(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """Return `file` as text from its beginning, with its line ends; closing the text leaves `file` open."""
    file.seek(0)
    raw = io.BufferedReader(NonClosingStream(file), _CHUNK)
    return io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="")


def _utf16_without_mark(head: bytes) -> str:
    """Return the UTF-16 codec if the NUL bytes of ASCII characters are only at odd (LE) or only at even (BE) offsets."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    enough = len(head) * _SHARE_OF_UTF16 / 2
    if odd > enough and not even:
        return "utf-16-le"
    return "utf-16-be" if even > enough and not odd else ""


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk


def _is_valid_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in _chunks(file):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _non_ascii_sample(file: BinaryIO) -> bytes:
    """Return up to 32 KB of the lines that are not plain ASCII, because only these differ between encodings."""
    lines: list[bytes] = []
    size = 0
    for chunk in _chunks(file):
        for line in chunk.splitlines():
            if not line.isascii() and size < _SAMPLE:
                lines.append(line[:_SAMPLE])
                size += len(line)
        if size >= _SAMPLE:
            break
    return b"\n".join(lines)[:_SAMPLE]


def _is_damaged_utf8(sample: bytes) -> bool:
    text = sample.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    return broken < _SHARE_OF_DAMAGE * sum(not character.isascii() for character in text)


def _declared(head: bytes, sample: bytes) -> str:
    """Return the declared codec, but not a Western one if the bytes look multibyte: Asian banks often declare it wrongly."""
    for name in _DECLARATIONS.findall(head[:2_048]):
        codec = _known_codec(name.decode("ascii").lower())
        if codec and not (codec == _WESTERN and _looks_multibyte(sample)):
            return codec
    return ""


def _known_codec(name: str) -> str:
    name = _ALIASES.get(name, f"cp{name}" if name.isdigit() else name)
    try:
        codec = codecs.lookup(name).name if name else ""
    except LookupError:
        return ""
    return codec if codec in _DECLARABLE else ""


def _looks_multibyte(sample: bytes) -> bool:
    runs = _HIGH_BYTES.findall(sample)
    high = sum(map(len, runs))
    paired = sum(len(run) for run in runs if len(run) > 1)
    return high >= _MIN_HIGH_BYTES and paired >= high * _SHARE_OF_SCRIPT


def _guess(sample: bytes) -> str:
    if not _looks_multibyte(sample):
        return _WESTERN
    best = charset_normalizer.from_bytes(sample, cp_isolation=list(_MULTIBYTE)).best()
    return best.encoding if best else _WESTERN
