"""Readers of what other finance apps export: all accounts, categories, tags and splits of a person in one file."""
