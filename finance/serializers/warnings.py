"""Serializer of warnings: of what did not stop a call, but what the user should know."""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

RECONCILED = (
    "{count} of the transactions had been confirmed by a balance of the bank. Undo the change, or reconcile the account again."
)


@extend_schema_serializer(description="A problem that did not stop the call.")
class WarningSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="A stable code of the problem.")
    message = serializers.CharField(help_text="A sentence for the user.")


def reconciled_warnings(count: int) -> list[dict[str, str]]:
    """Return the warning that `count` reconciled transactions were changed or deleted, or an empty list."""
    return [{"code": "reconciled", "message": RECONCILED.format(count=count)}] if count else []
