"""Exceptions that libraries raise when they parse an invalid response of a security key."""

from cryptography.exceptions import InvalidSignature

REFUSED = "Incorrect code."
# SECURITY: catch these only while a key's response is parsed, where each means that the response is invalid
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError, InvalidSignature)
