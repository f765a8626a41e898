"""Work: job security, milestones, stress test."""
