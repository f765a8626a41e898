"""Accounts and their records in the back office."""

from users.admin import account_records, accounts, approvals

__all__ = ["account_records", "accounts", "approvals"]
