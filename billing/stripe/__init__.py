"""The integration with Stripe."""
