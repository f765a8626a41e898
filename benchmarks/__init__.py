"""What MINGUS costs beside the least that its database allows, and beside the framework as it comes. See README.md."""
