"""What a security key sends is taken apart by libraries that fail in many ways when it is not what they expect."""

from cryptography.exceptions import InvalidSignature

REFUSED = "Incorrect code."
# SECURITY: only while a key's answer is read, where each of these means that the answer is wrong, and none that we are
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, AssertionError, InvalidSignature)
