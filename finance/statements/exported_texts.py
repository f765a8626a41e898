r"""Texts in the account exports of this application, which its own import reads exactly as they were.

A line of QIF and an element of OFX can't contain line ends and most control characters, and readers trim and remove others.
These are written with a backslash: `\n`, `\r`, `\t`, `\\`, and `\u` with four hexadecimal digits.
"""

import re

# Line ends and control characters, invisible characters that `statements.text` removes, and white space that readers trim.
_SPECIAL = re.compile(r"[\\\x00-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]|^\s|\s\Z")
_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|([nrt\\]))")
_SHORT = {"\n": "n", "\r": "r", "\t": "t", "\\": "\\"}
_LONG = {letter: character for character, letter in _SHORT.items()}


def escaped(text: str) -> str:
    """Return `text` as one line without white space at its ends."""
    return _SPECIAL.sub(lambda found: "\\" + (_SHORT.get(found.group()) or f"u{ord(found.group()):04x}"), text)


def unescaped(text: str) -> str:
    """Return the text that `escaped` has changed."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: chr(int(found.group(1), 16)) if found.group(1) else _LONG[found.group(2)], text)
