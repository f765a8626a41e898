"""Encodings that the option `encoding` accepts, by their names on the web, and their Python codecs."""

from encodings import normalize_encoding
from encodings.aliases import aliases

from finance.statements.rows import StatementError

# As browsers do, names stand for their supersets: banks that declare ISO-8859-1 or GB2312 use more characters than it has.
CODECS = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "windows-1252": "cp1252",
    "windows-1253": "cp1253",
    "windows-1254": "cp1254",
    "windows-1255": "cp1255",
    "windows-1256": "cp1256",
    "windows-1257": "cp1257",
    "windows-1258": "cp1258",
    "windows-874": "cp874",
    "iso-8859-1": "cp1252",
    "iso-8859-2": "iso8859-2",
    "iso-8859-15": "iso8859-15",
    "koi8-r": "koi8-r",
    "ibm850": "cp850",
    "ibm852": "cp852",
    "ibm866": "cp866",
    "macintosh": "mac-roman",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
}
NAMES = tuple(CODECS)
_MAX_NAME = 40


def _module(name: str) -> str:
    """Return the name of Python's module for an encoding, or of none.

    SECURITY: not `codecs.lookup`, which keeps every unknown name in memory.
    """
    module = normalize_encoding(name).lower()
    return aliases.get(module, module)


_BY_MODULE = {_module(codec): codec for codec in CODECS.values()} | {
    "latin_1": "cp1252", "ascii": "cp1252", "gbk": "gb18030", "gb2312": "gb18030", "big5": "big5hkscs", "cp950": "big5hkscs",
    "shift_jis": "cp932", "euc_kr": "cp949", "utf_8_sig": "utf-8",
}  # fmt: skip


def name_of(codec: str) -> str:
    """Return the name to send as `encoding` for a codec."""
    return next((name for name, own in CODECS.items() if own == codec), codec)


def known_codec(name: str) -> str:
    """Return the codec for a name that a file declares or a user sends, in any spelling; "" for an unknown name."""
    lower = name.strip().lower()
    if lower in CODECS:
        return CODECS[lower]
    if len(lower) > _MAX_NAME:
        return ""
    return _BY_MODULE.get(_module(f"cp{lower}" if lower.isdigit() else lower), "")


def require_codec(name: str) -> str:
    """Return the codec for the option `encoding`; raise StatementError with the accepted names for another one."""
    if codec := known_codec(name):
        return codec
    raise StatementError("unknown_encoding", f"“{name[:_MAX_NAME]}” is not a known encoding. Use one of: {', '.join(NAMES)}.")
