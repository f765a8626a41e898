"""The account, who stands behind it, how far it is set up, its sessions, and its keys to the API."""

from users.models.account import User
from users.models.onboarding import OnboardingProgress
from users.models.profile import UserProfile
from users.models.session import UserSession
from users.models.token import PersonalAccessToken

__all__ = ["OnboardingProgress", "PersonalAccessToken", "User", "UserProfile", "UserSession"]
