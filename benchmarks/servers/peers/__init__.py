"""The other frameworks as real servers: each in a process of its own, with its own settings and none of MINGUS's code.

All of them are on the same tables and connect as their owner, so they have no row-level security and set no context for the
audit log. Each finds the personal access token by its digest, and checks its expiry and its user.
"""
