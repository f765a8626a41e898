"""Guess of an encoding from the bytes alone: the one whose characters are those of a language.

Each candidate decodes a sample, and its score is the share of characters that the likeliest language of that encoding uses.
The score of the right one is near 1. Other candidates that come close are rivals, between which the bytes do not decide.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from finance.statements.encoding_names import name_of
from finance.statements.rows import StatementWarning

_WESTERN = (
    "àâæçéèêëîïôœùûüÿ", "äöüßé", "áéíñóúüç", "àèéìíîòóù", "áâãàçéêíóôõúü", "àçèéíïòóúü", "äéëèïöüáíóúê", "åäöé",
    "æøåéôòó", "áðéíóúýþæö",
)  # fmt: skip
_CENTRAL = (
    "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîşţ"
)  # fmt: skip
_RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
_CYRILLIC = (_RUSSIAN, "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя", "абвгдђежзијклљмнњопрстћуфхцчџш")
_GREEK = ("αάβγδεέζηήθιίϊΐκλμνξοόπρσςτυύϋΰφχψωώ",)
# Marks that occur in every language; they are neither for nor against an encoding unless they are inside a word.
_TYPOGRAPHY = frozenset("€£§°·–—‘’‚“”„…«»‹›¿¡ªº®©\xa0№")
_SAMPLE = 1 << 12
_MIN_MARGIN, _MAX_MARGIN, _DOUBT = 0.02, 0.35, 2.0
_LIKELY, _UNLIKELY = 0.9, 3.0
# Fewer characters beyond ASCII prove nothing against the usual or a declared encoding.
_MIN_PROOF = 6
_USUAL = "cp1252"
_MAX_TEXTS, _SHOWN = 5, 40
_BELOW_LETTERS = re.compile(rb"[\x00-\x3f]+")
_SEPARATORS = re.compile(r"[,;\t|<>\"\r\n]")

Score = Callable[[str], tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Guess:
    """The likeliest codec and the texts of the sample, each with its reading by a rival (codec) that comes close."""

    codec: str
    rival: str = ""
    texts: tuple[tuple[str, str], ...] = ()

    def warnings(self) -> tuple[StatementWarning, ...]:
        """Return a warning with the texts that another encoding would change, if there are any."""
        if not self.texts:
            return ()
        own, other = name_of(self.codec), name_of(self.rival)
        shown = ", ".join(f"“{text}” (or “{changed}”)" for text, changed in self.texts)
        message = (
            f"The file does not show its encoding clearly. It was read as {own}; check these texts: {shown}. "
            f"If those in brackets are right, send encoding={other}."
        )
        return (StatementWarning("encoding_guessed", message),)


def guess(sample: bytes) -> Guess:
    """Return the likeliest encoding of `sample`, lines that are neither ASCII nor UTF-8."""
    short = sample[:_SAMPLE]
    scored = [(_score(short, codec, score), codec) for codec, score in _CANDIDATES]
    (best, size), codec = max(scored, key=lambda entry: entry[0][0])  # the first of equal ones
    # few characters prove little, and neither does a reading with letters that no language has together
    least = best - min(_MAX_MARGIN, max(_MIN_MARGIN, _DOUBT / max(size, 1), _UNLIKELY * (_LIKELY - best)))
    # repeating a word proves nothing. The second byte of a Chinese or Japanese character may be ASCII, hardly ever below 0x40
    words = b" ".join(dict.fromkeys(_BELOW_LETTERS.split(short)))
    proof = sum(not character.isascii() for character in words.decode(codec, errors="replace"))
    close = [entry for entry in scored if entry[0][0] >= least or (proof < _MIN_PROOF and entry[1] == _USUAL)]
    for _, rival in sorted(close, key=lambda entry: -entry[0][0]):
        texts = _changed(short, codec, rival)
        # a reading with control or replacement characters is refuted by the bytes
        if texts and _damaged(texts, 1) <= _damaged(texts, 0):
            return Guess(codec, rival, texts)
    return Guess(codec)


def _damaged(texts: Sequence[tuple[str, str]], reading: int) -> int:
    return sum("\ufffd" in text[reading] for text in texts)


def doubt(sample: bytes, codec: str) -> Guess:
    """Return `codec`, which the file declares, unless another one is much more likely: many banks declare a wrong one."""
    short = sample[:_SAMPLE]
    scores = {name: _score(short, name, score) for name, score in _CANDIDATES}
    likely = max(scores, key=lambda name: scores[name][0])
    own, _ = scores.get(codec, (1.0, 0))
    other, size = scores[likely]
    if other - own <= _MAX_MARGIN:
        return Guess(codec)
    if size < _MIN_PROOF:
        return Guess(codec, likely, _changed(short, codec, likely))
    return Guess(likely, codec, _changed(short, likely, codec))


def _score(sample: bytes, codec: str, score: Score) -> tuple[float, int]:
    return score(sample.decode(codec, errors="replace"))


def _changed(sample: bytes, codec: str, rival: str) -> tuple[tuple[str, str], ...]:
    """Return up to five different texts of the sample that the rival reads otherwise, with both readings."""
    found: dict[str, str] = {}
    for line in sample.splitlines():
        own = _SEPARATORS.split(line.decode(codec, errors="replace"))
        other = _SEPARATORS.split(line.decode(rival, errors="replace"))
        if len(own) != len(other):
            own, other = [line.decode(codec, errors="replace")], [line.decode(rival, errors="replace")]
        found.update((one.strip(), two.strip()) for one, two in zip(own, other, strict=True) if one != two)
        if len(found) >= _MAX_TEXTS:
            break
    return tuple((_printable(one), _printable(two)) for one, two in list(found.items())[:_MAX_TEXTS])


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "\ufffd" for character in text[:_SHOWN])


def _by_alphabet(*alphabets: str, is_latin: bool = True) -> Score:
    """Return a score by the alphabet that has most letters of the text that are not ASCII.

    Letters of another script than the Latin one do not stand beside ASCII letters.
    """

    def score(text: str) -> tuple[float, int]:
        letters: list[str] = []
        wrong = 0
        padded = f" {text} "
        for before, character, after in zip(padded, text, padded[2:], strict=False):
            if character.isascii():
                continue
            is_alone = is_latin or not (_is_ascii_letter(before) or _is_ascii_letter(after))
            if character.isalpha() and is_alone and not (character.isupper() and before.islower()):
                letters.append(character.lower())
            elif character not in _TYPOGRAPHY or not (_is_end(before) or _is_end(after)):
                wrong += 2 if character == "\ufffd" or not (character.isprintable() or character == "\xa0") else 1
        size = len(letters) + wrong
        own = max(sum(letter in alphabet for letter in letters) for alphabet in alphabets)
        return (own / size if size else 1.0), size

    return score


def _is_end(character: str) -> bool:
    return character.isascii() and not character.isalpha()


def _is_ascii_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _by_page(codec: str, weights: Sequence[tuple[int, int, float]], *, others: float = -1) -> Score:
    """Return a score by the first bytes of the characters in `codec`: (first, last, weight) for ranges of common ones.

    `others` is the weight of letters that `codec` does not have. A single character between ASCII letters is no word.
    """
    table = [max((weight for first, last, weight in weights if first <= byte <= last), default=0.0) for byte in range(256)]

    def score(text: str) -> tuple[float, int]:
        total, size = 0.0, 0
        padded = f" {text} "
        for before, character, after in zip(padded, text, padded[2:], strict=False):
            if character.isascii():
                continue
            size += 1
            if not (_is_ascii_letter(before) and _is_ascii_letter(after)):
                encoded = character.encode(codec, errors="ignore")
                total += table[encoded[0]] if encoded else others if character.isalpha() else -1
        return (total / size if size else 0.0), size

    return score


# Rows A1 to A3 of the Asian sets are punctuation and wide letters, A4 and A5 Japanese kana, the others begin with the common
# characters. Chinese and Korean have the same codes; Korean has no common ones above C8, where Chinese has two in five.
_GB2312 = _by_page(
    "gb2312", [(0xA1, 0xA3, 0.8), (0xA4, 0xA5, 0.1), (0xB0, 0xC8, 0.85), (0xC9, 0xD7, 1.0), (0xD8, 0xF7, 0.2)], others=0.6
)
_BIG5 = _by_page("big5", [(0xA1, 0xA3, 0.8), (0xA4, 0xC6, 0.95), (0xC9, 0xF9, 0.15)])
_EUC_JP = _by_page("euc_jp", [(0xA1, 0xA3, 0.8), (0xA4, 0xA5, 1.0), (0xB0, 0xCF, 0.85), (0xD0, 0xF4, 0.1), (0x8E, 0x8E, 0.4)])
_SHIFT_JIS = _by_page(
    "cp932", [(0x81, 0x81, 0.8), (0x82, 0x83, 1.0), (0x88, 0x97, 0.85), (0x98, 0xEA, 0.1), (0xA6, 0xDF, 0.95)]
)
_EUC_KR = _by_page("euc_kr", [(0xA1, 0xA3, 0.8), (0xB0, 0xC8, 1.0), (0xCA, 0xFD, 0.1)])

_CANDIDATES: tuple[tuple[str, Score], ...] = (
    ("cp1252", _by_alphabet(*_WESTERN)),
    ("cp1250", _by_alphabet(*_CENTRAL)),
    ("iso8859-2", _by_alphabet(*_CENTRAL)),
    ("iso8859-15", _by_alphabet(*_WESTERN)),
    ("cp1254", _by_alphabet("çğıi̇öşüâîû")),
    ("cp1257", _by_alphabet("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž")),
    ("cp1255", _by_alphabet("אבגדהוזחטיךכלםמןנסעףפץצקרשת", is_latin=False)),
    ("cp1251", _by_alphabet(*_CYRILLIC, is_latin=False)),
    ("koi8-r", _by_alphabet(_RUSSIAN, is_latin=False)),
    ("cp1253", _by_alphabet(*_GREEK, is_latin=False)),
    ("cp1256", _by_alphabet("ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژگ", is_latin=False)),
    ("cp866", _by_alphabet(_RUSSIAN, is_latin=False)),
    ("cp949", _EUC_KR),
    ("gb18030", _GB2312),
    ("big5hkscs", _BIG5),
    ("cp932", _SHIFT_JIS),
    ("euc_jp", _EUC_JP),
    ("cp850", _by_alphabet(*_WESTERN)),
    ("cp852", _by_alphabet(*_CENTRAL)),
)
