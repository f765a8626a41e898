"""Accounts, transactions, statement imports, due dates and income projections."""
