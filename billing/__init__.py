"""What the user may do: plans, subscriptions, feature access, Stripe."""
