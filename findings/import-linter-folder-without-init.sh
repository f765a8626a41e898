#!/usr/bin/env bash
# import-linter 2.16 with grimp 3.19
# Expected: a contract over a package covers each module that Python can import from the package.
# Seen: a folder without __init__.py inside a regular package is importable, but the linter neither reads it nor says so. The
#   contract is "KEPT", also with --verbose, although a module in the folder breaks it. An empty __init__.py makes it "BROKEN".
#   The summary counts the files that were read, so only a person who compares that number with the folder notices.
# Why it matters: "the ledger imports nothing from the web layer" is checked by CI for years, except in the new folder whose
#   __init__.py was forgotten. ruff's rule INP001 closes the gap.
# Source: https://github.com/python-grimp/grimp/issues/298
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
python3.11 -m venv venv
venv/bin/pip install -qq import-linter==2.16 grimp==3.19

mkdir -p bank/ledger/interest bank/web
touch bank/__init__.py bank/ledger/__init__.py bank/web/__init__.py
echo 'RATE_IN_FORM = "2.25"' > bank/web/forms.py
echo 'from bank.web.forms import RATE_IN_FORM' > bank/ledger/interest/daily.py
cat > .importlinter <<'INI'
[importlinter]
root_package = bank

[importlinter:contract:layers]
name = The web layer is above the ledger
type = layers
layers =
    bank.web
    bank.ledger
INI

linted() {
  # Print KEPT or BROKEN. The linter's exit status is 1 for a broken contract.
  { venv/bin/lint-imports --no-cache --verbose || true; } | grep -om1 'above the ledger [A-Z]*' | grep -o '[A-Z]*$'
}

imported=$(venv/bin/python -c 'import bank.ledger.interest.daily as daily; print(daily.RATE_IN_FORM)')
without=$(linted)
touch bank/ledger/interest/__init__.py
with=$(linted)
echo "Python imports the module that breaks the contract: $imported"
echo "without __init__.py in its folder: expected BROKEN, seen $without"
echo "with an empty __init__.py: $with"
[ "$imported $without $with" = "2.25 KEPT BROKEN" ]
