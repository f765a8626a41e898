"""Everything about money as JSON."""
