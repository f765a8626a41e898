"""Models of accounts and logins, profiles, onboarding, sessions, tokens, exports, uploads, webhooks and erasures."""

from users.models.account import User
from users.models.approval import Approval
from users.models.email_change import EmailChange
from users.models.email_code import EmailCode
from users.models.erasure import AccountErasure
from users.models.exports import DataExport, DataExportChunk
from users.models.impersonation import Impersonation
from users.models.login_counter import LoginCounter
from users.models.onboarding import OnboardingProgress
from users.models.profile import UserProfile
from users.models.sent_mail import SentMail
from users.models.session import UserSession
from users.models.token import PersonalAccessToken
from users.models.uploads import Upload, UploadChunk
from users.models.webhooks import WebhookAttempt, WebhookEndpoint, WebhookMessage

__all__ = [
    "AccountErasure",
    "Approval",
    "DataExport",
    "DataExportChunk",
    "EmailChange",
    "EmailCode",
    "Impersonation",
    "LoginCounter",
    "OnboardingProgress",
    "PersonalAccessToken",
    "SentMail",
    "Upload",
    "UploadChunk",
    "User",
    "UserProfile",
    "UserSession",
    "WebhookAttempt",
    "WebhookEndpoint",
    "WebhookMessage",
]
