"""Health check-ins, goals, and correlations of health with spending."""
