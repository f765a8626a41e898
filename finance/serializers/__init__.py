"""Serializers of the finance API."""
