"""Settings of the project for all environments, read from environment variables.

docs/configuration.md lists the variables. `mingus.checks` reports invalid values.
"""

import logging
from datetime import timedelta
from pathlib import Path

import django_stubs_ext

from mingus.account_settings import *  # noqa: F403 - all of them are settings
from mingus.account_settings import FRONT_END_PAGES
from mingus.cache import caches_from
from mingus.change_types import CHANGE_TYPES as CHANGE_TYPES
from mingus.cors_settings import *  # noqa: F403 - all of them are settings
from mingus.database import database_from, limits_from, owner_from, replica_from
from mingus.drf_settings import *  # noqa: F403 - all of them are settings
from mingus.env import Environment
from mingus.log_redaction import logging_settings
from mingus.security_headers import DENY_ALL
from mingus.spectacular_settings import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS
from mingus.unfold_settings import UNFOLD as UNFOLD
from mingus.webhook_settings import webhooks_from

django_stubs_ext.monkeypatch()  # lets generic Django classes be subscripted in annotations

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment(BASE_DIR / ".env")

DEBUG = env.flag("DEBUG")
ENVIRONMENT_PROBLEMS = env.problems

# --- secrets: defaults exist under DEBUG only; outside DEBUG the checks require values
SECRET_KEY = env.text("SECRET_KEY", "development-only-key-that-never-leaves-a-developers-machine" if DEBUG else "")
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS")
FIELD_ENCRYPTION_KEYS = env.names("FIELD_ENCRYPTION_KEYS", ["5e" * 32] if DEBUG else [])
CRYPTOGRAPHY_KEY = "unused, see FIELD_ENCRYPTION_KEYS"  # django-cryptography requires a value at import
METRICS_TOKEN = env.text("METRICS_TOKEN")

# --- host, port and URLs
HOST = env.text("HOST", "127.0.0.1")
PORT = env.number("PORT", 8000, at_least=1)
WORKERS = env.number("WORKERS", 2, at_least=1)
SITE_URL = env.text("SITE_URL", f"http://127.0.0.1:{PORT}" if DEBUG else "").rstrip("/")
FRONTEND_URL = env.text("FRONTEND_URL", SITE_URL).rstrip("/")
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]", "testserver"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS", [SITE_URL] if SITE_URL else [])
ROOT_URLCONF = "mingus.urls"
WSGI_APPLICATION = "mingus.wsgi.application"
APPEND_SLASH = False

INSTALLED_APPS = [
    "corsheaders",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "django_filters",
    "django_prometheus",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "knox",
    "pgtrigger",
    "procrastinate.contrib.django",
    "rest_framework",
    "mingus",
    "core",
    "system",
    "users",
    "billing",
    "finance",
    "health",
    "career",
    "analytics",
]

MIDDLEWARE = [
    "mingus.proxies.TrustedProxiesMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "core.middleware.RequestContextMiddleware",
    "mingus.error_pages.ErrorPagesMiddleware",
    "mingus.security_headers.HeadersMiddleware",
    "mingus.compression.JsonGZipMiddleware",
    "mingus.request_limits.RequestLimitsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.middleware.IpRateLimitMiddleware",
    "core.middleware.BodyLimitMiddleware",
    "mingus.metrics.MetricsMiddleware",
    "core.fast_lists.fast_path.CompiledReadsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "users.devices.DeviceMiddleware",
    "users.middleware.AccountErrorsMiddleware",
    "users.middleware.SecondFactorMiddleware",
    "users.middleware.ImpersonationMiddleware",
    "core.middleware.DatabaseRoleMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "mingus" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- cache and database: PostgreSQL only, pooled by psycopg unless DATABASE_POOL_MAX is 0
CACHES = caches_from(env)
DATABASES = {"default": database_from(env)}
DATABASES |= replica_from(env, DATABASES["default"], has_shared_cache="strict" in CACHES)
DATABASE_OWNER = owner_from(env)
DATABASE_LIMITS = limits_from(env, is_debug=DEBUG)
DATABASE_MIGRATION_RETRIES = env.number("DATABASE_MIGRATION_RETRIES", 10, at_most=1000)
DATABASE_JOB_RETRIES = env.number("DATABASE_JOB_RETRIES", 30, at_most=1000)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- API reads use the replica, if there is one, REPLICA_WINDOW seconds after the user's last write
REPLICA_WINDOW = env.number("REPLICA_WINDOW", 10)
FAST_LISTS = env.flag("FAST_LISTS", default=True)
if "replica" in DATABASES:
    DATABASE_ROUTERS = ["core.postgres.replicas.ReplicaRouter"]
    MIDDLEWARE.append("core.postgres.replicas.ReplicaMiddleware")

# --- apps in browsers on other origins; without one, no response has a CORS header
CORS_ALLOWED_ORIGINS = env.names("CORS_ALLOWED_ORIGINS")
if CORS_ALLOWED_ORIGINS:
    # outside of all that refuses requests, so that a script can read errors, and preflights cost nothing
    MIDDLEWARE.insert(MIDDLEWARE.index("mingus.compression.JsonGZipMiddleware"), "corsheaders.middleware.CorsMiddleware")

# --- payments: without a key, routes that call Stripe return 503
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRETS = env.names("STRIPE_WEBHOOK_SECRETS")  # two during a rotation
STRIPE_API_BASE = env.text("STRIPE_API_BASE", "https://api.stripe.com").rstrip("/")
STRIPE_TIMEOUT = env.number("STRIPE_TIMEOUT", 20, at_least=1)
BILLING_TRIAL_DAYS = env.number("BILLING_TRIAL_DAYS", 14)
BILLING_PROMOTION_CODES = env.flag("BILLING_PROMOTION_CODES", default=True)
BILLING_AUTOMATIC_TAX = env.flag("BILLING_AUTOMATIC_TAX", default=False)
BILLING_TAX_IDS = env.flag("BILLING_TAX_IDS", default=False)
BILLING_GRACE_DAYS = env.number("BILLING_GRACE_DAYS", 7)
BILLING_WIN_BACK_DAYS = env.number("BILLING_WIN_BACK_DAYS", 7, at_most=29)  # after the end of a subscription; 0 for never
BILLING_WIN_BACK_PROMOTION_CODE = env.text("BILLING_WIN_BACK_PROMOTION_CODE")
RETURN_URLS = env.names("RETURN_URLS")  # where Stripe may send customers back to, beside FRONTEND_URL
CHECKOUT_URL = f"{FRONTEND_URL}/billing/checkout?plan={{plan}}"  # the front end's page that starts a checkout

# --- time and files
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / ".static"
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False  # no other site uses the static files
STATIC_STORAGE = "whitenoise.storage.CompressedManifestStaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else STATIC_STORAGE},
}

# --- limits on the size of a request, in bytes, and on the rows of an import
MAX_URL_BYTES = env.number("MAX_URL_BYTES", 8192, at_least=2048)
MAX_HEADER_BYTES = env.number("MAX_HEADER_BYTES", 16_384, at_least=4096)
DATA_UPLOAD_MAX_MEMORY_SIZE = env.number("MAX_BODY_BYTES", 2_621_440, at_least=1024)
IMPORT_MAX_BYTES = env.number("IMPORT_MAX_BYTES", 104_857_600, at_least=1024)
RESTORE_MAX_BODY_BYTES = IMPORT_MAX_BYTES + 100 * 1024**2  # an export contains the attachments
ATTACHMENT_MAX_BODY_BYTES = 10 * 1024**2 + 65_536  # a file of the size that the database allows, and the rest of its form
IMPORT_MAX_ROWS = env.number("IMPORT_MAX_ROWS", 500_000, at_least=1)
# imports of larger files are jobs; a restore is one if its unpacked files are larger
IMPORT_DIRECT_ROWS = env.number("IMPORT_DIRECT_ROWS", 500, at_least=0)
IMPORT_DIRECT_BYTES = env.number("IMPORT_DIRECT_BYTES", 1_048_576, at_least=0)
RESTORE_MAX_BYTES = env.number("RESTORE_MAX_BYTES", 4 * 1024**3, at_least=1024)  # unpacked
UPLOADS_PER_USER = env.number("UPLOADS_PER_USER", 5, at_least=1)  # that wait for a job or are being processed
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
FILE_UPLOAD_HANDLERS = [
    "mingus.uploads.FileNameHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000
DATA_UPLOAD_MAX_NUMBER_FILES = 10

# --- limits of the server, for each of its processes; docs/decisions/0013 describes them
MAX_WAITING_REQUESTS = env.number("MAX_WAITING_REQUESTS", 256, at_least=1)
MAX_BODIES = env.number("MAX_BODIES", 256, at_least=1)
BODY_TIMEOUT = env.number("BODY_TIMEOUT", 20, at_least=1)  # seconds; BODY_MIN_RATE gives large bodies more
BODY_MIN_RATE = env.number("BODY_MIN_RATE", 16_384, at_least=1)  # bytes per second
SEND_TIMEOUT = env.number("SEND_TIMEOUT", 30, at_least=1)  # seconds in which a client may read nothing of a large response
SPOOL_MAX_BYTES = env.number("SPOOL_MAX_BYTES", max(2**30, RESTORE_MAX_BODY_BYTES), at_least=IMPORT_MAX_BYTES)

# --- rate limits: "address" counts all requests of an IP address, the last two its logins and those of its network (/24, for
# IPv6 /56), the others API requests by kind
RATE_LIMITS = env.flag("RATE_LIMITS", default=True)
RATES = {
    "address": env.text("RATE_ADDRESS", "6000/m"),
    "anonymous": env.text("RATE_ANONYMOUS", "300/m"),
    "reads": env.text("RATE_READS", "1800/m"),
    "writes": env.text("RATE_WRITES", "600/m"),
    "files": env.text("RATE_FILES", "60/m"),
    "logins": env.text("RATE_LOGINS", "20/m"),
    "network_logins": env.text("RATE_NETWORK_LOGINS", "100/m"),
}
# emails of one kind (reset, verification …) to one address in MAIL_LIMIT_MINUTES, and all of these emails to it in a day
MAILS_PER_ADDRESS = env.number("MAILS_PER_ADDRESS", 3, at_least=1)
MAIL_LIMIT_MINUTES = env.number("MAIL_LIMIT_MINUTES", 15, at_least=1)
MAILS_PER_ADDRESS_AND_DAY = env.number("MAILS_PER_ADDRESS_AND_DAY", 10, at_least=1)

# --- accounts
LOGIN_ATTEMPT_LIMIT = env.number("LOGIN_ATTEMPT_LIMIT", 5, at_least=2, at_most=20)  # in a row, from a network or a known device
LOGIN_ACCOUNT_LIMIT = env.number("LOGIN_ACCOUNT_LIMIT", 50, at_least=LOGIN_ATTEMPT_LIMIT, at_most=1000)  # from all networks
LOGIN_LOCKOUT = timedelta(minutes=env.number("LOGIN_LOCKOUT_MINUTES", 15, at_least=1, at_most=1440))
ACCOUNT_REAUTHENTICATION_TIMEOUT = env.number("REAUTHENTICATION_TIMEOUT", 300, at_least=60, at_most=3600)  # seconds
KNOWN_DEVICE_TIME = timedelta(days=env.number("KNOWN_DEVICE_DAYS", 90, at_least=1, at_most=400))  # after the last login on it
FACTOR_SETUP_TIMEOUT = env.number("FACTOR_SETUP_TIMEOUT", 900, at_least=60, at_most=3600)  # seconds after a password of staff
EMAIL_UNDO_HOURS = env.number("EMAIL_UNDO_HOURS", 72, at_least=1, at_most=720)
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
HEADLESS_FRONTEND_URLS = {name: FRONTEND_URL + path for name, path in FRONT_END_PAGES.items()}

# --- back office and retention: the audit log is dropped by whole months; the database refuses to drop the last year
APPROVAL_HOURS = env.number("APPROVAL_HOURS", 72, at_least=1, at_most=720)  # for a second staff member's decision
MASKED_VALUES_RAISE = False  # the tests set it; see core.admin.masked_values
ACCESS_LOG = "system.services.record_access"  # records accesses of staff to customers' data
AUDIT_RETENTION_MONTHS = env.number("AUDIT_RETENTION_MONTHS", 84, at_least=12)
AUDIT_ANCHOR_FILE = env.text("AUDIT_ANCHOR_FILE")
# events and metrics are dropped by months too, except the last one; 0 retains everything
EVENT_RETENTION_DAYS = env.number("EVENT_RETENTION_DAYS", 400, at_least=0)
USAGE_RETENTION_DAYS = env.number("USAGE_RETENTION_DAYS", 800, at_least=0)
METRIC_RETENTION_DAYS = env.number("METRIC_RETENTION_DAYS", 1830, at_least=0)

# --- email is sent by a job; in development it is written to a folder and to the console
EMAIL_BACKEND = "core.mail.QueuedBackend"
EMAIL_DELIVERY_BACKEND = env.text(
    "EMAIL_DELIVERY_BACKEND",
    "mingus.development_mail.DevelopmentBackend" if DEBUG else "django.core.mail.backends.smtp.EmailBackend",
)
EMAIL_FILE_PATH = BASE_DIR / ".mail"
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.number("EMAIL_PORT", 25, at_least=1)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=not DEBUG)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "MINGUS <no-reply@mingus.example>")

# --- cookies and headers: strict outside DEBUG. mingus.security_headers sets more headers
COOKIE_PREFIX = "" if DEBUG else "__Host-"  # browsers accept such a cookie from this host only, over TLS, for every path
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_HTTPONLY = True  # the CSRF cookie can't be: a front end reads it to send it as a header
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "mingus.error_pages.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # the default would add a third cookie
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=not DEBUG)
SECURE_REDIRECT_EXEMPT = [r"^healthz/", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {"DIRECTIVES": DENY_ALL}  # pages allow more, see mingus.security_headers
SECURITY_CONTACT = env.text("SECURITY_CONTACT", "mailto:security@mingus.example")

# --- push notifications of browsers: none without a key, of which the published one is for development
WEB_PUSH_PRIVATE_KEY = env.text("WEB_PUSH_PRIVATE_KEY", "W2tNb5xDPuLaUzbWBqKGlQy1WvZkXbq2sVnJHh1vT0E" if DEBUG else "")
WEB_PUSH_SERVICES = env.names(
    "WEB_PUSH_SERVICES", ["fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com", "notify.windows.com"]
)

# --- jobs. `serve --with-worker` sets WORKER_REQUIRED for its processes
WORKER_REQUIRED = env.flag("WORKER_REQUIRED")
WORKER_HEARTBEAT_LIMIT = env.number("WORKER_HEARTBEAT_LIMIT", 60, at_least=30)  # seconds; a worker sends one every ten
JOB_MAX_DEATHS = env.number("JOB_MAX_DEATHS", 5, at_least=1)
PROCRASTINATE_WORKER_DEFAULTS = {"concurrency": 1, "delete_jobs": "successful"}
PROCRASTINATE_IMPORT_PATHS = ["core.mail", "system.services.push"]
WEBHOOKS = webhooks_from(env)

LOGGING = logging_settings(env.choice("LOG_LEVEL", "INFO", logging.getLevelNamesMapping()))
