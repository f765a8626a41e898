#!/usr/bin/env bash
# django-pgtrigger 4.17.0 with Django 5.2.19; PostgreSQL's own parser from pglast 8.8
# Expected: a free-form condition of a trigger may be any SQL condition, as the documentation shows it without brackets.
# Seen: pgtrigger puts the condition into brackets unless its text begins with one. A comparison of two rows,
#   (OLD.amount, OLD.currency) IS DISTINCT FROM (NEW.amount, NEW.currency), and any (A OR B) AND C begin with a bracket that
#   does not enclose the whole condition, so the trigger is created with WHEN (OLD.amount, …) IS DISTINCT FROM …, a syntax
#   error that makemigrations and check do not find. The migration fails on the server.
# Why it matters: "record a change of the amount or of its currency" is the row comparison by which ledgers guard money.
# Source: pgtrigger/core.py, Trigger.render_condition
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3.11 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -qq Django==5.2.19 django-pgtrigger==4.17.0 'psycopg[binary]==3.3.9' pglast==8.8

cd "$tmp"
timeout 60 "$tmp/venv/bin/python" - <<'PYTHON'
import sys
import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["pgtrigger"],
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "none"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

import pglast
import pgtrigger
from django.db import models

class Payment(models.Model):
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    currency = models.CharField(max_length=3)

    class Meta:
        app_label = "ledger"

def is_valid(condition):
    trigger = pgtrigger.Trigger(
        name="guard", when=pgtrigger.Before, operation=pgtrigger.Update,
        condition=pgtrigger.Condition(condition), func="RETURN NEW;",
    )
    clause = trigger.render_condition(Payment)
    try:
        pglast.parse_sql(f"CREATE TRIGGER t BEFORE UPDATE ON payment FOR EACH ROW {clause} EXECUTE FUNCTION f()")
    except pglast.parser.ParseError:
        return False
    return True

ROWS = "(OLD.amount, OLD.currency) IS DISTINCT FROM (NEW.amount, NEW.currency)"
seen = [is_valid(text) for text in (ROWS, f"({ROWS})", f"true AND {ROWS}")]
print(f"expected: valid SQL three times\nseen: {seen}")
sys.exit(seen != [False, True, True])
PYTHON
