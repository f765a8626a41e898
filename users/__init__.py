"""Who: account, profile, onboarding, tokens."""
