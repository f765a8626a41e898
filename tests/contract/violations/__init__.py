"""Values that violate each constraint of the database, in SQL and through the API."""
