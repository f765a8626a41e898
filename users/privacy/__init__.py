"""Export, import and erasure of a customer's data."""
