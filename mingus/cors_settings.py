"""Settings of django-cors-headers, for apps in browsers on the origins in CORS_ALLOWED_ORIGINS."""

CORS_URLS_REGEX = r"^/(?:api|_allauth)/"
CORS_ALLOW_HEADERS = [
    "accept",
    "accept-language",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "x-device-token",
    "x-email-verification-key",
    "x-password-reset-key",
    "x-request-id",
    "x-session-token",
]
CORS_EXPOSE_HEADERS = [
    "content-disposition",
    "etag",
    "location",
    "repr-digest",
    "retry-after",
    "x-device-token",
    "x-request-id",
]
