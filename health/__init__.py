"""Wellness: check-ins, goals, and how health goes with spending."""
