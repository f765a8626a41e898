#!/usr/bin/env bash
# openapi-typescript 7.13.0, typescript 5.9.3 (npm), drf-spectacular 0.30.0 writes such schemas from Django REST framework
# Expected: a property of a request that is not in `required` need not be sent. A `default` says which value the server then takes.
# Seen: the generated type makes each property with a default one that must be sent, in requests as in responses, so code that leaves
#   it out does not compile. A property without a default stays optional. The option --default-non-nullable=false turns this off.
# Why it matters: an API for payments adds an optional field with a default (a currency, "dry_run": false), which breaks no client by
#   any policy of versions. Each TypeScript client that is generated again no longer compiles until all its calls send the field, and
#   then repeats a default of that day for ever, also after the server's has changed.
# Source: openapi-typescript's documentation of --default-non-nullable (on since version 7); JSON Schema 2020-12, 9.2 "default".
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
cat > api.json <<'JSON'
{
  "openapi": "3.1.0",
  "info": {"title": "Payments", "version": "1"},
  "paths": {},
  "components": {
    "schemas": {
      "PaymentRequest": {
        "type": "object",
        "required": ["amount"],
        "properties": {
          "amount": {"type": "string"},
          "note": {"type": "string"},
          "dry_run": {"type": "boolean", "default": false}
        }
      }
    }
  }
}
JSON
cat > app.ts <<'TS'
import type { components } from "./api.js";
export const payment: components["schemas"]["PaymentRequest"] = { amount: "12.30" };
TS
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund openapi-typescript@7.13.0 typescript@5.9.3 > /dev/null

compiles() { # with the given options of the generator
  npx openapi-typescript api.json --output api.d.ts "$@" > /dev/null 2>&1
  npx tsc --noEmit --strict --module nodenext app.ts > errors || { grep --max-count=1 "missing\|error" errors; return 1; }
}
as_is=yes
compiles || as_is=no
grep "?: \|: " api.d.ts | grep "amount\|note\|dry_run"
with_option=yes
compiles --default-non-nullable=false || with_option=no
echo "expected: {amount} compiles; seen: $as_is as it is, $with_option with --default-non-nullable=false"
[ "$as_is $with_option" = "no yes" ]
