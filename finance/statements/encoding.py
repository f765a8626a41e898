"""Detection of the character encoding of a statement, streaming and in constant memory.

Checks in order: byte order mark, the NUL pattern of UTF-16, UTF-8 if the whole file is valid, the encoding that the file
declares, and finally a guess (`encoding_guess`). The option `encoding` replaces all of them. Decoding never fails later:
invalid bytes become U+FFFD in their rows.
"""

import codecs
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from finance.statements.encoding_guess import Guess, doubt, guess
from finance.statements.encoding_names import known_codec, name_of, require_codec
from finance.statements.rows import StatementError
from finance.statements.signatures import refuse_binary
from finance.statements.stream import NonClosingStream

_CHUNK = 1 << 16
_SAMPLE = 1 << 15
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DECLARATIONS = re.compile(rb"(?:<\?xml[^>]{0,80}encoding=[\"']|(?:ENCODING|CHARSET):\s*)([A-Za-z0-9_-]{2,20})")
# Declarations that say nothing about the characters beyond ASCII.
_MEANINGLESS = frozenset({"ascii", "us-ascii", "usascii", "none"})
_ALIASES = {"ansi": "windows-1252"}
_UTF16 = "utf-16"
_SHARE_OF_UTF16 = 0.3
_SHARE_OF_DAMAGE = 0.25
# A few characters may be valid both in UTF-8 and in an Asian encoding.
_ASIAN = frozenset({"gb18030", "big5hkscs", "cp932", "euc_jp", "cp949"})
_MIN_IN_ASIAN = 8


def find_encoding(file: BinaryIO, wanted: str = "") -> Guess:
    """Return the codec of `file` with its doubts; raise StatementError if it is not text or not in the encoding `wanted`.

    `file` must be seekable and open for binary reading. Its position changes.
    """
    file.seek(0)
    head = file.read(_CHUNK)
    found = next((codec for mark, codec in _MARKS if head.startswith(mark)), "") or _utf16_without_mark(head)
    if wanted:
        return Guess(_wanted(file, head, found, wanted))
    if found:
        return Guess(found)
    refuse_binary(head)
    if _is_valid_utf8(file):
        return Guess("utf-8")
    sample = _non_ascii_sample(file)
    if _damage(sample, "utf-8") < _SHARE_OF_DAMAGE:
        return Guess("utf-8")
    declared = _declared(head, sample)
    return doubt(sample, declared) if declared else guess(sample)


def _wanted(file: BinaryIO, head: bytes, marked: str, wanted: str) -> str:
    """Return the codec of the option `wanted`; raise StatementError if the bytes show that the file has another encoding."""
    codec = require_codec(wanted)
    if marked[: len(_UTF16)] == codec[: len(_UTF16)] or (marked, codec) == ("utf-8-sig", "utf-8"):
        return marked  # with its mark, or in the byte order that the bytes show
    if marked:
        raise _wrong(f"The file is in {name_of(marked.removesuffix('-sig'))}, not in {name_of(codec)}.")
    if codec.startswith(_UTF16):
        if b"\x00" not in head:
            raise _wrong(f"The file is not in {name_of(codec)}.")
        return "utf-16-le" if codec == _UTF16 else codec
    refuse_binary(head)
    sample = _non_ascii_sample(file)
    least = _MIN_IN_ASIAN if codec in _ASIAN else 1
    beyond_ascii = sum(not character.isascii() for character in sample.decode("utf-8", errors="replace"))
    if codec != "utf-8" and beyond_ascii >= least and _is_valid_utf8(file):
        raise _wrong(f"The file is in utf-8, not in {name_of(codec)}.")
    if _damage(sample, codec) >= _SHARE_OF_DAMAGE:
        raise _wrong(f"Most characters of the file that are not ASCII are not valid in {name_of(codec)}.")
    return codec


def _wrong(problem: str) -> StatementError:
    return StatementError("wrong_encoding", f"{problem} Leave out “encoding”, or send the encoding that your bank uses.")


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


def _damage(sample: bytes, codec: str) -> float:
    """Return the share of the characters beyond ASCII that are invalid in `codec`."""
    text = sample.decode(codec, errors="replace")
    return text.count("\ufffd") / max(1, sum(not character.isascii() for character in text))


def _declared(head: bytes, sample: bytes) -> str:
    """Return the declared codec, unless most characters are invalid in it."""
    for found in _DECLARATIONS.findall(head[:2_048]):
        name = found.decode("ascii").lower()
        codec = "" if name in _MEANINGLESS else known_codec(_ALIASES.get(name, name))
        if codec and not codec.startswith("utf") and _damage(sample, codec) < _SHARE_OF_DAMAGE:
            return codec
    return ""
