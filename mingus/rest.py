"""How the API authenticates, reads, answers and fails: the settings of Django REST framework."""

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "users.authentication.TokenAuthentication",
        "users.authentication.ImpersonationAuthentication",
        "users.authentication.AccountSessionAuthentication",
        "users.authentication.CookieAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "mingus.kit.api.permissions.TokenScopeAllows",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["mingus.kit.api.throttles.ScopedThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["mingus.kit.api.renderers.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["mingus.kit.api.parsers.OrjsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "mingus.kit.api.renderers.AlwaysFirstRenderer",
    "DEFAULT_PAGINATION_CLASS": "mingus.kit.api.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["mingus.kit.api.filters.StrictFilterBackend", "mingus.kit.api.filters.WordSearchBackend"],
    "DEFAULT_METADATA_CLASS": "mingus.kit.api.metadata.Metadata",
    "DEFAULT_SCHEMA_CLASS": "mingus.kit.api.schema.Schema",
    "EXCEPTION_HANDLER": "mingus.kit.api.errors.handle",
    "DEFAULT_VERSIONING_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
DRF_STANDARDIZED_ERRORS: dict[str, Any] = {
    "EXCEPTION_HANDLER_CLASS": "mingus.kit.api.errors.Handler",
    "ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS": True,
}
