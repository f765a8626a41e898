#!/usr/bin/env bash
# standardwebhooks 1.1.0 (tzdata 2026.6)
# Expected: Webhook.sign takes an aware datetime, so the same instant gives the same signature in every time zone.
# Seen: it replaces the time zone by UTC instead of converting to UTC. The signature then covers another second than the one
#   that the sender writes into the webhook-timestamp header, and no receiver can verify it. A sender in London is right all
#   winter and wrong from the last Sunday of March, when no code has changed.
# Why it matters: "balance low" webhooks are rejected by every customer at once, with the error of a wrong secret, so the search
#   for the cause begins with the secrets. Pass datetime.now(UTC), which is right in every version.
# Source: standardwebhooks/webhooks.py, Webhook.sign; https://github.com/standard-webhooks/standard-webhooks/issues/251
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3.11 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -qq standardwebhooks==1.1.0 tzdata==2026.6

"$tmp/venv/bin/python" - <<'PYTHON'
import base64, sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

webhook = Webhook("whsec_" + base64.b64encode(b"an invented secret of 32 bytes..").decode())
body = '{"type": "balance.low", "account": "acc_71", "balance": "18.40", "currency": "GBP"}'

def is_same_as_in_utc(month, zone):
    instant = datetime(2026, month, 15, 9, 30, tzinfo=UTC)
    return webhook.sign("msg_1", instant.astimezone(ZoneInfo(zone)), body) == webhook.sign("msg_1", instant, body)

def verification(zone):
    now = datetime.now(ZoneInfo(zone))
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(now.timestamp()))}
    try:
        webhook.verify(body, {**headers, "webhook-signature": webhook.sign("msg_1", now, body)})
    except WebhookVerificationError as error:
        return str(error)
    return "verified"

london = [is_same_as_in_utc(month, "Europe/London") for month in (1, 7)]
received = [verification(zone) for zone in ("UTC", "Asia/Singapore")]
print(f"signature in London is that of UTC, January and July: expected [True, True], seen {london}")
print(f"verified when signed now in UTC and Singapore: expected both, seen {received}")
sys.exit(london != [True, False] or received != ["verified", "No matching signature found"])
PYTHON
