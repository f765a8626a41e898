"""Due dates with their payments, and income projections."""

import datetime
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.lookups
import finance.models.transactions
import core.models.base
import core.models.money
import core.models.validators
import pgtrigger.compiler
import pgtrigger.migrations
import uuid_utils.compat
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from core.postgres.operations import composite_foreign_key

PAYMENT = "finance_duedatepayment"


def kept_with_owner(column, parent, on_delete):
    name = f"{PAYMENT}_{column.removesuffix('_id')}_owner"
    return composite_foreign_key(PAYMENT, column, parent, name=name, on_delete=on_delete)


class Migration(migrations.Migration):

    dependencies = [
        ('finance', '0003_the_sign_and_numbers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='UserExpenseDueDate',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', core.models.base.UpdatedAtField()),
                ('expected_amount', models.DecimalField(decimal_places=2, max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0.01'))])),
                ('due_date', models.DateField(validators=[core.models.validators.validate_plausible_date])),
                ('frequency', models.CharField(choices=[('weekly', 'Weekly'), ('biweekly', 'Biweekly'), ('semimonthly', 'Semimonthly'), ('monthly', 'Monthly'), ('quarterly', 'Quarterly'), ('yearly', 'Yearly')], max_length=20)),
                ('is_recurring', models.BooleanField(default=True)),
                ('next_occurrence', models.DateField(blank=True, editable=False, null=True)),
                ('currency', models.CharField(default='USD', max_length=3, validators=[core.models.money.validate_currency])),
                ('notes', models.TextField(blank=True)),
                ('expense_name', models.CharField(max_length=255)),
                ('expense_category', models.CharField(blank=True, max_length=100)),
                ('is_essential', models.BooleanField(default=True)),
                ('last_paid_date', models.DateField(blank=True, null=True)),
                ('last_paid_amount', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))])),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('paid', 'Paid'), ('overdue', 'Overdue'), ('partial', 'Partial')], default='pending', max_length=50)),
                ('auto_pay_enabled', models.BooleanField(default=False)),
                ('user', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='%(class)s_set', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'expense due date',
                'abstract': False,
                'indexes': [models.Index(fields=['user', 'next_occurrence', 'id'], name='finance_expense_due_next')],
                'constraints': [models.UniqueConstraint(fields=('user', 'id'), name='finance_userexpenseduedate_owner'), models.CheckConstraint(condition=models.Q(('expected_amount__gte', Decimal('0.01'))), name='finance_userexpenseduedate_expected_amount_bounds', violation_error_message='Must be 0.01 or more.'), models.CheckConstraint(condition=models.Q(models.Func(models.F('expected_amount'), output_field=models.BooleanField(), template="%(expressions)s <> 'NaN'::numeric")), name='finance_userexpenseduedate_expected_amount_number', violation_error_message='Must be a number.'), models.CheckConstraint(condition=models.Q(('due_date__gte', datetime.date(1900, 1, 1)), ('due_date__lte', datetime.date(2200, 12, 31))), name='finance_userexpenseduedate_due_date_bounds', violation_error_message='Must be between 1900-01-01 and 2200-12-31.'), models.CheckConstraint(condition=models.Q(('frequency__in', ['weekly', 'biweekly', 'semimonthly', 'monthly', 'quarterly', 'yearly'])), name='finance_userexpenseduedate_frequency_choice', violation_error_message='Choose one of: weekly, biweekly, semimonthly, monthly, quarterly, yearly.'), models.CheckConstraint(condition=models.Q(models.Q(('is_recurring', True), ('next_occurrence__gte', models.F('due_date')), ('next_occurrence__isnull', False)), models.Q(('is_recurring', False), ('next_occurrence__isnull', True)), models.Q(('is_recurring', False), ('next_occurrence', models.F('due_date')), ('next_occurrence__isnull', False)), _connector='OR'), name='finance_userexpenseduedate_next_occurrence_in_series', violation_error_message='What recurs is always due again; what does not is due on its day or not at all.'), models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$')), name='finance_userexpenseduedate_currency_iso_4217', violation_error_message='Use an ISO 4217 code such as USD.'), models.CheckConstraint(condition=models.Q(('expense_name__regex', '^\\S(.*\\S)?$')), name='finance_userexpenseduedate_expense_name_not_blank', violation_error_message='Must not be empty or padded.'), models.CheckConstraint(condition=models.Q(('last_paid_date__gte', datetime.date(1900, 1, 1)), ('last_paid_date__lte', datetime.date(2200, 12, 31))), name='finance_userexpenseduedate_last_paid_date_bounds', violation_error_message='Must be between 1900-01-01 and 2200-12-31.'), models.CheckConstraint(condition=models.Q(('last_paid_amount__gte', 0)), name='finance_userexpenseduedate_last_paid_amount_bounds', violation_error_message='Must be 0 or more.'), models.CheckConstraint(condition=models.Q(models.Func(models.F('last_paid_amount'), output_field=models.BooleanField(), template="%(expressions)s <> 'NaN'::numeric")), name='finance_userexpenseduedate_last_paid_amount_number', violation_error_message='Must be a number.'), models.CheckConstraint(condition=models.Q(models.Q(('last_paid_amount__isnull', False), ('last_paid_date__isnull', False)), models.Q(('last_paid_amount__isnull', True), ('last_paid_date__isnull', True)), _connector='OR'), name='finance_userexpenseduedate_last_paid_date_with_amount', violation_error_message='The day and the amount are set together.'), models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'paid', 'overdue', 'partial'])), name='finance_userexpenseduedate_status_choice', violation_error_message='Choose one of: pending, paid, overdue, partial.')],
            },
        ),
        migrations.CreateModel(
            name='UserIncomeDueDate',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', core.models.base.UpdatedAtField()),
                ('expected_amount', models.DecimalField(decimal_places=2, max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0.01'))])),
                ('due_date', models.DateField(validators=[core.models.validators.validate_plausible_date])),
                ('frequency', models.CharField(choices=[('weekly', 'Weekly'), ('biweekly', 'Biweekly'), ('semimonthly', 'Semimonthly'), ('monthly', 'Monthly'), ('quarterly', 'Quarterly'), ('yearly', 'Yearly')], max_length=20)),
                ('is_recurring', models.BooleanField(default=True)),
                ('next_occurrence', models.DateField(blank=True, editable=False, null=True)),
                ('currency', models.CharField(default='USD', max_length=3, validators=[core.models.money.validate_currency])),
                ('notes', models.TextField(blank=True)),
                ('income_source', models.CharField(max_length=100)),
                ('last_received_date', models.DateField(blank=True, null=True)),
                ('last_received_amount', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))])),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('received', 'Received'), ('overdue', 'Overdue'), ('partial', 'Partial')], default='pending', max_length=50)),
                ('user', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='%(class)s_set', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'income due date',
                'abstract': False,
                'indexes': [models.Index(fields=['user', 'next_occurrence', 'id'], name='finance_income_due_next')],
                'constraints': [models.UniqueConstraint(fields=('user', 'id'), name='finance_userincomeduedate_owner'), models.CheckConstraint(condition=models.Q(('expected_amount__gte', Decimal('0.01'))), name='finance_userincomeduedate_expected_amount_bounds', violation_error_message='Must be 0.01 or more.'), models.CheckConstraint(condition=models.Q(models.Func(models.F('expected_amount'), output_field=models.BooleanField(), template="%(expressions)s <> 'NaN'::numeric")), name='finance_userincomeduedate_expected_amount_number', violation_error_message='Must be a number.'), models.CheckConstraint(condition=models.Q(('due_date__gte', datetime.date(1900, 1, 1)), ('due_date__lte', datetime.date(2200, 12, 31))), name='finance_userincomeduedate_due_date_bounds', violation_error_message='Must be between 1900-01-01 and 2200-12-31.'), models.CheckConstraint(condition=models.Q(('frequency__in', ['weekly', 'biweekly', 'semimonthly', 'monthly', 'quarterly', 'yearly'])), name='finance_userincomeduedate_frequency_choice', violation_error_message='Choose one of: weekly, biweekly, semimonthly, monthly, quarterly, yearly.'), models.CheckConstraint(condition=models.Q(models.Q(('is_recurring', True), ('next_occurrence__gte', models.F('due_date')), ('next_occurrence__isnull', False)), models.Q(('is_recurring', False), ('next_occurrence__isnull', True)), models.Q(('is_recurring', False), ('next_occurrence', models.F('due_date')), ('next_occurrence__isnull', False)), _connector='OR'), name='finance_userincomeduedate_next_occurrence_in_series', violation_error_message='What recurs is always due again; what does not is due on its day or not at all.'), models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$')), name='finance_userincomeduedate_currency_iso_4217', violation_error_message='Use an ISO 4217 code such as USD.'), models.CheckConstraint(condition=models.Q(('income_source__regex', '^\\S(.*\\S)?$')), name='finance_userincomeduedate_income_source_not_blank', violation_error_message='Must not be empty or padded.'), models.CheckConstraint(condition=models.Q(('last_received_date__gte', datetime.date(1900, 1, 1)), ('last_received_date__lte', datetime.date(2200, 12, 31))), name='finance_userincomeduedate_last_received_date_bounds', violation_error_message='Must be between 1900-01-01 and 2200-12-31.'), models.CheckConstraint(condition=models.Q(('last_received_amount__gte', 0)), name='finance_userincomeduedate_last_received_amount_bounds', violation_error_message='Must be 0 or more.'), models.CheckConstraint(condition=models.Q(models.Func(models.F('last_received_amount'), output_field=models.BooleanField(), template="%(expressions)s <> 'NaN'::numeric")), name='finance_userincomeduedate_last_received_amount_number', violation_error_message='Must be a number.'), models.CheckConstraint(condition=models.Q(models.Q(('last_received_amount__isnull', False), ('last_received_date__isnull', False)), models.Q(('last_received_amount__isnull', True), ('last_received_date__isnull', True)), _connector='OR'), name='finance_userincomeduedate_last_received_date_with_amount', violation_error_message='The day and the amount are set together.'), models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'received', 'overdue', 'partial'])), name='finance_userincomeduedate_status_choice', violation_error_message='Choose one of: pending, received, overdue, partial.')],
            },
        ),
        migrations.CreateModel(
            name='DueDatePayment',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', core.models.base.UpdatedAtField()),
                ('occurrence_date', models.DateField(validators=[core.models.validators.validate_plausible_date])),
                ('expected_amount', models.DecimalField(decimal_places=2, max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0.01'))])),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0.01'))])),
                ('paid_on', models.DateField(validators=[core.models.validators.validate_plausible_date])),
                ('transaction', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='due_payments', to='finance.financialtransaction')),
                ('user', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='%(class)s_set', to=settings.AUTH_USER_MODEL)),
                ('expense', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='payments', to='finance.userexpenseduedate')),
                ('income', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='payments', to='finance.userincomeduedate')),
            ],
            options={
                'verbose_name': 'payment',
                'abstract': False,
                'indexes': [models.Index(fields=['user', 'income', 'occurrence_date'], name='finance_payment_income'), models.Index(fields=['user', 'expense', 'occurrence_date'], name='finance_payment_expense'), models.Index(fields=['user', 'transaction'], name='finance_payment_transaction'), models.Index(fields=['user', '-paid_on', '-id'], name='finance_payment_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('expense__isnull', True), ('income__isnull', False)), models.Q(('expense__isnull', False), ('income__isnull', True)), _connector='OR'), name='finance_duedatepayment_income_or_expense', violation_error_message='A payment belongs to one due date, of income or of an expense.'), models.CheckConstraint(condition=models.Q(('occurrence_date__gte', datetime.date(1900, 1, 1)), ('occurrence_date__lte', datetime.date(2200, 12, 31))), name='finance_duedatepayment_occurrence_date_bounds', violation_error_message='Must be between 1900-01-01 and 2200-12-31.'), models.CheckConstraint(condition=models.Q(('expected_amount__gte', Decimal('0.01'))), name='finance_duedatepayment_expected_amount_bounds', violation_error_message='Must be 0.01 or more.'), models.CheckConstraint(condition=models.Q(models.Func(models.F('expected_amount'), output_field=models.BooleanField(), template="%(expressions)s <> 'NaN'::numeric")), name='finance_duedatepayment_expected_amount_number', violation_error_message='Must be a number.'), models.CheckConstraint(condition=models.Q(('amount__gte', Decimal('0.01'))), name='finance_duedatepayment_amount_bounds', violation_error_message='Must be 0.01 or more.'), models.CheckConstraint(condition=models.Q(models.Func(models.F('amount'), output_field=models.BooleanField(), template="%(expressions)s <> 'NaN'::numeric")), name='finance_duedatepayment_amount_number', violation_error_message='Must be a number.'), models.CheckConstraint(condition=models.Q(('paid_on__gte', datetime.date(1900, 1, 1)), ('paid_on__lte', datetime.date(2200, 12, 31))), name='finance_duedatepayment_paid_on_bounds', violation_error_message='Must be between 1900-01-01 and 2200-12-31.'), models.UniqueConstraint(condition=models.Q(('transaction__isnull', False)), fields=('user', 'income', 'expense', 'occurrence_date', 'transaction'), name='finance_duedatepayment_transaction_unique', nulls_distinct=False, violation_error_message='This transaction is linked with this occurrence already.')],
            },
        ),
        migrations.CreateModel(
            name='IncomeProjection',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', core.models.base.UpdatedAtField()),
                ('projection_date', models.DateField(validators=[core.models.validators.validate_plausible_date])),
                ('current_income', models.DecimalField(decimal_places=2, max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0.01'))])),
                ('projected_income_1_year', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))])),
                ('projected_income_3_years', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))])),
                ('projected_income_5_years', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))])),
                ('growth_rate', models.DecimalField(blank=True, decimal_places=2, max_digits=6, null=True, validators=[django.core.validators.MinValueValidator(Decimal('-100')), django.core.validators.MaxValueValidator(Decimal('1000'))])),
                ('factors', models.JSONField(blank=True, default=dict, validators=[core.models.validators.validate_json_object])),
                ('confidence_level', models.DecimalField(blank=True, decimal_places=2, max_digits=3, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0')), django.core.validators.MaxValueValidator(Decimal('1'))])),
                ('user', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='%(class)s_set', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['user', '-projection_date', '-id'], name='finance_projection_newest'), django.contrib.postgres.indexes.GinIndex(fields=['factors'], name='finance_projection_factors_gin', opclasses=['jsonb_path_ops'])],
                'constraints': [models.CheckConstraint(condition=models.Q(('projection_date__gte', datetime.date(1900, 1, 1)), ('projection_date__lte', datetime.date(2200, 12, 31))), name='finance_incomeprojection_projection_date_bounds', violation_error_message='Must be between 1900-01-01 and 2200-12-31.'), models.CheckConstraint(condition=models.Q(('current_income__gte', Decimal('0.01'))), name='finance_incomeprojection_current_income_bounds', violation_error_message='Must be 0.01 or more.'), models.CheckConstraint(condition=models.Q(models.Func(models.F('current_income'), output_field=models.BooleanField(), template="%(expressions)s <> 'NaN'::numeric")), name='finance_incomeprojection_current_income_number', violation_error_message='Must be a number.'), models.CheckConstraint(condition=models.Q(('projected_income_1_year__gte', 0)), name='finance_incomeprojection_projected_income_1_year_bounds', violation_error_message='Must be 0 or more.'), models.CheckConstraint(condition=models.Q(('projected_income_3_years__gte', 0)), name='finance_incomeprojection_projected_income_3_years_bounds', violation_error_message='Must be 0 or more.'), models.CheckConstraint(condition=models.Q(('projected_income_5_years__gte', 0)), name='finance_incomeprojection_projected_income_5_years_bounds', violation_error_message='Must be 0 or more.'), models.CheckConstraint(condition=models.Q(models.Func(models.F('projected_income_1_year'), output_field=models.BooleanField(), template="%(expressions)s <> 'NaN'::numeric")), name='finance_incomeprojection_projected_income_1_year_number', violation_error_message='Must be a number.'), models.CheckConstraint(condition=models.Q(models.Func(models.F('projected_income_3_years'), output_field=models.BooleanField(), template="%(expressions)s <> 'NaN'::numeric")), name='finance_incomeprojection_projected_income_3_years_number', violation_error_message='Must be a number.'), models.CheckConstraint(condition=models.Q(models.Func(models.F('projected_income_5_years'), output_field=models.BooleanField(), template="%(expressions)s <> 'NaN'::numeric")), name='finance_incomeprojection_projected_income_5_years_number', violation_error_message='Must be a number.'), models.CheckConstraint(condition=models.Q(('growth_rate__gte', -100), ('growth_rate__lte', 1000)), name='finance_incomeprojection_growth_rate_bounds', violation_error_message='Must be between -100 and 1000.'), models.CheckConstraint(condition=models.Q(('confidence_level__gte', 0), ('confidence_level__lte', 1)), name='finance_incomeprojection_confidence_level_bounds', violation_error_message='Must be between 0 and 1.'), models.CheckConstraint(condition=django.db.models.lookups.Exact(models.Func(models.F('factors'), function='jsonb_typeof', output_field=models.TextField()), models.Value('object')), name='finance_incomeprojection_factors_shape', violation_error_message='Must be a JSON object.')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='incomeprojection',
            trigger=pgtrigger.compiler.Trigger(name='touch_updated_at', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.* AND OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at)', func='NEW.updated_at = clock_timestamp(); RETURN NEW;', hash='90bee5e8adfb3605624ba23b76753a357a3e6b6f', operation='UPDATE', pgid='pgtrigger_touch_updated_at_e1e60', table='finance_incomeprojection', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='userexpenseduedate',
            trigger=pgtrigger.compiler.Trigger(name='touch_updated_at', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.* AND OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at)', func='NEW.updated_at = clock_timestamp(); RETURN NEW;', hash='9a1d2b7d7e7753705b43fa6a0ece9dc22ecdb3e2', operation='UPDATE', pgid='pgtrigger_touch_updated_at_fb518', table='finance_userexpenseduedate', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='userincomeduedate',
            trigger=pgtrigger.compiler.Trigger(name='touch_updated_at', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.* AND OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at)', func='NEW.updated_at = clock_timestamp(); RETURN NEW;', hash='97f37bf58efa49dcadb7c9b11ebe2567e2cb9a91', operation='UPDATE', pgid='pgtrigger_touch_updated_at_d9ba1', table='finance_userincomeduedate', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='duedatepayment',
            trigger=pgtrigger.compiler.Trigger(name='touch_updated_at', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.* AND OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at)', func='NEW.updated_at = clock_timestamp(); RETURN NEW;', hash='a54287b87d5a136215e9457409e905c7b3a4baff', operation='UPDATE', pgid='pgtrigger_touch_updated_at_80457', table='finance_duedatepayment', when='BEFORE')),
        ),
        kept_with_owner("income_id", "finance_userincomeduedate", "CASCADE"),
        kept_with_owner("expense_id", "finance_userexpenseduedate", "CASCADE"),
        kept_with_owner("transaction_id", "finance_financialtransaction", "SET NULL (transaction_id)"),
    ]
