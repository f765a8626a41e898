"""Settings of drf-spectacular, which generates `docs/openapi.yaml`, `docs/openapi-staff.yaml` and Swagger UI."""

from typing import Any

from mingus import __version__

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "MINGUS API",
    "VERSION": __version__,
    "DESCRIPTION": "API for personal finance and wellness. Amounts are strings with the decimals of their currency by ISO 4217 "
    "(1234 JPY, 12.30 USD, 500.555 KWD), which is in a field beside them; without one, they have two decimals. Dates are days "
    "in the user's time zone. Times are UTC. Begin with `signUp` or `logIn`, and send the token as `X-Session-Token`. Browsers "
    "may use `/_allauth/browser/v1/` with cookies and a CSRF token instead.",
    "OAS_VERSION": "3.1.0",
    "DISABLE_DOCSTRING_DESCRIPTIONS": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "CONTACT": {"name": "MINGUS support", "url": "https://mingus.example/support"},
    "LICENSE": {"name": "AGPL-3.0-or-later", "url": "https://www.gnu.org/licenses/agpl-3.0.html"},
    "SERVERS": [{"url": "/", "description": "The server that serves this document."}],
    "TAGS": [
        {"name": "account", "description": "From sign-up to a session: email addresses, logins, passwords and second factors."},
        {"name": "users", "description": "The user's own account: profile, onboarding, sessions, tokens, exports and uploads."},
        {"name": "webhooks", "description": "Signed requests to the user's programs when data has changed."},
        {"name": "system", "description": "Alerts, important dates and notification preferences."},
        {"name": "billing", "description": "Plans, the subscription, invoices, and which features it includes."},
        {"name": "finance", "description": "Accounts, transactions with all that belongs to them, statements and due dates."},
        {"name": "health", "description": "Daily check-ins, health goals, and correlations of well-being with spending."},
        {"name": "career", "description": "Job security and career milestones."},
        {"name": "changes", "description": "What was changed since an app read it last."},
        {"name": "analytics", "description": "Events and feature usage of an app, and the user's feedback."},
    ],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ChangeActionEnum": "core.changes.serializers.ACTIONS",
        "StatementFormatEnum": "finance.models.imports.StatementFormat",
        "DueFrequencyEnum": "finance.models.due_series.DueFrequency",
        "NotificationTypeEnum": "system.models.preferences.NotificationType",
        "NotificationFrequencyEnum": "system.models.preferences.NotificationFrequency",
        "LowToCriticalEnum": "system.models.alerts.Severity",
        "ProgressStatusEnum": "health.models.goals.GoalStatus",
        "ExcellentToPoorEnum": "health.models.checkins.WellnessLevel",
        "ImportFormatEnum": "finance.serializers.import_forms.FORMATS",
        "MoveFormatEnum": "finance.serializers.moves.FORMATS",
        "MoveActionEnum": "finance.services.move_choices.MoveAction",
        "UploadStatusEnum": "users.models.uploads.UploadStatus",
        "UploadKindEnum": "users.models.uploads.UploadKind",
        "WebhookMessageStatusEnum": "users.models.webhooks.MessageStatus",
        "WebhookAttemptErrorEnum": "users.models.webhooks.AttemptError",
        "WebhookDisabledReasonEnum": "users.models.webhooks.DisabledReason",
        "WebhookEventTypeEnum": "users.webhooks.objects.EVENT_TYPES",
        "CancellationReasonEnum": "billing.models.cancellations.CancellationReason",
        "TransactionStatusEnum": "finance.models.transactions.TransactionStatus",
        "TransactionTypeEnum": "finance.models.transactions.TransactionType",
        "TransferStatusEnum": "finance.models.transfers.TransferStatus",
        "RateSourceEnum": "finance.models.exchange_rates.RateSource",
        "CategoryKindEnum": "finance.models.categories.CategoryKind",
        "ReviewReasonEnum": "finance.models.imports.ReviewReason",
        "RowVerdictEnum": "finance.models.imports.RowVerdict",
        "RuleActionTypeEnum": "finance.rule_actions.ActionType",
        "ExportStateEnum": "users.models.exports.ExportState",
        "CorrelationMethodEnum": "health.models.correlations.Method",
        "PortalPageEnum": "billing.stripe.checkout.PORTAL_PAGES",
        "EditKindEnum": "finance.models.edit_runs.EditKind",
        "ChangedFieldEnum": "finance.serializers.rules.CHANGED_FIELDS",
        "SkippedReasonEnum": "finance.services.rule_plans.SORTED_REASONS",
        "KeptReasonEnum": "finance.serializers.undo.REASONS",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "docExpansion": "none", "filter": True, "persistAuthorization": True},
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "users.account_api.document.add_account_api",
        "core.api.schema.document.finish_document",
    ],
}
CUSTOMERS: dict[str, Any] = {"PREPROCESSING_HOOKS": ["core.api.schema.audiences.customers_only"]}
STAFF: dict[str, Any] = {
    "TITLE": "MINGUS staff API",
    "DESCRIPTION": "Operations that only staff with a second factor can use. The rest of the API is in the other document.",
    "PREPROCESSING_HOOKS": ["core.api.schema.audiences.staff_only"],
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "core.api.schema.document.finish_document"],
}
"""The settings of the two documents. With neither, a document has all operations."""
