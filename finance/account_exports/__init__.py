"""Exports of one account as OFX, QIF, CSV and JSON, each of which an import reads back without a difference."""
