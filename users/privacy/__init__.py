"""A customer's rights over his data: to have it, to bring it along, and to have it erased."""
