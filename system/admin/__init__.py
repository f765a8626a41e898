"""The back office's pages of what reaches the users, of background jobs, and of the audit and access logs."""

from system.admin import audit, notifications

__all__ = ["audit", "notifications"]
