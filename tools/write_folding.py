"""Write `core/migrations/sql/folding.sql` from Python's Unicode tables: `python -m tools.write_folding`.

The function has explicit ranges of code points, because which collations exist depends on how PostgreSQL was built: the
embedded server has no ICU, and PostgreSQL before version 17 has no built-in Unicode collation.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from core.folding import SIMPLER, fold

FILE = Path(__file__).resolve().parents[1] / "core/migrations/sql/folding.sql"
WIDTH = 110
ASCII_SIGNS = r"\u0001-\u002F\u003A-\u0060\u007B-\u007F"
TEMPLATE = """\
-- Return text in lower case, without accents and other marks, and with one space for any other signs.
-- Equal to `core.folding.fold`. Written by tools/write_folding.py from Unicode {version}; it doesn't depend on a collation.
CREATE FUNCTION core_fold(value text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    folded text;
BEGIN
    IF octet_length(value) = char_length(value) THEN -- ASCII
        RETURN btrim(regexp_replace(lower(value COLLATE "C"), '[^a-z0-9]+', ' ', 'g'));
    END IF;
    -- marks
    folded := lower(regexp_replace(normalize(value, NFKD),
        {marks},
        '', 'g') COLLATE "C");
    -- letters that users type without their sign
    folded := translate(folded, '{one_from}', '{one_to}');
    IF folded ~ '[{several}]' THEN
        {replaced}
    END IF;
    IF octet_length(folded) = char_length(folded) THEN
        RETURN btrim(regexp_replace(folded, '[^a-z0-9]+', ' ', 'g'));
    END IF;
    -- capitals: Greek and Cyrillic, then the others
    folded := translate(folded,
        {frequent},
        {frequent_lower});
    IF folded ~
        {rare_class}
    THEN
        folded := translate(folded,
            {rare},
            {rare_lower});
    END IF;
    -- other signs
    RETURN btrim(regexp_replace(folded,
        {signs},
        ' ', 'g'));
END $$;
"""


def sql() -> str:
    """Return the file's text."""
    kept = [chr(code) for code in range(0x80, 0x110000) if is_decomposed(chr(code))]
    letters = {sign: sign.lower() for sign in kept if sign.lower() not in {sign, *SIMPLER}}
    frequent = {sign: lower for sign, lower in letters.items() if "Ͱ" <= sign < "Ѡ"}
    rare = {sign: lower for sign, lower in letters.items() if sign not in frequent}
    simpler = {form: SIMPLER[sign] for sign in SIMPLER for form in (sign.upper(), sign, "ẞ" if sign == "ß" else sign)}
    one = {sign: other for sign, other in simpler.items() if len(sign) == len(other) == 1 and sign in kept}
    several = {sign: other for sign, other in simpler.items() if len(sign) == 1 < len(other)}
    return TEMPLATE.format(
        version=unicodedata.unidata_version,
        marks=pattern([sign for sign in kept if fold(f"a{sign}a") == "aa"], kept),
        one_from="".join(one),
        one_to="".join(one.values()),
        several="".join(several),
        replaced="\n        ".join(f"folded := replace(folded, '{sign}', '{other}');" for sign, other in several.items()),
        frequent=literal(frequent, 8),
        frequent_lower=literal(frequent.values(), 8),
        rare_class=pattern(list(rare), kept),
        rare=literal(rare, 12),
        rare_lower=literal(rare.values(), 12),
        signs=pattern([sign for sign in kept if fold(f"a{sign}a") == "a a"], kept, ASCII_SIGNS),
    )


def is_decomposed(sign: str) -> bool:
    return unicodedata.category(sign) != "Cs" and unicodedata.normalize("NFKD", sign) == sign


def pattern(signs: list[str], kept: list[str], start: str = "") -> str:
    """Return a regular expression of one or more of the signs. A range extends over code points that no text contains."""
    return literal([f"[{start}", *as_ranges(signs, kept), "]+"], 8)


def as_ranges(signs: list[str], kept: list[str]) -> Iterator[str]:
    wanted, first, last = set(signs), "", ""
    for sign in [*kept, ""]:
        if sign in wanted:
            first, last = first or sign, sign
        elif first:
            yield escaped(first) + (f"-{escaped(last)}" if last != first else "")
            first = ""


def escaped(sign: str) -> str:
    return f"\\u{ord(sign):04X}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08X}"


def literal(parts: Iterable[str], indent: int) -> str:
    """Return a SQL literal in lines; adjacent literals on several lines are one."""
    lines = [""]
    for part in parts:
        if len(lines[-1]) + len(part) > WIDTH:
            lines.append("")
        lines[-1] += part
    return ("\n" + " " * indent).join(f"'{line}'" for line in lines)


if __name__ == "__main__":
    FILE.write_text(sql())
