"""Tables of accounts, transactions, imports, due dates and projections."""

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models
from django.db.models.deletion import CASCADE, DO_NOTHING, RESTRICT
from django.db.models.functions.datetime import Now
from django.db.models.lookups import Exact
from uuid_utils.compat import uuid7

from core.encryption.fields import encrypt
from core.models.base import UpdatedAtField
from core.models.money import NumericField, validate_currency
from core.models.validators import validate_json_object, validate_plausible_date
from core.postgres.operations import add_triggers, composite_foreign_key, enable_row_level_security, run_sql_file
from finance.models.accounts import is_account_number, is_routing_number
from finance.models.transactions import is_not_zero

ACCOUNT = "finance_encryptedfinancialprofile"
TRANSACTION = "finance_financialtransaction"
IMPORT = "finance_statementimport"
IMPORT_ROW = "finance_statementimportrow"
INCOME = "finance_userincomeduedate"
EXPENSE = "finance_userexpenseduedate"
PAYMENT = "finance_duedatepayment"


def owner_key(child, column, parent, on_delete="", shared=()):
    name = f"{child}_{column.removesuffix('_id')}_owner"
    return composite_foreign_key(child, column, parent, name=name, on_delete=on_delete, shared=shared)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("core", "0001_initial"),
        ("system", "0001_initial"),
    ]

    operations = [
        # Tables
        migrations.CreateModel(
            name="EncryptedFinancialProfile",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("profile_name", models.CharField(help_text="The user's name for the account.", max_length=100)),
                (
                    "profile_type",
                    models.CharField(
                        choices=[
                            ("checking", "Checking"),
                            ("savings", "Savings"),
                            ("credit", "Credit"),
                            ("investment", "Investment"),
                            ("loan", "Loan"),
                            ("mortgage", "Mortgage"),
                        ],
                        max_length=50,
                    ),
                ),
                ("institution_name", models.CharField(blank=True, help_text="Name of the bank.", max_length=255)),
                (
                    "account_number",
                    encrypt(
                        models.CharField(blank=True, max_length=34, null=True, validators=[is_account_number]),
                        label="finance.account_number",
                    ),
                ),
                ("account_number_index", models.BinaryField(blank=True, max_length=16, null=True)),
                (
                    "routing_number",
                    encrypt(
                        models.CharField(blank=True, max_length=9, null=True, validators=[is_routing_number]),
                        label="finance.routing_number",
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        default="USD",
                        help_text="ISO 4217 code of all amounts of the account. Default: USD.",
                        max_length=3,
                        validators=[validate_currency],
                    ),
                ),
                (
                    "account_balance",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text=(
                            "Balance at the end of `balance_date`. Below 0 if money is owed, as on a credit, loan or mortgage "
                            "account; above 0 there only if it is `overpaid`. Null: unknown."
                        ),
                        max_digits=16,
                        null=True,
                    ),
                ),
                (
                    "balance_date",
                    models.DateField(
                        blank=True,
                        help_text="Day at whose end the account had its balance. Null without a balance.",
                        null=True,
                        validators=[validate_plausible_date],
                    ),
                ),
                (
                    "balance_source",
                    models.CharField(
                        blank=True,
                        choices=[("user", "User"), ("import", "Import")],
                        help_text="Who set the balance. Empty without a balance.",
                        max_length=10,
                    ),
                ),
                (
                    "overpaid",
                    models.BooleanField(
                        default=False,
                        help_text="True if more was paid than owed: a credit, loan or mortgage account with a balance above 0.",
                    ),
                ),
                (
                    "credit_limit",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text="For credit accounts. Null: unknown.",
                        max_digits=16,
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "interest_rate",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="Yearly rate: 0.0125 is 1.25%.",
                        max_digits=5,
                        null=True,
                        validators=[MinValueValidator(0), MaxValueValidator(1)],
                    ),
                ),
                (
                    "last_sync_at",
                    models.DateTimeField(blank=True, help_text="Last statement import. Null if there was none.", null=True),
                ),
                (
                    "sync_status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("in_progress", "In Progress"),
                            ("success", "Success"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        help_text="Success after an import.",
                        max_length=50,
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(default=True, help_text="False: the account is closed and refuses statement imports."),
                ),
                (
                    "metadata",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Any further data, as a JSON object.",
                        validators=[validate_json_object],
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=CASCADE,
                        related_name="%(class)s_set",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "account",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["user", "-created_at", "-id"], name="finance_account_newest"),
                    models.Index(fields=["user", "account_number_index"], name="finance_account_number"),
                    GinIndex(fields=["metadata"], name="finance_account_metadata_gin", opclasses=["jsonb_path_ops"]),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id"), name="finance_encryptedfinancialprofile_owner"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("profile_type__in", ("credit", "loan", "mortgage")),
                                ("account_balance__isnull", False),
                                ("account_balance__gt", 0),
                                _negated=True,
                            ),
                            ("overpaid", True),
                            _connector="OR",
                        ),
                        name="finance_encryptedfinancialprofile_account_balance_sign",
                        violation_error_message=(
                            "The balance of a credit, loan or mortgage account is below 0 while money is owed. Send it with a "
                            "minus, or send what is owed as amount_owed. If more was paid than owed, set overpaid to true."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("profile_type__in", ("credit", "loan", "mortgage")),
                                ("account_balance__isnull", False),
                                ("account_balance__gt", 0),
                            ),
                            ("overpaid", False),
                            _connector="OR",
                        ),
                        name="finance_encryptedfinancialprofile_overpaid_sign",
                        violation_error_message=(
                            "Only a credit, loan or mortgage account with a balance above 0 is overpaid. Set overpaid to false."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(models.Q(("account_balance__isnull", False)), ("balance_date__isnull", False)),
                            models.Q(
                                models.Q(("account_balance__isnull", False), _negated=True), ("balance_date__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="finance_encryptedfinancialprofile_balance_date_known",
                        violation_error_message=(
                            "A balance has a day, and a day has a balance. Send account_balance with it, or null for both."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("account_balance__isnull", False), models.Q(("balance_source", ""), _negated=True)),
                            models.Q(models.Q(("account_balance__isnull", False), _negated=True), ("balance_source", "")),
                            _connector="OR",
                        ),
                        name="finance_encryptedfinancialprofile_balance_source_known",
                        violation_error_message="Must be set exactly when there is a balance.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("profile_name__regex", "^\\S(.*\\S)?$")),
                        name="finance_encryptedfinancialprofile_profile_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("profile_type__in", ["checking", "savings", "credit", "investment", "loan", "mortgage"])
                        ),
                        name="finance_encryptedfinancialprofile_profile_type_choice",
                        violation_error_message="Choose one of: checking, savings, credit, investment, loan, mortgage.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="finance_encryptedfinancialprofile_currency_iso_4217",
                        violation_error_message="Use an ISO 4217 code such as USD.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("account_balance"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="finance_encryptedfinancialprofile_account_balance_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("account_balance__gt", Decimal("-10000000000000")),
                            ("account_balance__lt", Decimal("10000000000000")),
                        ),
                        name="finance_encryptedfinancialprofile_account_balance_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("balance_date__gte", date(1900, 1, 1)), ("balance_date__lte", date(2200, 12, 31))),
                        name="finance_encryptedfinancialprofile_balance_date_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("balance_source__in", ["user", "import", ""])),
                        name="finance_encryptedfinancialprofile_balance_source_choice",
                        violation_error_message="Choose one of: user, import.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("credit_limit"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="finance_encryptedfinancialprofile_credit_limit_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("credit_limit__gt", Decimal("-10000000000000")), ("credit_limit__lt", Decimal("10000000000000"))
                        ),
                        name="finance_encryptedfinancialprofile_credit_limit_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("credit_limit__gte", 0)),
                        name="finance_encryptedfinancialprofile_credit_limit_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("interest_rate__gte", 0), ("interest_rate__lte", 1)),
                        name="finance_encryptedfinancialprofile_interest_rate_bounds",
                        violation_error_message="Must be between 0 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sync_status__in", ["pending", "in_progress", "success", "failed"])),
                        name="finance_encryptedfinancialprofile_sync_status_choice",
                        violation_error_message="Choose one of: pending, in_progress, success, failed.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("metadata"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="finance_encryptedfinancialprofile_metadata_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FinancialTransaction",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "transaction_type",
                    models.CharField(
                        choices=[
                            ("income", "Income"),
                            ("expense", "Expense"),
                            ("transfer", "Transfer"),
                            ("refund", "Refund"),
                            ("fee", "Fee"),
                        ],
                        max_length=50,
                    ),
                ),
                (
                    "amount",
                    NumericField(
                        decimal_places=3,
                        help_text="Above 0 if money enters the account, below 0 if it leaves.",
                        max_digits=16,
                        validators=[is_not_zero],
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        default="USD", help_text="ISO 4217 code of the amount.", max_length=3, validators=[validate_currency]
                    ),
                ),
                ("description", models.TextField(blank=True, help_text="Text of the bank statement or of the user.")),
                ("category", models.CharField(blank=True, help_text="Free text, such as dining.", max_length=100)),
                ("merchant_name", models.CharField(blank=True, max_length=255)),
                (
                    "transaction_date",
                    models.DateField(
                        help_text="Day of the transaction itself, not of its booking.", validators=[validate_plausible_date]
                    ),
                ),
                (
                    "posted_date",
                    models.DateField(
                        blank=True,
                        help_text="Day on which the bank booked it. Null: unknown.",
                        null=True,
                        validators=[validate_plausible_date],
                    ),
                ),
                (
                    "reference_number",
                    models.CharField(blank=True, help_text="The bank's id. Unique in the account, or empty.", max_length=255),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("completed", "Completed"),
                            ("failed", "Failed"),
                            ("disputed", "Disputed"),
                            ("cancelled", "Canceled"),
                        ],
                        default="pending",
                        help_text="Default: pending.",
                        max_length=50,
                    ),
                ),
                (
                    "metadata",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Any further data, as a JSON object.",
                        validators=[validate_json_object],
                    ),
                ),
                (
                    "financial_profile",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=RESTRICT,
                        related_name="transactions",
                        to="finance.encryptedfinancialprofile",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=CASCADE,
                        related_name="%(class)s_set",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "transaction",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["user", "-transaction_date", "-id"], name="finance_tx_by_day"),
                    models.Index(
                        fields=["user", "financial_profile", "-transaction_date", "-id"], name="finance_tx_by_account"
                    ),
                    models.Index(fields=["user", "category", "-transaction_date", "-id"], name="finance_tx_by_category"),
                    GinIndex(fields=["metadata"], name="finance_tx_metadata_gin", opclasses=["jsonb_path_ops"]),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id"), name="finance_financialtransaction_owner"),
                    models.CheckConstraint(
                        condition=models.Q(("amount", 0), _negated=True),
                        name="finance_financialtransaction_amount_not_zero",
                        violation_error_message="The amount must not be 0.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount__lt", 0), ("transaction_type__in", ("income", "refund")), _negated=True),
                            models.Q(("amount__gt", 0), ("transaction_type__in", ("expense", "fee")), _negated=True),
                        ),
                        name="finance_financialtransaction_amount_sign",
                        violation_error_message="Income and refunds must be above 0, expenses and fees below 0.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("reference_number", ""), _negated=True),
                        fields=("user", "financial_profile", "reference_number"),
                        name="finance_financialtransaction_reference_number_unique",
                        violation_error_message="This account already has a transaction with this reference number.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("transaction_type__in", ["income", "expense", "transfer", "refund", "fee"])),
                        name="finance_financialtransaction_transaction_type_choice",
                        violation_error_message="Choose one of: income, expense, transfer, refund, fee.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("amount"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="finance_financialtransaction_amount_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", Decimal("-10000000000000")), ("amount__lt", Decimal("10000000000000"))
                        ),
                        name="finance_financialtransaction_amount_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="finance_financialtransaction_currency_iso_4217",
                        violation_error_message="Use an ISO 4217 code such as USD.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("transaction_date__gte", date(1900, 1, 1)), ("transaction_date__lte", date(2200, 12, 31))
                        ),
                        name="finance_financialtransaction_transaction_date_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("posted_date__gte", date(1900, 1, 1)), ("posted_date__lte", date(2200, 12, 31))),
                        name="finance_financialtransaction_posted_date_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["pending", "completed", "failed", "disputed", "cancelled"])),
                        name="finance_financialtransaction_status_choice",
                        violation_error_message="Choose one of: pending, completed, failed, disputed, cancelled.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("metadata"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="finance_financialtransaction_metadata_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IncomeProjection",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "projection_date",
                    models.DateField(help_text="Day from which the years are counted.", validators=[validate_plausible_date]),
                ),
                (
                    "current_income",
                    NumericField(
                        decimal_places=3,
                        help_text="Yearly income on the projection date, above 0.",
                        max_digits=16,
                        validators=[MinValueValidator(Decimal("0.001"))],
                    ),
                ),
                (
                    "projected_income_1_year",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text="Median yearly income after one year.",
                        max_digits=16,
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "projected_income_3_years",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text="Median yearly income after three years.",
                        max_digits=16,
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "projected_income_5_years",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text="Median yearly income after five years.",
                        max_digits=16,
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "growth_rate",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Percent a year: 4.30 is 4.3%.",
                        max_digits=6,
                        null=True,
                        validators=[MinValueValidator(-100), MaxValueValidator(1000)],
                    ),
                ),
                (
                    "factors",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Inputs and sources of the calculation, as a JSON object.",
                        validators=[validate_json_object],
                    ),
                ),
                (
                    "confidence_level",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Share of modeled outcomes from p10 to p90, 0.00 to 1.00.",
                        max_digits=3,
                        null=True,
                        validators=[MinValueValidator(0), MaxValueValidator(1)],
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=CASCADE,
                        related_name="%(class)s_set",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(fields=["user", "-projection_date", "-id"], name="finance_projection_newest"),
                    GinIndex(fields=["factors"], name="finance_projection_factors_gin", opclasses=["jsonb_path_ops"]),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("projection_date__gte", date(1900, 1, 1)), ("projection_date__lte", date(2200, 12, 31))
                        ),
                        name="finance_incomeprojection_projection_date_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("current_income"), function="scale", output_field=models.IntegerField()),
                            models.Value(2),
                        ),
                        name="finance_incomeprojection_current_income_decimals",
                        violation_error_message="Must have 2 decimals.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("current_income__gt", Decimal("-10000000000000")),
                            ("current_income__lt", Decimal("10000000000000")),
                        ),
                        name="finance_incomeprojection_current_income_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("current_income__gt", 0)),
                        name="finance_incomeprojection_current_income_above_zero",
                        violation_error_message="Must be greater than 0.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(
                                models.F("projected_income_1_year"), function="scale", output_field=models.IntegerField()
                            ),
                            models.Value(2),
                        ),
                        name="finance_incomeprojection_projected_income_1_year_decimals",
                        violation_error_message="Must have 2 decimals.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("projected_income_1_year__gt", Decimal("-10000000000000")),
                            ("projected_income_1_year__lt", Decimal("10000000000000")),
                        ),
                        name="finance_incomeprojection_projected_income_1_year_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("projected_income_1_year__gte", 0)),
                        name="finance_incomeprojection_projected_income_1_year_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(
                                models.F("projected_income_3_years"), function="scale", output_field=models.IntegerField()
                            ),
                            models.Value(2),
                        ),
                        name="finance_incomeprojection_projected_income_3_years_decimals",
                        violation_error_message="Must have 2 decimals.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("projected_income_3_years__gt", Decimal("-10000000000000")),
                            ("projected_income_3_years__lt", Decimal("10000000000000")),
                        ),
                        name="finance_incomeprojection_projected_income_3_years_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("projected_income_3_years__gte", 0)),
                        name="finance_incomeprojection_projected_income_3_years_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(
                                models.F("projected_income_5_years"), function="scale", output_field=models.IntegerField()
                            ),
                            models.Value(2),
                        ),
                        name="finance_incomeprojection_projected_income_5_years_decimals",
                        violation_error_message="Must have 2 decimals.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("projected_income_5_years__gt", Decimal("-10000000000000")),
                            ("projected_income_5_years__lt", Decimal("10000000000000")),
                        ),
                        name="finance_incomeprojection_projected_income_5_years_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("projected_income_5_years__gte", 0)),
                        name="finance_incomeprojection_projected_income_5_years_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("growth_rate__gte", -100), ("growth_rate__lte", 1000)),
                        name="finance_incomeprojection_growth_rate_bounds",
                        violation_error_message="Must be between -100 and 1000.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("factors"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="finance_incomeprojection_factors_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("confidence_level__gte", 0), ("confidence_level__lte", 1)),
                        name="finance_incomeprojection_confidence_level_bounds",
                        violation_error_message="Must be between 0 and 1.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StatementImport",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "format",
                    models.CharField(
                        choices=[
                            ("ofx", "OFX"),
                            ("qfx", "QFX"),
                            ("camt", "CAMT"),
                            ("mt940", "MT940"),
                            ("qif", "QIF"),
                            ("csv", "CSV"),
                            ("xlsx", "XLSX"),
                            ("ods", "ODS"),
                            ("json", "JSON"),
                        ],
                        max_length=10,
                    ),
                ),
                ("filename", models.CharField(blank=True, help_text="Name of the file without its folder.", max_length=255)),
                ("file_digest", models.CharField(max_length=64)),
                (
                    "id_scheme",
                    models.CharField(blank=True, help_text="Kind of the bank's ids, such as `ofx` for FITIDs.", max_length=20),
                ),
                (
                    "mapping",
                    models.JSONField(blank=True, default=dict, help_text="Columns of a table. Empty for other formats."),
                ),
                (
                    "options",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text=(
                            "`invert`, `encoding`, `date_order` and `decimal` as sent or remembered. Empty ones were detected."
                        ),
                    ),
                ),
                ("created", models.IntegerField(default=0, help_text="Rows that were imported as new transactions.")),
                ("duplicates", models.IntegerField(default=0, help_text="Rows that were in the account already.")),
                ("tombstoned", models.IntegerField(default=0, help_text="Rows that the user deleted or ignored before.")),
                ("superseded", models.IntegerField(default=0, help_text="Rows that updated or corrected a transaction.")),
                ("review", models.IntegerField(default=0, help_text="Rows that the user must resolve.")),
                ("failed", models.IntegerField(default=0, help_text="Invalid rows.")),
                (
                    "statement",
                    models.JSONField(blank=True, default=dict, help_text="Opening, closing and computed balance, and the gap."),
                ),
                (
                    "balance_set",
                    models.BooleanField(default=False, help_text="True: the closing balance became that of the account."),
                ),
                (
                    "balance_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("no_balance", "the statement has no closing balance"),
                            ("no_booked_rows", "the statement has no booked rows"),
                            ("other_currency", "the balance is not in the account's currency"),
                            ("sign_unknown", "nothing shows whether the balance is owed or in credit"),
                            ("gap", "the balances and the rows do not add up"),
                            ("signs_in_doubt", "the signs of the rows look wrong"),
                            ("unreadable_rows", "some rows can't be read"),
                            ("out_of_range", "the balance has too many digits or decimals"),
                            ("newer_balance", "the account has the balance of a later day"),
                        ],
                        help_text="Why the balance was not set. Empty if it was.",
                        max_length=20,
                    ),
                ),
                (
                    "warnings",
                    models.JSONField(
                        blank=True,
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="Each with a code and a message.",
                    ),
                ),
                ("account_before", models.JSONField(blank=True, editable=False, null=True)),
                ("undone_at", models.DateTimeField(blank=True, help_text="Null if the import was not undone.", null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=CASCADE,
                        related_name="imports",
                        to="finance.encryptedfinancialprofile",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=CASCADE,
                        related_name="%(class)s_set",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(fields=["user", "-created_at", "-id"], name="finance_import_newest"),
                    models.Index(fields=["user", "account", "-created_at"], name="finance_import_by_account"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id", "account"), name="finance_statementimport_owner"),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("mapping"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="finance_statementimport_mapping_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("options"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="finance_statementimport_options_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("statement"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="finance_statementimport_statement_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("warnings"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("array"),
                        ),
                        name="finance_statementimport_warnings_shape",
                        violation_error_message="Must be a JSON list.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("account_before"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="finance_statementimport_account_before_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("created__gte", 0)),
                        name="finance_statementimport_created_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("format__in", ["ofx", "qfx", "camt", "mt940", "qif", "csv", "xlsx", "ods", "json"])
                        ),
                        name="finance_statementimport_format_choice",
                        violation_error_message="Choose one of: ofx, qfx, camt, mt940, qif, csv, xlsx, ods, json.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "balance_reason__in",
                                [
                                    "no_balance",
                                    "no_booked_rows",
                                    "other_currency",
                                    "sign_unknown",
                                    "gap",
                                    "signs_in_doubt",
                                    "unreadable_rows",
                                    "out_of_range",
                                    "newer_balance",
                                    "",
                                ],
                            )
                        ),
                        name="finance_statementimport_balance_reason_choice",
                        violation_error_message=(
                            "Choose one of: no_balance, no_booked_rows, other_currency, sign_unknown, gap, signs_in_doubt, "
                            "unreadable_rows, out_of_range, newer_balance."
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StatementImportRow",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("number", models.IntegerField(help_text="Line in a CSV file or position in an OFX statement, from 1.")),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("created", "imported as a new transaction"),
                            ("duplicate", "already in the account"),
                            ("tombstoned", "deleted or ignored by the user before"),
                            ("superseded", "updated a transaction, or removed it as the bank's correction"),
                            ("review", "unsure, for the user to resolve"),
                            ("error", "invalid row"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("possible_duplicate", "equal to a transaction in day and amount"),
                            ("pending_may_have_posted", "may be a pending transaction that has posted"),
                            ("same_id_other_content", "the bank has used the id before, with another day, amount or text"),
                            ("ids_changed", "known under another id of the bank"),
                            ("same_row_other_text", "known with another text, from another choice of columns"),
                            ("correction", "the bank corrects a transaction that was changed or linked"),
                        ],
                        help_text="Why the row is or was in review. May be empty.",
                        max_length=30,
                    ),
                ),
                ("transaction_id", models.UUIDField(blank=True, null=True)),
                ("is_claim", models.BooleanField(default=False)),
                (
                    "provider_id",
                    models.CharField(blank=True, help_text="The bank's id of the transaction. May be empty.", max_length=255),
                ),
                (
                    "transaction_date",
                    models.DateField(blank=True, help_text="As in the file. Null for an invalid row.", null=True),
                ),
                (
                    "amount",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text="As in the file. Null for an invalid row.",
                        max_digits=16,
                        null=True,
                    ),
                ),
                ("currency", models.CharField(blank=True, help_text="ISO 4217 code of the amount.", max_length=3)),
                ("content_hash", models.UUIDField(blank=True, null=True)),
                ("occurrence", models.IntegerField(default=1)),
                ("data", models.JSONField(blank=True, null=True)),
                ("before", models.JSONField(blank=True, null=True)),
                (
                    "deleted_at",
                    models.DateTimeField(blank=True, help_text="Deletion of its transaction. Null if not deleted.", null=True),
                ),
                ("deleted_row", models.JSONField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=DO_NOTHING,
                        related_name="+",
                        to="finance.encryptedfinancialprofile",
                    ),
                ),
                (
                    "statement_import",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=CASCADE,
                        related_name="rows",
                        to="finance.statementimport",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        on_delete=CASCADE,
                        related_name="%(class)s_set",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "statement row",
                "ordering": ["number"],
                "abstract": False,
                "indexes": [
                    models.Index(fields=["user", "statement_import", "number", "id"], name="finance_import_row_number"),
                    models.Index(
                        condition=models.Q(("transaction_id__isnull", False)),
                        fields=["user", "transaction_id"],
                        name="finance_import_row_tx",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("data"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="finance_statementimportrow_data_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("before"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="finance_statementimportrow_before_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("deleted_row"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="finance_statementimportrow_deleted_row_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_claim", True), models.Q(("provider_id", ""), _negated=True)),
                        fields=("user", "account", "provider_id", "content_hash"),
                        name="finance_statementimportrow_provider_id_unique",
                        nulls_distinct=False,
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_claim", True)),
                        fields=("user", "account", "content_hash", "occurrence"),
                        name="finance_statementimportrow_content_hash_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("verdict__in", ["created", "duplicate", "tombstoned", "superseded", "review", "error"])
                        ),
                        name="finance_statementimportrow_verdict_choice",
                        violation_error_message="Choose one of: created, duplicate, tombstoned, superseded, review, error.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "reason__in",
                                [
                                    "possible_duplicate",
                                    "pending_may_have_posted",
                                    "same_id_other_content",
                                    "ids_changed",
                                    "same_row_other_text",
                                    "correction",
                                    "",
                                ],
                            )
                        ),
                        name="finance_statementimportrow_reason_choice",
                        violation_error_message=(
                            "Choose one of: possible_duplicate, pending_may_have_posted, same_id_other_content, ids_changed, "
                            "same_row_other_text, correction."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("amount"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="finance_statementimportrow_amount_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", Decimal("-10000000000000")), ("amount__lt", Decimal("10000000000000"))
                        ),
                        name="finance_statementimportrow_amount_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UserExpenseDueDate",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "expected_amount",
                    NumericField(
                        decimal_places=3,
                        help_text="Amount of one occurrence, above 0, in the currency of the due date.",
                        max_digits=16,
                        validators=[MinValueValidator(Decimal("0.001"))],
                    ),
                ),
                (
                    "due_date",
                    models.DateField(
                        help_text="Day of the first occurrence. The later ones are computed from it.",
                        validators=[validate_plausible_date],
                    ),
                ),
                (
                    "frequency",
                    models.CharField(
                        choices=[
                            ("weekly", "Weekly"),
                            ("biweekly", "Biweekly"),
                            ("semimonthly", "Semimonthly"),
                            ("monthly", "Monthly"),
                            ("quarterly", "Quarterly"),
                            ("yearly", "Yearly"),
                        ],
                        help_text="Time between occurrences. Ignored if it does not recur.",
                        max_length=20,
                    ),
                ),
                (
                    "is_recurring",
                    models.BooleanField(default=True, help_text="False: the amount is due only once, on the first day."),
                ),
                ("next_occurrence", models.DateField(blank=True, editable=False, null=True)),
                (
                    "currency",
                    models.CharField(
                        default="USD",
                        help_text="ISO 4217 code. Can't be changed after a payment. Default: USD.",
                        max_length=3,
                        validators=[validate_currency],
                    ),
                ),
                ("notes", models.TextField(blank=True)),
                ("expense_name", models.CharField(max_length=255)),
                ("expense_category", models.CharField(blank=True, help_text="Free text, such as rent.", max_length=100)),
                ("is_essential", models.BooleanField(default=True, help_text="Default: true.")),
                (
                    "last_paid_date",
                    models.DateField(blank=True, help_text="Day of the last recorded payment. Null: none.", null=True),
                ),
                (
                    "last_paid_amount",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text="Of the last recorded payment. Null: none.",
                        max_digits=16,
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "Pending"), ("paid", "Paid"), ("overdue", "Overdue"), ("partial", "Partial")],
                        default="pending",
                        help_text=(
                            "State of the oldest unsettled occurrence. After a payment in full it is received or paid until "
                            "the next due day."
                        ),
                        max_length=50,
                    ),
                ),
                ("auto_pay_enabled", models.BooleanField(default=False, help_text="For information only. Default: false.")),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=CASCADE,
                        related_name="%(class)s_set",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "expense due date",
                "abstract": False,
                "indexes": [models.Index(fields=["user", "next_occurrence", "id"], name="finance_expense_due_next")],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id", "currency"), name="finance_userexpenseduedate_owner"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("is_recurring", True),
                                ("next_occurrence__gte", models.F("due_date")),
                                ("next_occurrence__isnull", False),
                            ),
                            models.Q(("is_recurring", False), ("next_occurrence__isnull", True)),
                            models.Q(
                                ("is_recurring", False),
                                ("next_occurrence", models.F("due_date")),
                                ("next_occurrence__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="finance_userexpenseduedate_next_occurrence_in_series",
                        violation_error_message="Must be an occurrence of the series. Null only if it does not recur.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("last_paid_date__gte", date(1900, 1, 1)), ("last_paid_date__lte", date(2200, 12, 31))
                        ),
                        name="finance_userexpenseduedate_last_paid_date_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("last_paid_amount__isnull", False), ("last_paid_date__isnull", False)),
                            models.Q(("last_paid_amount__isnull", True), ("last_paid_date__isnull", True)),
                            _connector="OR",
                        ),
                        name="finance_userexpenseduedate_last_paid_date_with_amount",
                        violation_error_message="Set the day and the amount together.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expense_name__regex", "^\\S(.*\\S)?$")),
                        name="finance_userexpenseduedate_expense_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("last_paid_amount"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="finance_userexpenseduedate_last_paid_amount_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("last_paid_amount__gt", Decimal("-10000000000000")),
                            ("last_paid_amount__lt", Decimal("10000000000000")),
                        ),
                        name="finance_userexpenseduedate_last_paid_amount_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("last_paid_amount__gte", 0)),
                        name="finance_userexpenseduedate_last_paid_amount_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["pending", "paid", "overdue", "partial"])),
                        name="finance_userexpenseduedate_status_choice",
                        violation_error_message="Choose one of: pending, paid, overdue, partial.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("expected_amount"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="finance_userexpenseduedate_expected_amount_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expected_amount__gt", Decimal("-10000000000000")),
                            ("expected_amount__lt", Decimal("10000000000000")),
                        ),
                        name="finance_userexpenseduedate_expected_amount_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expected_amount__gt", 0)),
                        name="finance_userexpenseduedate_expected_amount_above_zero",
                        violation_error_message="Must be greater than 0.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("due_date__gte", date(1900, 1, 1)), ("due_date__lte", date(2200, 12, 31))),
                        name="finance_userexpenseduedate_due_date_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("frequency__in", ["weekly", "biweekly", "semimonthly", "monthly", "quarterly", "yearly"])
                        ),
                        name="finance_userexpenseduedate_frequency_choice",
                        violation_error_message="Choose one of: weekly, biweekly, semimonthly, monthly, quarterly, yearly.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="finance_userexpenseduedate_currency_iso_4217",
                        violation_error_message="Use an ISO 4217 code such as USD.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UserIncomeDueDate",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "expected_amount",
                    NumericField(
                        decimal_places=3,
                        help_text="Amount of one occurrence, above 0, in the currency of the due date.",
                        max_digits=16,
                        validators=[MinValueValidator(Decimal("0.001"))],
                    ),
                ),
                (
                    "due_date",
                    models.DateField(
                        help_text="Day of the first occurrence. The later ones are computed from it.",
                        validators=[validate_plausible_date],
                    ),
                ),
                (
                    "frequency",
                    models.CharField(
                        choices=[
                            ("weekly", "Weekly"),
                            ("biweekly", "Biweekly"),
                            ("semimonthly", "Semimonthly"),
                            ("monthly", "Monthly"),
                            ("quarterly", "Quarterly"),
                            ("yearly", "Yearly"),
                        ],
                        help_text="Time between occurrences. Ignored if it does not recur.",
                        max_length=20,
                    ),
                ),
                (
                    "is_recurring",
                    models.BooleanField(default=True, help_text="False: the amount is due only once, on the first day."),
                ),
                ("next_occurrence", models.DateField(blank=True, editable=False, null=True)),
                (
                    "currency",
                    models.CharField(
                        default="USD",
                        help_text="ISO 4217 code. Can't be changed after a payment. Default: USD.",
                        max_length=3,
                        validators=[validate_currency],
                    ),
                ),
                ("notes", models.TextField(blank=True)),
                ("income_source", models.CharField(max_length=100)),
                (
                    "last_received_date",
                    models.DateField(blank=True, help_text="Day of the last recorded payment. Null: none.", null=True),
                ),
                (
                    "last_received_amount",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text="Of the last recorded payment. Null: none.",
                        max_digits=16,
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("received", "Received"),
                            ("overdue", "Overdue"),
                            ("partial", "Partial"),
                        ],
                        default="pending",
                        help_text=(
                            "State of the oldest unsettled occurrence. After a payment in full it is received or paid until "
                            "the next due day."
                        ),
                        max_length=50,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=CASCADE,
                        related_name="%(class)s_set",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "income due date",
                "abstract": False,
                "indexes": [models.Index(fields=["user", "next_occurrence", "id"], name="finance_income_due_next")],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id", "currency"), name="finance_userincomeduedate_owner"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("is_recurring", True),
                                ("next_occurrence__gte", models.F("due_date")),
                                ("next_occurrence__isnull", False),
                            ),
                            models.Q(("is_recurring", False), ("next_occurrence__isnull", True)),
                            models.Q(
                                ("is_recurring", False),
                                ("next_occurrence", models.F("due_date")),
                                ("next_occurrence__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="finance_userincomeduedate_next_occurrence_in_series",
                        violation_error_message="Must be an occurrence of the series. Null only if it does not recur.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("last_received_date__gte", date(1900, 1, 1)), ("last_received_date__lte", date(2200, 12, 31))
                        ),
                        name="finance_userincomeduedate_last_received_date_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("last_received_amount__isnull", False), ("last_received_date__isnull", False)),
                            models.Q(("last_received_amount__isnull", True), ("last_received_date__isnull", True)),
                            _connector="OR",
                        ),
                        name="finance_userincomeduedate_last_received_date_with_amount",
                        violation_error_message="Set the day and the amount together.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("income_source__regex", "^\\S(.*\\S)?$")),
                        name="finance_userincomeduedate_income_source_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("last_received_amount"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="finance_userincomeduedate_last_received_amount_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("last_received_amount__gt", Decimal("-10000000000000")),
                            ("last_received_amount__lt", Decimal("10000000000000")),
                        ),
                        name="finance_userincomeduedate_last_received_amount_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("last_received_amount__gte", 0)),
                        name="finance_userincomeduedate_last_received_amount_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["pending", "received", "overdue", "partial"])),
                        name="finance_userincomeduedate_status_choice",
                        violation_error_message="Choose one of: pending, received, overdue, partial.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("expected_amount"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="finance_userincomeduedate_expected_amount_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expected_amount__gt", Decimal("-10000000000000")),
                            ("expected_amount__lt", Decimal("10000000000000")),
                        ),
                        name="finance_userincomeduedate_expected_amount_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expected_amount__gt", 0)),
                        name="finance_userincomeduedate_expected_amount_above_zero",
                        violation_error_message="Must be greater than 0.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("due_date__gte", date(1900, 1, 1)), ("due_date__lte", date(2200, 12, 31))),
                        name="finance_userincomeduedate_due_date_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("frequency__in", ["weekly", "biweekly", "semimonthly", "monthly", "quarterly", "yearly"])
                        ),
                        name="finance_userincomeduedate_frequency_choice",
                        violation_error_message="Choose one of: weekly, biweekly, semimonthly, monthly, quarterly, yearly.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="finance_userincomeduedate_currency_iso_4217",
                        violation_error_message="Use an ISO 4217 code such as USD.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DueDatePayment",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("occurrence_date", models.DateField(validators=[validate_plausible_date])),
                (
                    "expected_amount",
                    NumericField(decimal_places=3, max_digits=16, validators=[MinValueValidator(Decimal("0.001"))]),
                ),
                ("amount", NumericField(decimal_places=3, max_digits=16, validators=[MinValueValidator(Decimal("0.001"))])),
                (
                    "currency",
                    models.CharField(
                        default="USD", help_text="That of the due date.", max_length=3, validators=[validate_currency]
                    ),
                ),
                ("paid_on", models.DateField(validators=[validate_plausible_date])),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=CASCADE,
                        related_name="%(class)s_set",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "transaction",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=DO_NOTHING,
                        related_name="due_payments",
                        to="finance.financialtransaction",
                    ),
                ),
                (
                    "expense",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=DO_NOTHING,
                        related_name="payments",
                        to="finance.userexpenseduedate",
                    ),
                ),
                (
                    "income",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=DO_NOTHING,
                        related_name="payments",
                        to="finance.userincomeduedate",
                    ),
                ),
            ],
            options={
                "verbose_name": "payment",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["user", "income", "occurrence_date"], name="finance_payment_income"),
                    models.Index(fields=["user", "expense", "occurrence_date"], name="finance_payment_expense"),
                    models.Index(fields=["user", "transaction"], name="finance_payment_transaction"),
                    models.Index(fields=["user", "-paid_on", "-id"], name="finance_payment_newest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("expense__isnull", True), ("income__isnull", False)),
                            models.Q(("expense__isnull", False), ("income__isnull", True)),
                            _connector="OR",
                        ),
                        name="finance_duedatepayment_income_or_expense",
                        violation_error_message="Set either income or expense.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("transaction__isnull", False)),
                        fields=("user", "income", "expense", "occurrence_date", "transaction"),
                        name="finance_duedatepayment_transaction_unique",
                        nulls_distinct=False,
                        violation_error_message="This transaction is already linked to this occurrence.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("occurrence_date__gte", date(1900, 1, 1)), ("occurrence_date__lte", date(2200, 12, 31))
                        ),
                        name="finance_duedatepayment_occurrence_date_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("expected_amount"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="finance_duedatepayment_expected_amount_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expected_amount__gt", Decimal("-10000000000000")),
                            ("expected_amount__lt", Decimal("10000000000000")),
                        ),
                        name="finance_duedatepayment_expected_amount_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expected_amount__gt", 0)),
                        name="finance_duedatepayment_expected_amount_above_zero",
                        violation_error_message="Must be greater than 0.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("amount"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="finance_duedatepayment_amount_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", Decimal("-10000000000000")), ("amount__lt", Decimal("10000000000000"))
                        ),
                        name="finance_duedatepayment_amount_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)),
                        name="finance_duedatepayment_amount_above_zero",
                        violation_error_message="Must be greater than 0.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="finance_duedatepayment_currency_iso_4217",
                        violation_error_message="Use an ISO 4217 code such as USD.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("paid_on__gte", date(1900, 1, 1)), ("paid_on__lte", date(2200, 12, 31))),
                        name="finance_duedatepayment_paid_on_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                ],
            },
        ),
        # Foreign keys that include the owner, so that a row refers to rows of the same owner only
        owner_key(TRANSACTION, "financial_profile_id", ACCOUNT),
        owner_key(IMPORT, "account_id", ACCOUNT),
        owner_key(IMPORT_ROW, "statement_import_id", IMPORT, shared=["account_id"]),
        owner_key(PAYMENT, "income_id", INCOME, on_delete="CASCADE", shared=["currency"]),
        owner_key(PAYMENT, "expense_id", EXPENSE, on_delete="CASCADE", shared=["currency"]),
        owner_key(PAYMENT, "transaction_id", TRANSACTION, on_delete="SET NULL (transaction_id)"),
        # Triggers
        *add_triggers(
            "finance",
            "DueDatePayment",
            "EncryptedFinancialProfile",
            "FinancialTransaction",
            "IncomeProjection",
            "StatementImport",
            "StatementImportRow",
            "UserExpenseDueDate",
            "UserIncomeDueDate",
        ),
        # Row-level security
        enable_row_level_security(ACCOUNT),
        enable_row_level_security(TRANSACTION),
        enable_row_level_security(IMPORT),
        enable_row_level_security(IMPORT_ROW),
        enable_row_level_security(INCOME),
        enable_row_level_security(EXPENSE),
        enable_row_level_security(PAYMENT),
        enable_row_level_security("finance_incomeprojection"),
        # SQL functions
        run_sql_file("finance/migrations/sql/keep_statistics.sql"),
    ]
