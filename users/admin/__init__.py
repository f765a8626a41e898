"""Accounts and what belongs to them in the back office."""

from users.admin import account_records, accounts

__all__ = ["account_records", "accounts"]
