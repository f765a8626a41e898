"""What reaches the user."""
