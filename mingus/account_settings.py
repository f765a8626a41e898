"""Settings of accounts that do not depend on the environment: Django's authentication, django-allauth and knox."""

from datetime import timedelta

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["users.backends.EmailBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_HASHERS = ["users.hashers.Argon2Hasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
SESSION_ENGINE = "users.sessions"
PASSWORD_RESET_TIMEOUT = 3600  # seconds; short, because the link is as powerful as the password
ACCOUNT_ADAPTER = "users.adapter.AccountAdapter"
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "users.password_reset_tokens.ResetKeys"  # noqa: S105 - a class
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 3
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # only the session that has signed up, and not past a second factor
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # for changes of email addresses; second factors always require it
ACCOUNT_RATE_LIMITS = {"login": None}  # RATE_LOGINS and RATE_NETWORK_LOGINS, counted by the adapter
ACCOUNT_SESSION_REMEMBER = False  # sessions of the back office end with the browser
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[MINGUS] "
MFA_ADAPTER = "users.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_RECOVERY_CODES_SHOW_ONCE = True
# no one logs in to an unverified account; a second address that waits is no reason to refuse a factor, nor the reverse
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "MINGUS"
HEADLESS_ONLY = True
HEADLESS_TOKEN_STRATEGY = "users.authentication.SessionTokens"  # noqa: S105 - a class's name
HEADLESS_SERVE_SPECIFICATION = False  # the account API is in MINGUS' own document
KNOX_TOKEN_MODEL = "users.PersonalAccessToken"  # noqa: S105 - a model's name
MIGRATION_MODULES = {"knox": None}  # users.PersonalAccessToken replaces knox's token table
REST_KNOX = {"TOKEN_TTL": timedelta(days=90), "AUTH_HEADER_PREFIX": "Bearer", "TOKEN_PREFIX": "mgs_"}
# the pages to which the links in emails lead, below FRONTEND_URL: those of a front end, or of `users.account_pages`
FRONT_END_PAGES = {
    "account_confirm_email": "/account/verify-email/{key}",
    "account_reset_password": "/account/password/reset",
    "account_reset_password_from_key": "/account/password/reset/key/{key}",
    "account_signup": "/account/signup",
    "account_undo_email_change": "/account/email/undo/{key}",
}
