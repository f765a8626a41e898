"""The triggers that write the audit log."""
