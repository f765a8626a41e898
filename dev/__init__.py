"""Tools of development machines only: embedded PostgreSQL, demo data, Stripe emulator, billing simulation."""
