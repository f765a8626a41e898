-- Return true if PostgreSQL knows the time zone. Queries by the user's day would fail with an unknown one.
CREATE FUNCTION users_is_timezone(name text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    PERFORM TIMESTAMP '2000-01-01' AT TIME ZONE name;
    RETURN name ~ '^[A-Za-z][A-Za-z0-9_+/-]*$';
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN false;
END $$;
