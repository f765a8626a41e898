-- Return the first occurrence of a date on or after a day, as `system.occurrences` does in Python.
--
-- Months are added to the first day and not to the last occurrence, so that the day is the 31st again after a shorter month.
CREATE FUNCTION system_next_occurrence(first date, pattern text, day date) RETURNS date
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    step int := CASE pattern WHEN 'monthly' THEN 1 WHEN 'yearly' THEN 12 END;
    passed int;
    candidate date;
BEGIN
    IF first >= day THEN
        RETURN first;
    ELSIF pattern = 'daily' THEN
        RETURN day;
    ELSIF pattern = 'weekly' THEN
        RETURN day + (7 - (day - first) % 7) % 7;
    ELSIF step IS NULL THEN
        RETURN NULL;
    END IF;
    passed := (extract(year FROM day) - extract(year FROM first)) * 12 + extract(month FROM day) - extract(month FROM first);
    passed := passed - passed % step;
    candidate := first + make_interval(months => passed);
    IF candidate < day THEN
        candidate := first + make_interval(months => passed + step);
    END IF;
    RETURN candidate;
END $$;
