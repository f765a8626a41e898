"""Settings of drf-spectacular, which generates `docs/openapi.yaml` and Swagger UI."""

from typing import Any

from mingus import __version__

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "MINGUS API",
    "VERSION": __version__,
    "DESCRIPTION": "API for personal finance and wellness. Amounts are strings with the decimals of their currency by ISO 4217 "
    "(1234 JPY, 12.30 USD, 500.555 KWD), which is in a field beside them; without one, they have two decimals. Dates are days "
    "in the user's time zone. Times are UTC. Sign up and log in through `/_allauth/app/v1/`.",
    "OAS_VERSION": "3.1.0",
    "DISABLE_DOCSTRING_DESCRIPTIONS": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "StatementFormatEnum": "finance.models.imports.StatementFormat",
        "DueFrequencyEnum": "finance.models.due_series.DueFrequency",
        "NotificationFrequencyEnum": "system.models.preferences.NotificationFrequency",
        "LowToCriticalEnum": "system.models.alerts.Severity",
        "ProgressStatusEnum": "health.models.goals.GoalStatus",
        "ExcellentToPoorEnum": "health.models.checkins.WellnessLevel",
        "ImportFormatEnum": "finance.serializers.import_forms.FORMATS",
        "MoveFormatEnum": "finance.serializers.moves.FORMATS",
        "MoveActionEnum": "finance.services.move_choices.MoveAction",
        "UploadStatusEnum": "users.models.uploads.UploadStatus",
        "UploadKindEnum": "users.models.uploads.UploadKind",
        "CancellationReasonEnum": "billing.models.cancellations.CancellationReason",
        "TransactionStatusEnum": "finance.models.transactions.TransactionStatus",
        "TransactionTypeEnum": "finance.models.transactions.TransactionType",
        "TransferStatusEnum": "finance.models.transfers.TransferStatus",
        "RateSourceEnum": "finance.models.exchange_rates.RateSource",
        "CategoryKindEnum": "finance.models.categories.CategoryKind",
        "ReasonEnum": "finance.models.imports.ReviewReason",
        "EditKindEnum": "finance.models.edit_runs.EditKind",
        "ChangedFieldEnum": "finance.serializers.rules.CHANGED_FIELDS",
        "SkippedReasonEnum": "finance.services.rule_plans.SORTED_REASONS",
        "KeptReasonEnum": "finance.serializers.undo.REASONS",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "docExpansion": "none", "filter": True, "persistAuthorization": True},
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "core.api.schema.document_errors"],
}
