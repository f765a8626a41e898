"""Admin pages of the finance models."""

from finance.admin import accounts, due_dates, imports, projections, transactions

__all__ = ["accounts", "due_dates", "imports", "projections", "transactions"]
