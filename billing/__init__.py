"""Plans, subscriptions, feature access and payments through Stripe."""
