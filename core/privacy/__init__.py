"""Declarations for export, import and erasure of personal data, and masks for staff."""
