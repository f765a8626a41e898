"""Sessions that their owner can see and end, and the database's wall around them and around second factors."""

import django.db.models.deletion
import django.db.models.functions.datetime
import core.models.base
import pgtrigger.compiler
import pgtrigger.migrations
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

from core.postgres.operations import ALL, enable_row_level_security, grant

# A customer's own sessions are ended by the reach of accounts; he locks the row, and a lock needs a column to update.
LOCKED = "SELECT, UPDATE (updated_at)"

class Migration(migrations.Migration):

    dependencies = [
        ('users', '0005_privacy'),
        ('mfa', '0003_authenticator_type_uniq'),
    ]

    operations = [
        migrations.CreateModel(
            name='UserSession',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', core.models.base.UpdatedAtField()),
                ('digest', models.CharField(editable=False, max_length=64, null=True, unique=True)),
                ('data', models.TextField(blank=True, editable=False)),
                ('expires_at', models.DateTimeField(editable=False)),
                ('user_agent', models.CharField(blank=True, editable=False, max_length=200)),
                ('address', models.GenericIPAddressField(editable=False, null=True)),
                ('last_seen_at', models.DateTimeField(editable=False)),
                ('user', models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'session',
                'abstract': False,
                'indexes': [models.Index(fields=['user', '-created_at', '-id'], name='users_session_newest'), models.Index(fields=['expires_at'], name='users_session_expires')],
                'constraints': [models.CheckConstraint(condition=models.Q(('digest__isnull', False), ('data', ''), _connector='OR'), name='users_usersession_data_ended', violation_error_message='A session that ended is empty.')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='usersession',
            trigger=pgtrigger.compiler.Trigger(name='touch_updated_at', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.* AND OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at)', func='NEW.updated_at = clock_timestamp(); RETURN NEW;', hash='578c5df064077644560fb35b598dfccee6c1b12b', operation='UPDATE', pgid='pgtrigger_touch_updated_at_e915b', table='users_usersession', when='BEFORE')),
        ),
        enable_row_level_security("users_usersession", customer=LOCKED, accounts=ALL),
        enable_row_level_security("mfa_authenticator", customer="SELECT", staff="SELECT, DELETE", accounts=ALL),  # his export says which he has
        grant("django_migrations", staff="SELECT"),  # createsuperuser and changepassword look whether all is migrated
    ]
