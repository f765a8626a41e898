#!/usr/bin/env bash
# Libraries: Babel 2.19.0, iso4217 1.16.20260101.
# Expected: format_currency writes an amount with the minor units of its currency in ISO 4217, as it does for USD (2), JPY (0)
#   and KWD (3): two fillér digits for HUF, three fils for IQD. Rows that add up in the database add up on the page.
# Seen: for 15 of these currencies, HUF, COP, IDR and IQD among them, it rounds to whole units, half to even. Two rows of 10.50
#   forint are shown as 10 and 10 above a total of 21, and 1.500 dinars as 2. Nothing in the result tells that it was rounded.
# Why it matters: banks, card networks and ISO 20022 use the digits of ISO 4217, so statements contain such amounts, and the
#   page differs from the statement. Babel follows the "fractions" of the CLDR, which are those of daily cash payments.
#   `currency_digits=False` keeps the digits of the pattern, which are two: wrong for JPY and KWD instead.
# Source: https://www.unicode.org/reports/tr35/tr35-numbers.html#Supplemental_Currency_Data and SIX list one in iso4217.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check babel==2.19.0 iso4217==1.16.20260101

"$work/venv/bin/python" -I - <<'PY'
import sys
from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision
from iso4217 import Currency

DESCRIBED = "AFN ALL COP HUF IDR IQD IRR KPW LAK LBP MGA MMK SOS SYP YER".split()
differing = sorted(
    currency.code for currency in Currency
    if currency.exponent is not None and currency.exponent != get_currency_precision(currency.code)
)
rows = [Decimal("10.50"), Decimal("10.50")]
shown = [format_currency(amount, "HUF", "¤#,##0.00", "en_US") for amount in (*rows, sum(rows))]
dinars = format_currency(Decimal("1.500"), "IQD", "¤#,##0.00", "en_US")
fixed = format_currency(Decimal("1234"), "JPY", "¤#,##0.00", "en_US", currency_digits=False)
print("expected: HUF10.50 + HUF10.50 = HUF21.00, and IQD1.500")
print(f"seen:     {shown[0]} + {shown[1]} = {shown[2]}, and {dinars}; without the digits of the currency {fixed}")
print(f"seen:     other digits than ISO 4217 for {len(differing)} currencies: {' '.join(differing)}")
described = (shown, dinars, fixed, differing) == (["HUF10", "HUF10", "HUF21"], "IQD2", "¥1,234.00", DESCRIBED)
sys.exit(None if described else "The behavior has changed.")
PY
