"""The floor under the seven apps: each cross-cutting thing once, and no knowledge of any app."""
