"""Plans and what they open."""
