"""Settings of Django REST framework and drf-standardized-errors."""

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "users.authentication.TokenAuthentication",
        "users.authentication.ImpersonationAuthentication",
        "users.authentication.AccountSessionAuthentication",
        "users.authentication.CookieAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated", "core.api.permissions.TokenScopePermission"],
    "DEFAULT_THROTTLE_CLASSES": ["core.api.throttles.ScopedThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["core.api.renderers.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.OrjsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "core.api.renderers.AlwaysFirstRenderer",
    "DEFAULT_PAGINATION_CLASS": "core.api.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["core.api.filters.backends.StrictFilterBackend", "core.api.filters.backends.SearchBackend"],
    "DEFAULT_METADATA_CLASS": "core.api.metadata.Metadata",
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.operations.Schema",
    "EXCEPTION_HANDLER": "core.api.errors.exception_handler",
    "DEFAULT_VERSIONING_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
DRF_STANDARDIZED_ERRORS: dict[str, Any] = {
    "EXCEPTION_HANDLER_CLASS": "core.api.errors.ApiExceptionHandler",
    "EXCEPTION_FORMATTER_CLASS": "mingus.error_formatter.ErrorFormatter",
    "ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS": True,
}
