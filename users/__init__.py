"""Accounts, profiles, onboarding, sessions, tokens, exports and erasure."""
