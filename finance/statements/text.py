"""Cleaning of texts in bank statements for display and storage, and normalizing for comparison."""

import html
import re
import unicodedata

# SECURITY: PostgreSQL rejects NUL, and a bidi override can make one payee look like another.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
# The semicolon is required, because HTML without it would decode the name "J&REG SONS" to a trademark sign.
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")


def clean_text(text: str, limit: int) -> str:
    """Remove control characters, decode entities, collapse white space, and truncate to `limit` characters."""
    if "&" in text:
        # twice, because several banks escape entities twice
        text = _ENTITY.sub(_character, _ENTITY.sub(_character, text))
    # str.isprintable is false for any white space other than the space, so this text needs no collapsing
    if text.isprintable() and "  " not in text:
        return text.strip()[:limit].rstrip()
    if not text.isprintable():
        text = _INVISIBLE.sub("", text)
    return " ".join(text.split())[:limit].rstrip()


def _character(entity: re.Match[str]) -> str:
    return html.unescape(entity.group())


def normalize_text(text: str) -> str:
    """Return `text` as lower-case letters, marks and digits with single spaces, to find duplicates.

    Two exports of a transaction may differ in case, width, composition of accents, padding and punctuation only.
    """
    if text.isascii():
        return _NOT_ALPHANUMERIC.sub(" ", text.lower()).strip()
    # NFKC again after casefold, because case folding can decompose characters (Unicode, section 3.13, D146).
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.translate(_SPACED).split())


class _Spaced(dict[int, str]):
    """A translation table of all Unicode characters that is filled on first use of each character."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        translated = self[code] = character if unicodedata.category(character)[0] in "LMN" else " "
        return translated


_SPACED = _Spaced()


def join_texts(name: str, memo: str) -> str:
    """Join name and memo, or return one if it contains the other: a name is often the memo cut at 32 characters."""
    short, long = normalize_text(name), normalize_text(memo)
    if short in long:
        return memo
    return name if long in short else f"{name} - {memo}"


# Letters that Unicode does not decompose to a letter and an accent.
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ı": "i"})


def plain_key(text: str) -> str:
    """Return `normalize_text` without accents, the key for looking up column titles and words of banks."""
    if text.isascii():
        return normalize_text(text)
    decomposed = unicodedata.normalize("NFKD", normalize_text(text)).translate(_LETTERS)
    return "".join(character for character in decomposed if unicodedata.category(character) != "Mn")
