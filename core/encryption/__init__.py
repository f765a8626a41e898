"""Encrypted fields: the key ring, a data key for each user, blind indexes and rotation."""
