"""Views of the finance API."""
