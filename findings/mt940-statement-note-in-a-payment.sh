#!/usr/bin/env bash
# Library: mt-940 5.1.1, with every opt-in correction switched on (Options.all()).
# Expected: a field 86 after the closing balance (field 62F) describes the statement as a whole. The text of the last payment
#   does not depend on it.
# Seen: the note is appended to the text of the last payment, because the parser adds each field 86 to the most recent field
#   61. The data of the statement has no note at all.
# Why it matters: a bank that sends the same payment in an interim and in a final statement, or repeats a file with another
#   note, delivers one payment with two texts. Duplicate detection by date, amount and text then imports it twice, and a
#   categorization rule matches words of the bank's announcement.
# Source: Transactions._update_transaction() in mt940/models.py; the meaning of the field after the balances:
#   https://github.com/railslove/cmxl/issues/27 and https://github.com/webschik/mt940-js/issues/12, which cites SWIFT.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check mt-940==5.1.1

"$work/venv/bin/python" -I - <<'PY'
import sys

import mt940

STATEMENT = """:20:MARCH05
:25:NL00TEST0123456789
:28C:65/1
:60F:C260304EUR1100,00
:61:2603050305D950,00NTRFRENT-0326
:86:Rent March, Harbor Homes
:62F:C260305EUR150,00
"""
NOTE = ":86:New interest rates apply from 1 April\n"


def read(text):
    statement = mt940.parse_statements(text, options=mt940.Options.all())[0]
    return statement.data, statement[0].data["transaction_details"]


_, without_note = read(STATEMENT)
data, with_note = read(STATEMENT + NOTE)

print(f"expected: {without_note!r} in both files")
print(f"seen:     {without_note!r} without the note")
print(f"seen:     {with_note!r} with it")
as_described = (
    without_note == "Rent March, Harbor Homes"
    and with_note == "Rent March, Harbor Homes\nNew interest rates apply from 1 April"
    and "interest" not in str(data)
)
sys.exit(None if as_described else "The behavior has changed.")
PY
