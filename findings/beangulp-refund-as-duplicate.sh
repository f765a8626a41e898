#!/usr/bin/env bash
# Libraries: beangulp 0.2.0 with beancount 3.2.3.
# Expected: a refund one day after the purchase has the opposite sign, so it is a new transaction. Only a second copy of the
#   purchase is a duplicate.
# Seen: the default comparison divides the two amounts and takes the absolute value of the quotient. The refund is marked as
#   a duplicate of its own purchase and is written as a comment.
# Why it matters: an import that runs without an error leaves out each refund that posts within two days of the purchase,
#   unless a person reads the comments in the output. The balance is then too low by the refunded amount.
# Source: beangulp/similar.py, heuristic_comparator() and beangulp/importer.py, Importer.cmp; issue
#   https://github.com/beancount/beangulp/issues/162 (open) and pull request 217 of the same repository (open).
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check beangulp==0.2.0 beancount==3.2.3

"$work/venv/bin/python" -I - <<'PY'
import io
import sys

import beangulp
from beancount.loader import load_string
from beancount.parser.parser import parse_string
from beangulp.extract import print_extracted_entries

LEDGER = """
2026-01-01 open Assets:Bank
2026-01-01 open Expenses:Clothes
2026-03-02 * "Alpine Boots" "Purchase"
  Assets:Bank  -120.00 EUR
  Expenses:Clothes
"""
STATEMENT = """
2026-03-03 * "Alpine Boots" "Refund"
  Assets:Bank  120.00 EUR
2026-03-03 * "Alpine Boots" "Laces"
  Assets:Bank  -8.00 EUR
"""


class Importer(beangulp.Importer):
    def identify(self, filepath): return True
    def account(self, filepath): return "Assets:Bank"


importer = Importer()
entries = parse_string(STATEMENT)[0]
importer.deduplicate(entries, load_string(LEDGER)[0])
output = io.StringIO()
print_extracted_entries([("march.csv", entries, "Assets:Bank", importer)], output)
imported = [name for name in ("Laces", "Refund") if f'\n2026-03-03 * "Alpine Boots" "{name}"' in output.getvalue()]

print("expected: ['Laces', 'Refund'] are imported")
print(f"seen:     {imported} is imported, and the refund is a comment:")
print("\n".join("  " + line for line in output.getvalue().splitlines() if line.startswith(";") and "mode" not in line))
sys.exit(None if imported == ["Laces"] else "The behavior has changed.")
PY
