"""How it all is used: events, metrics, feature usage, feedback."""
