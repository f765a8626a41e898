"""Folded text, for comparing words without case, accents and signs. Equal to `core_fold` in SQL."""

import unicodedata

# Letters that users type without their sign, but that Unicode doesn't decompose
SIMPLER = dict(zip("ßæœþøđðłħŧıς", ("ss", "ae", "oe", "th", *"oddlhtiσ"), strict=True))


class _FoldedSigns(dict[int, str | None]):
    """The folded form of each code point of decomposed text, for `str.translate`; None removes a mark."""

    def __missing__(self, code: int) -> str | None:
        sign = chr(code)
        category = unicodedata.category(sign)
        lower = sign.lower()
        folded: str | None = SIMPLER.get(lower, lower)
        if category[0] == "M" or category == "Cf":
            folded = None
        elif category[0] in "PSZ" or category in {"Cc", "Co", "Cs"}:
            folded = " "
        self[code] = folded
        return folded


_FOLDED_SIGNS = _FoldedSigns()


def fold(text: str) -> str:
    """Return text in lower case, without accents and other marks, and with one space for any other signs."""
    return " ".join(unicodedata.normalize("NFKD", text).translate(_FOLDED_SIGNS).split())


def fold_all(*texts: str) -> str:
    """Return the folded texts as ` one | two words |  | four `, in which ` word ` is a whole word of one text."""
    return f" {' | '.join(map(fold, texts))} "
