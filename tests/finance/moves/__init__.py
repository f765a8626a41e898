"""Moving in: files with all accounts of other finance apps."""
