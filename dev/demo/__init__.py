"""The demo customers and staff members of `manage.py demo`, one module per app."""
