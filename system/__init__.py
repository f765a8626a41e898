"""Alerts, important dates, notification preferences, and the audit and access logs."""
