"""Text as banks print it, made fit for people, for PostgreSQL and for comparison."""

import html
import re
import unicodedata

# SECURITY: PostgreSQL refuses NUL, and a bidi override can make one payee look like another.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
# The semicolon is required: HTML's own leniency would read the shop "J&REG SONS" as a trade mark.
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")


def clean_text(text: str, limit: int) -> str:
    """`text` without control characters and entities, its white space collapsed, cut at `limit` characters."""
    if "&" in text:
        # twice, as several banks escape what was escaped already
        text = _ENTITY.sub(_character, _ENTITY.sub(_character, text))
    # the only white space that counts as printable is the space itself (str.isprintable)
    if text.isprintable() and "  " not in text:
        return text.strip()[:limit].rstrip()
    if not text.isprintable():
        text = _INVISIBLE.sub("", text)
    return " ".join(text.split())[:limit].rstrip()


def _character(entity: re.Match[str]) -> str:
    return html.unescape(entity.group())


def normalize_text(text: str) -> str:
    """`text` reduced to its lower-case letters, marks and digits with single spaces between, to find duplicates.

    Two exports of one transaction differ in case, width, accents' composition, padding and punctuation, never in these.
    """
    if text.isascii():
        return _NOT_ALPHANUMERIC.sub(" ", text.lower()).strip()
    # NFKC after casefold again, as folding can take a composed character apart (Unicode, section 3.13, D146).
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.translate(_SPACED).split())


class _Spaced(dict[int, str]):
    """A translation table of all Unicode that learns each character when it first meets it."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kept = self[code] = character if unicodedata.category(character)[0] in "LMN" else " "
        return kept


_SPACED = _Spaced()


def plain_key(text: str) -> str:
    """`normalize_text` without accents: how column names and words of a bank are looked up."""
    decomposed = unicodedata.normalize("NFKD", normalize_text(text))
    if text.isascii():
        return decomposed
    return "".join(character for character in decomposed if unicodedata.category(character) != "Mn")
