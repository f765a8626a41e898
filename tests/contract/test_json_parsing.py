"""JSON of users is parsed in `core.json_input` only, which limits its depth."""

import re
from pathlib import Path

from tests.contract.test_sizes import MODULES, ROOT

LOADS = re.compile(r"\b(?:json|orjson)\.loads?\(")
# Modules that parse their own JSON, or JSON that `core.json_input` has checked before.
OWN_JSON = {
    "billing/admin/stripe_records.py": "a stored event, which was checked when it arrived",
    "billing/stripe/account_objects.py": "objects of Stripe that were just written as JSON",
    "billing/stripe/client.py": "responses of Stripe",
    "billing/stripe/event_customers.py": "a stored event, which was checked when it arrived",
    "core/encryption/fields.py": "a decrypted value that the application wrote",
    "core/mail.py": "an email that the application wrote",
    "core/api/renderers.py": "parts of a response",
    "finance/services/import_report.py": "staged rows that the application wrote",
    "finance/services/rules.py": "values of transactions that the database returned as JSON",
    "finance/upload_kinds.py": "the body of a bulk call that the application stored for its job",
    "mingus/error_pages.py": "an error that was just rendered",
    "mingus/cache.py": "entries of the cache that the application wrote",
    "system/audit_signatures.py": "an anchor of an operator, which is verified by its signature",
    "users/account_api/factors.py": "a response of allauth",
    "users/middleware.py": "a response of allauth",
    "users/rate_limits.py": "a body that `AccountErrorsMiddleware` has checked",
}


def test_only_known_modules_parse_json_themselves() -> None:
    product = [path for path in MODULES if path.parts[0] != "dev" and path != Path("core/json_input.py")]
    found = {str(path) for path in product if LOADS.search((ROOT / path).read_text())}
    assert found == set(OWN_JSON)
