"""Journeys of a developer who knows the API from its guide only, from the sign-up to the erasure of the account."""
