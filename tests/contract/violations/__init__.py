"""For each rule of the database the values that break it: in raw SQL, and through the API."""
