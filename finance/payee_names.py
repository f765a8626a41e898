"""Names of payees, derived from the merchant's name that a bank wrote."""

from functools import lru_cache

MAX_LENGTH = 100
REMEMBERED = 10_000  # names; a file repeats most of its merchants

# What processors of card payments write before the merchant's name and a star
PROCESSORS = {
    *("sq", "tst", "paypal", "pp", "sumup", "zettle", "iz", "sp", "bt", "cke", "ls", "eb", "google", "wpy", "dd", "toast"),
    *("paypal inst xfer", "stripe", "klarna", "payu", "adyen", "ec", "py"),
}
BRANCH = {"#", "no", "no.", "nr", "nr.", "store", "filiale", "ref", "ref:", "order", "card"}  # words before a number
NUMBER_SIGNS = "0123456789#*-./:xX()"
MIN_DIGITS = 2
ORDER_DIGITS = 3  # of an order after a star, such as US*2K3AB4CD5
SHORT = 3  # letters of a name that stays in capitals, such as BP and IBM
VOWELS = set("AEIOUYÀÁÂÃÄÅÆÈÉÊËÌÍÎÏÒÓÔÕÖØÙÚÛÜÝ")  # a word without one is an abbreviation, such as KFC


@lru_cache(REMEMBERED)
def payee_name(merchant_name: str) -> str:
    """Return the name of the payee for a merchant's name, without processor and numbers; "" for "".

    "SQ *BLUE BOTTLE COFFEE #0123" is "Blue Bottle Coffee". A name that consists of numbers only is kept.
    """
    text = " ".join(merchant_name.split())
    words = _without_processor(text).split()
    while len(words) > 1 and (_is_number(words[-1]) or words[-1].lower() in BRANCH):
        words.pop()
    if words:
        words[-1] = _without_order(words[-1])
    name = " ".join(words).strip(" -#*,/")
    if not any(sign.isalpha() for sign in name):
        name = text
    is_shouted = name.isupper() and (len(name) > SHORT or " " in name)
    return (" ".join(map(_readable, name.split())) if is_shouted else name)[:MAX_LENGTH].strip()


def _without_processor(text: str) -> str:
    processor, star, rest = text.partition("*")
    return rest if star and rest.strip() and processor.strip().lower() in PROCESSORS else text


def _is_number(word: str) -> bool:
    """Return True for the number of a branch or an order, a telephone number, a day or the digits of a card."""
    digits = sum(sign.isdigit() for sign in word)
    star = word.rfind("*")
    is_order = star > 0 and sum(sign.isdigit() for sign in word[star:]) >= ORDER_DIGITS
    return is_order or (digits >= MIN_DIGITS and all(sign in NUMBER_SIGNS for sign in word))


def _without_order(word: str) -> str:
    name, star, order = word.partition("*")
    return name if star and name and any(sign.isdigit() for sign in order) else word


def _readable(word: str) -> str:
    """Return a word with capitals at the beginning of its parts only; an abbreviation as it is."""
    if "&" in word or "." in word or not VOWELS & set(word):
        return word
    return "-".join(part.capitalize() for part in word.split("-"))
