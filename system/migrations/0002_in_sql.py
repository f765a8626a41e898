"""What the tables need besides their columns: the SQL twin of `system.occurrences`, and a foreign key that fails at once."""

from django.db import migrations

# Months are added to the first day, never to the last occurrence: PostgreSQL takes the last day of a month that is shorter.
NEXT_OCCURRENCE = """
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
END $$
"""

RECEIPT_OF_ALERT = """
ALTER TABLE system_alertreceipt ADD CONSTRAINT system_alertreceipt_alert_exists
FOREIGN KEY (alert_id) REFERENCES system_systemalert (id)
"""


class Migration(migrations.Migration):
    dependencies = [("system", "0001_initial")]

    operations = [
        migrations.RunSQL(NEXT_OCCURRENCE, "DROP FUNCTION system_next_occurrence(date, text, date)"),
        migrations.RunSQL(
            RECEIPT_OF_ALERT, "ALTER TABLE system_alertreceipt DROP CONSTRAINT system_alertreceipt_alert_exists"
        ),
    ]
