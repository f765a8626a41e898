-- Check whether PostgreSQL knows a time zone: an unknown one would break every query about that user's day.
CREATE FUNCTION users_is_timezone(name text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    PERFORM TIMESTAMP '2000-01-01' AT TIME ZONE name;
    RETURN name ~ '^[A-Za-z][A-Za-z0-9_+/-]*$';
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN false;
END $$;
