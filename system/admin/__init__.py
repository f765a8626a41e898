"""Admin pages for background jobs, notifications, and the audit and access logs."""

from system.admin import audit, notifications, push_devices

__all__ = ["audit", "notifications", "push_devices"]
