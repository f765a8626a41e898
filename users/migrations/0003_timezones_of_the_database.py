"""A profile's zone is one that the database can reckon with: else one bad name would break every query about somebody's day."""

from django.db import migrations, models

IS_TIMEZONE = """
CREATE FUNCTION users_is_timezone(name text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    PERFORM TIMESTAMP '2000-01-01' AT TIME ZONE name;
    RETURN name ~ '^[A-Za-z][A-Za-z0-9_+/-]*$';
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN false;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("users", "0002_annual_income_is_a_number")]

    operations = [
        migrations.RunSQL(IS_TIMEZONE, "DROP FUNCTION users_is_timezone(text)"),
        migrations.AddConstraint(
            "userprofile",
            models.CheckConstraint(
                condition=models.Q(
                    models.Func(models.F("timezone"), function="users_is_timezone", output_field=models.BooleanField())
                ),
                name="users_userprofile_timezone_iana",
                violation_error_message="Use an IANA timezone such as America/New_York.",
            ),
        ),
    ]
