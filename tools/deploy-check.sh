#!/usr/bin/env bash
# Run Django's deployment checks in an environment like production. Every warning is an error.
# The secrets are generated for this run, and no database connection is opened.
set -euo pipefail
cd "$(dirname "$0")/.."

secret() { .venv/bin/python -c 'import secrets; print(secrets.token_hex(32))'; }

exec env -i PATH="$PATH" HOME="${HOME:-/}" LANG=C.UTF-8 \
    DEBUG=0 \
    SECRET_KEY="$(secret)" \
    FIELD_ENCRYPTION_KEYS="$(secret)" \
    METRICS_TOKEN="$(secret)" \
    ALLOWED_HOSTS=mingus.example \
    SITE_URL=https://mingus.example \
    DATABASE_URL="postgresql://mingus:$(secret)@127.0.0.1:1/mingus" \
    .venv/bin/python manage.py check --deploy --fail-level WARNING
