"""Streaming parsers of bank statement files, independent of Django. The entry point is `finance.statements.parse`."""
