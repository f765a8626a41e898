"""Accounts and what belongs to them in the back office."""

from users.admin.accounts import UserAdmin
from users.admin.belongings import (
    EmailAddressAdmin,
    GroupAdmin,
    ImpersonationAdmin,
    OnboardingProgressAdmin,
    PersonalAccessTokenAdmin,
    UserProfileAdmin,
)

__all__ = [
    "EmailAddressAdmin",
    "GroupAdmin",
    "ImpersonationAdmin",
    "OnboardingProgressAdmin",
    "PersonalAccessTokenAdmin",
    "UserAdmin",
    "UserProfileAdmin",
]
