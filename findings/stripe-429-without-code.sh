#!/usr/bin/env bash
# Library: stripe 16.1.0.
# Expected: Stripe answers 429 both to an account that sends too many requests (`rate_limit`) and to a request for an object that
#   another request holds (`lock_timeout`), and names the cause in the error's `code`. The exception has an attribute `code`, as
#   that of a declined card or an invalid parameter does, so `error.code == "lock_timeout"` tells the two apart.
# Seen: the library raises RateLimitError for both, and its `code` is None. The same holds for 401, 403 and 500. The code is only in
#   `json_body["error"]["code"]` (or `error.error.code`, the parsed body).
# Why it matters: a customer whose subscription is held for a moment by another request should be tried again at once, while a
#   rate limit must slow down all customers. Code that branches on `code` compiles, is never true, and treats every lock as overload.
# Source: https://docs.stripe.com/rate-limits#object-lock-timeouts and `specific_v1_api_error` in the source of the library.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check stripe==16.1.0 requests==2.32.5

"$work/venv/bin/python" -I - <<'PY'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import stripe

CASES = {"lock_timeout": 429, "rate_limit": 429, "parameter_invalid_integer": 400}


class Refusal(BaseHTTPRequestHandler):
    def do_GET(self):
        code = self.path.rsplit("/", 1)[1]
        body = json.dumps({"error": {"type": "invalid_request_error", "code": code, "message": f"refused: {code}"}}).encode()
        self.send_response(CASES[code])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = HTTPServer(("127.0.0.1", 0), Refusal)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = {"api": f"http://127.0.0.1:{server.server_port}"}
client = stripe.StripeClient("sk_test_x", base_addresses=address, max_network_retries=0, http_client=stripe.RequestsClient())
seen = {}
for code in CASES:
    try:
        client.v1.customers.retrieve(code)
    except stripe.StripeError as error:
        seen[code] = (type(error).__name__, error.code, error.json_body["error"]["code"])
for code, (kind, attribute, sent) in seen.items():
    print(f"sent {sent}: {kind}.code is {attribute}")
expected = {"lock_timeout": ("RateLimitError", None), "rate_limit": ("RateLimitError", None)}
same = all(seen[code][:2] == found for code, found in expected.items()) and seen["parameter_invalid_integer"][1] is not None
sys.exit(None if same else "The behavior has changed.")
PY
