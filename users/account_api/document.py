"""The account API in the OpenAPI document."""

from pathlib import Path
from typing import Any

import yaml

NOT_LOGGED_IN = "The session is not logged in, or the user has to confirm the password first (`reauthentication_required`)."
SESSION_ENDED = "The session of the token has ended (`session_ended`). Send the request without it, or log in."
CONTENT = {"application/json": {"schema": {"$ref": "#/components/schemas/NotLoggedIn"}}}
FILE = Path(__file__).with_name("openapi.yaml")
PREFIX = "/_allauth/app/v1/"


def add_account_api(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """Add the operations of the account API before the others; a postprocessing hook of drf-spectacular."""
    found = yaml.safe_load(FILE.read_text())
    for operations in found["paths"].values():
        for operation in operations.values():
            operation["tags"] = ["account"]
            operation["responses"].setdefault("401", {"description": NOT_LOGGED_IN, "content": CONTENT})
            operation["responses"]["410"] = {"description": SESSION_ENDED, "content": CONTENT}
    result["paths"] = found["paths"] | result["paths"]
    result["components"]["schemas"] |= found["components"]["schemas"]
    return result
