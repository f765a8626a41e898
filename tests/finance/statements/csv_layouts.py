"""Layouts of CSV files in many languages with the same two transactions, in our own words (`files/csv_layouts.txt`).

{p} and {q} are the payee and the text of an expense of 12.50 on 13 January 2025, {P} and {Q} those of an income of 2500.00 on
14 January (1250 and 250000 in a currency without decimals). A layout without one of them has no such column. The line above
each layout names it and the currency of its rows, which is USD if the layout has none.
"""

import re
from pathlib import Path

FILE = Path(__file__).parent / "files" / "csv_layouts.txt"
WORDS = {"p": "Corner Bakery", "q": "Order 881", "P": "Acme Payroll", "Q": "Salary January"}

_SECTIONS = re.split(r"^=== (.+) \| ([A-Z]{3})\n", FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
LAYOUTS = dict(zip(_SECTIONS[::3], _SECTIONS[2::3], strict=True))
CURRENCIES = dict(zip(_SECTIONS[::3], _SECTIONS[1::3], strict=True))
