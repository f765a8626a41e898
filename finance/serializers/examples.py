"""The id and the instant that every example of the API's documentation uses."""

EXAMPLE_ID = "0197a1c0-7b1e-7c3a-9d55-1f0e6a2b4c8d"
EXAMPLE_TIME = "2026-03-01T09:30:00Z"
