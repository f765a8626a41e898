#!/usr/bin/env bash
# Library: num2words 0.5.14.
# Expected: a currency that a language has no words for raises NotImplementedError, as in English. 1.250 KWD are one dinar
#   and 250 fils, because the dinar has 1,000 fils (three minor units in ISO 4217).
# Seen: Arabic writes each currency but EGP, KWD and TND as Saudi riyals, so 150.00 EUR and 150.00 CHF become the same 150
#   riyals. KWD has two decimals in the table, so 1.250 KWD become 25 fils. The Tunisian dinar (TND) has three.
# Why it matters: in many countries the amount in words on a check or an invoice is the binding one. Here it names another
#   currency or a tenth of the fraction, and no error is raised.
# Source: set_currency_prefer() in num2words/lang_AR.py (the else branch and partPrecision) against Num2Word_Base.to_currency()
#   in num2words/base.py; related: https://github.com/savoirfairelinux/num2words/issues/256 and
#   https://github.com/savoirfairelinux/num2words/pull/563.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check num2words==0.5.14

"$work/venv/bin/python" -I -X utf8 - <<'PY'
import sys

from num2words import num2words

RIYAL, EURO, FILS = "ريال", "يورو", "فلس"
TWENTY_FIVE, TWO_HUNDRED_FIFTY = "خمس و عشرون", "مئتان و خمسون"


def spell(amount, currency, lang="ar"):
    try:
        return num2words(amount, to="currency", lang=lang, currency=currency)
    except NotImplementedError:
        return "NotImplementedError"


euros, francs, dinars = spell("150.00", "EUR"), spell("150.00", "CHF"), spell("1.250", "KWD")
english, tunisian = spell("150.00", "CHF", "en"), spell("1.250", "TND")

print(f"expected: CHF in Arabic as in English: {english}")
print(f"seen:     150.00 CHF is {francs} (150 riyals), 150.00 EUR is {euros}")
print(f"expected: 1.250 KWD ends with {TWO_HUNDRED_FIFTY} (250) as 1.250 TND does: {tunisian}")
print(f"seen:     1.250 KWD is {dinars} (25 fils)")
as_described = (
    english == "NotImplementedError"
    and euros == francs and RIYAL in euros and EURO not in euros
    and TWENTY_FIVE in dinars and FILS in dinars and TWO_HUNDRED_FIFTY in tunisian
)
sys.exit(None if as_described else "The behavior has changed.")
PY
