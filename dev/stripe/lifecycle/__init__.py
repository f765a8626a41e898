"""The behavior of objects, without HTTP: creation, changes, renewal, payment, cancellation."""
