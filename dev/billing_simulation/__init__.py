"""A subscription's whole life on a clock, without waiting for it: `manage.py simulate_billing`, and `docs/billing-life.md`."""
