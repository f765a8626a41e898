#!/usr/bin/env bash
# Libraries: Babel 2.19.0, iso4217 1.16.20260101, ofxtools 1.1.1, py-moneyed 3.0, pycountry 26.2.16.
# Expected: each currency library reads the whole history of an account in Curaçao, where the Caribbean guilder (XCG)
#   replaced the Netherlands Antillean guilder (ANG) on 31 March 2025. At worst an old release misses the new code.
# Seen: one of five libraries knows both codes. The two that follow the current list of ISO 4217 reject the history of 2024,
#   and the two that keep old codes reject the statements of today. Updating a data package makes stored rows unreadable.
# Why it matters: a validator that uses such a table rejects old transactions after a routine update of the data, or new
#   transactions without it. The same happens to BGN, which left the current list when Bulgaria adopted the euro in 2026.
# Source: ISO 4217 amendment 176 as quoted in https://github.com/marcwrobel/jbanking/issues/377; missing XCG:
#   https://github.com/py-moneyed/py-moneyed/issues/195 and CURRENCY_CODES in ofxtools/models/i18n.py; missing ANG: the
#   package data of iso4217 (SIX list one) and of pycountry (iso4217.json).
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    babel==2.19.0 iso4217==1.16.20260101 ofxtools==1.1.1 py-moneyed==3.0 pycountry==26.2.16

"$work/venv/bin/python" -I - <<'PY'
import sys

import iso4217
import moneyed
import pycountry
from babel import Locale
from ofxtools.models.i18n import CURRENCY
from ofxtools.Types import OFXSpecError

CODES = ("ANG", "XCG", "BGN")
READERS = {
    "Babel": lambda code: Locale("en").currencies[code],
    "iso4217": lambda code: iso4217.Currency(code),
    "ofxtools": lambda code: CURRENCY(currate="1", cursym=code),
    "py-moneyed": lambda code: moneyed.get_currency(code),
    "pycountry": lambda code: pycountry.currencies.get(alpha_3=code).name,  # get() returns None for an unknown code
}
ALL, OLD, NEW = list(CODES), ["ANG", "BGN"], ["XCG"]
DESCRIBED = {"Babel": ALL, "iso4217": NEW, "ofxtools": OLD, "py-moneyed": OLD, "pycountry": NEW}


def is_known(read, code):
    try:
        read(code)
    except (AttributeError, KeyError, ValueError, OFXSpecError, moneyed.CurrencyDoesNotExist):
        return False
    return True


seen = {name: [code for code in CODES if is_known(read, code)] for name, read in READERS.items()}
print(f"expected: every library reads {', '.join(CODES)}")
for name, codes in seen.items():
    print(f"seen:     {name:10} reads {', '.join(codes)}")
sys.exit(None if seen == DESCRIBED else "The behavior has changed.")
PY
