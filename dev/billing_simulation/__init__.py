"""The simulation behind `manage.py simulate_billing`: a subscription against the Stripe emulator on a simulated clock."""
