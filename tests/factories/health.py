"""Wellness."""
