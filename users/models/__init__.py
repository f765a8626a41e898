"""The account, who stands behind it, how far it is set up, and its keys to the API."""

from users.models.account import User
from users.models.impersonation import Impersonation
from users.models.onboarding import OnboardingProgress
from users.models.profile import UserProfile
from users.models.token import PersonalAccessToken

__all__ = ["Impersonation", "OnboardingProgress", "PersonalAccessToken", "User", "UserProfile"]
