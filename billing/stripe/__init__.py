"""Everything that speaks with Stripe."""
