"""The invented customers and staff of `manage.py demo`, one module an app."""
