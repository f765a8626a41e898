"""Accounts and what belongs to them in the back office."""

from users.admin.account_records import (
    EmailAddressAdmin,
    GroupAdmin,
    ImpersonationAdmin,
    OnboardingProgressAdmin,
    PersonalAccessTokenAdmin,
    UserProfileAdmin,
)
from users.admin.accounts import UserAdmin

__all__ = [
    "EmailAddressAdmin",
    "GroupAdmin",
    "ImpersonationAdmin",
    "OnboardingProgressAdmin",
    "PersonalAccessTokenAdmin",
    "UserAdmin",
    "UserProfileAdmin",
]
