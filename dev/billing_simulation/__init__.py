"""The simulator of subscriptions on a clock of its own: `manage.py simulate_billing`."""
