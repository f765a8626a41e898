"""Accounts and their records in the back office."""

from users.admin import account_records, accounts, approvals, webhooks

__all__ = ["account_records", "accounts", "approvals", "webhooks"]
