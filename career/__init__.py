"""Career: job security analyses and milestones."""
