"""Events and metrics lie in months, which are dropped when they are too old.

Use of features does not: that a feature has one row a user and day is a rule over other columns than the key.
"""

import core.postgres.partitions
from django.db import migrations, models

from core.postgres.partitions import partition_by_month

# Rows whose key was made long before them get a key of their time; nothing refers to them.
FAR = "id < core_first_key_at(created_at, -1)"
# SECURITY: with FORCE the policies would hide them from the owner, who works here
KEYS = [
    "ALTER TABLE analytics_useranalytics NO FORCE ROW LEVEL SECURITY",
    f"UPDATE analytics_useranalytics SET id = core_uuid7(created_at) WHERE {FAR}",
    "ALTER TABLE analytics_useranalytics FORCE ROW LEVEL SECURITY",
    f"UPDATE analytics_performancemetric SET id = core_uuid7(created_at) WHERE {FAR}",
]

# A month is kept whatever is asked for, so that no statement of a serving role can empty the tables; 0 keeps all.
MONTHS = """
CREATE FUNCTION analytics_keep_months(ahead integer, event_days integer, metric_days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    kept record;
    dropped integer := 0;
BEGIN
    FOR kept IN VALUES ('public.analytics_useranalytics'::regclass, event_days),
                       ('public.analytics_performancemetric'::regclass, metric_days)
    LOOP
        PERFORM public.core_make_months(kept.column1, ahead);
        IF kept.column2 > 0 THEN
            dropped := dropped + public.core_drop_months(kept.column1, now() - make_interval(days => greatest(kept.column2, 31)));
        END IF;
    END LOOP;
    RETURN dropped;
END $$
"""
NAME = "analytics_keep_months(integer, integer, integer)"
PRIVILEGES = [f"REVOKE ALL ON FUNCTION {NAME} FROM PUBLIC", f"GRANT EXECUTE ON FUNCTION {NAME} TO mingus_staff"]


class Migration(migrations.Migration):

    dependencies = [
        ('analytics', '0003_audit'),
        ('core', '0007_months'),
        ('system', '0006_months'),
    ]

    operations = [
        migrations.RunSQL(KEYS, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='performancemetric',
            constraint=models.CheckConstraint(condition=models.Q(('id__gte', core.postgres.partitions.MinUuid7(models.F('created_at'), -1))), name='analytics_performancemetric_created_at_near_id', violation_error_message='Must be at most a day after the time in the id.'),
        ),
        migrations.AddConstraint(
            model_name='useranalytics',
            constraint=models.CheckConstraint(condition=models.Q(('id__gte', core.postgres.partitions.MinUuid7(models.F('created_at'), -1))), name='analytics_useranalytics_created_at_near_id', violation_error_message='Must be at most a day after the time in the id.'),
        ),
        partition_by_month("analytics_useranalytics"),
        partition_by_month("analytics_performancemetric"),
        migrations.RunSQL([MONTHS, *PRIVILEGES], f"DROP FUNCTION {NAME}"),
    ]
