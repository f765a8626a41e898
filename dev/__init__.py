"""Tools for development and tests, absent in production: embedded PostgreSQL, demo data, Stripe emulator, factories."""
