"""Staff: the groups of the four roles, and who looks at the API in a customer's name."""

import django.db.models.deletion
import django.db.models.functions.datetime
import core.models.base
import pgtrigger.compiler
import pgtrigger.migrations
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

from core.postgres.operations import enable_row_level_security

ROLES = ("support", "billing", "analyst", "administrator")


def make_groups(apps, schema_editor):
    """The roles' groups; what they may do is set after each migration, by users.staff_groups, when the permissions exist."""
    groups = apps.get_model("auth", "Group").objects
    for name in ROLES:
        groups.get_or_create(name=name)


def keep_groups(apps, schema_editor):
    """Accounts may be in them; a group without permissions opens nothing."""


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0006_sessions'),
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Impersonation',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', core.models.base.UpdatedAtField()),
                ('reason', models.CharField(max_length=500)),
                ('ends_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('staff', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='impersonations_by_me', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='%(class)s_set', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['user', '-created_at', '-id'], name='users_impersonation_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('reason__regex', '^\\S(.*\\S)?$')), name='users_impersonation_reason_not_blank', violation_error_message='Must not be empty or padded.'), models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('created_at'))), name='users_impersonation_ends_at_later', violation_error_message='Must be after the beginning.')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='impersonation',
            trigger=pgtrigger.compiler.Trigger(name='touch_updated_at', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.* AND OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at)', func='NEW.updated_at = clock_timestamp(); RETURN NEW;', hash='fbce44bb48ad63eba4b614644f297d7ec73daa09', operation='UPDATE', pgid='pgtrigger_touch_updated_at_98ffc', table='users_impersonation', when='BEFORE')),
        ),
        # sign-up and login look a credential up before anybody is signed in
        enable_row_level_security("users_impersonation", customer="SELECT", accounts="SELECT"),
        migrations.RunPython(make_groups, keep_groups),
    ]
