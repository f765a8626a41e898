"""The hundred customers that `dev.population` generates: their rows in bulk, and their payments at the Stripe emulator."""
