"""Tables of accounts, transactions, imports, due dates and projections."""

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models
from django.db.models.deletion import CASCADE, DO_NOTHING, RESTRICT, SET_NULL
from django.db.models.functions.datetime import Now
from django.db.models.functions.text import Length
from django.db.models.lookups import Exact, GreaterThanOrEqual, LessThanOrEqual
from uuid_utils.compat import uuid7

from core.encryption.fields import encrypt
from core.models.base import UpdatedAtField
from core.models.money import NumericField, validate_currency
from core.models.validators import validate_json_list, validate_json_object, validate_plausible_date
from core.postgres.operations import (
    add_triggers,
    composite_foreign_key,
    enable_row_level_security,
    named_foreign_key,
    run_sql_file,
)
from finance.models.accounts import is_account_number, is_routing_number
from finance.models.divided import is_not_zero
from finance.models.named import CurrentNameField, FoldedNameField
from finance.models.rules import HasInvalidAction, NumberOfActions
from finance.models.search_text import SearchTextField
from finance.models.transactions import HasInvalidSource

ATTACHMENT = "finance_attachment"
ATTACHMENT_CHUNK = "finance_attachmentchunk"
CATEGORY = "finance_category"
TAG = "finance_tag"
PAYEE = "finance_payee"
ACCOUNT = "finance_encryptedfinancialprofile"
TRANSACTION = "finance_financialtransaction"
IMPORT = "finance_statementimport"
IMPORT_ROW = "finance_statementimportrow"
INCOME = "finance_userincomeduedate"
EXPENSE = "finance_userexpenseduedate"
PAYMENT = "finance_duedatepayment"
SPLIT = "finance_transactionsplit"
SHARE = "finance_refundshare"
TRANSFER = "finance_transfer"
RATE = "finance_exchangerate"
EDIT_RUN = "finance_editrun"
RULE = "finance_rule"
EDITED_ROW = "finance_editedrow"
DELETED = "finance_deletedtransaction"


def owner_key(child, column, parent, on_delete="", **options):
    name = f"{child}_{column.removesuffix('_id')}_owner"
    return composite_foreign_key(child, column, parent, name=name, on_delete=on_delete, **options)


def name_key(child, column, parent, parent_column):
    return named_foreign_key(child, column, parent, parent_column, name=f"{child}_{column}_owner")


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
            name="Part",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "transaction_id", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.IntegerField()),
                ("transaction_date", models.DateField()),
                ("posted_date", models.DateField(null=True)),
                ("status", models.CharField(max_length=50)),
                ("payee", models.CharField(blank=True, default="", max_length=100, null=True)),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.DecimalField(decimal_places=3, max_digits=16)),
                ("category", models.CharField(blank=True, default="", max_length=100, null=True)),
                ("tags", ArrayField(base_field=models.CharField(max_length=50), blank=True, default=list, size=None)),
                (
                    "effect",
                    models.CharField(
                        choices=[("income", "Income"), ("spending", "Spending"), ("transfer", "Transfer")], max_length=20
                    ),
                ),
            ],
            options={
                "db_table": "finance_part",
                "managed": False,
            },
        ),
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
                        help_text="Kind of account. What is owed on credit, loan and mortgage accounts is below 0.",
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
                        help_text="ISO 4217 code of all amounts of the account. Default: that of the profile.",
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
                    "opening_balance",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        editable=False,
                        help_text=(
                            "Balance before all its transactions, by the first reconciliation. Null: it was not reconciled."
                        ),
                        max_digits=16,
                        null=True,
                    ),
                ),
                (
                    "reconciled_date",
                    models.DateField(
                        blank=True,
                        editable=False,
                        help_text="Last day of a reconciliation. Null: it was not reconciled.",
                        null=True,
                        validators=[validate_plausible_date],
                    ),
                ),
                (
                    "credit_limit",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text="Maximum debt of a credit account. Null: unknown.",
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
                    models.DateTimeField(blank=True, help_text="When a statement was last imported. Null: never.", null=True),
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
                        help_text="`success` after an import.",
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
                        condition=models.Q(
                            models.Q(("opening_balance__isnull", False), ("reconciled_date__isnull", False)),
                            models.Q(("opening_balance__isnull", True), ("reconciled_date__isnull", True)),
                            _connector="OR",
                        ),
                        name="finance_encryptedfinancialprofile_opening_balance_known",
                        violation_error_message="A reconciled account has an opening balance.",
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
                            models.Func(models.F("opening_balance"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="finance_encryptedfinancialprofile_opening_balance_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("opening_balance__gt", Decimal("-10000000000000")),
                            ("opening_balance__lt", Decimal("10000000000000")),
                        ),
                        name="finance_encryptedfinancialprofile_opening_balance_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reconciled_date__gte", date(1900, 1, 1)), ("reconciled_date__lte", date(2200, 12, 31))
                        ),
                        name="finance_encryptedfinancialprofile_reconciled_date_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
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
                        help_text=(
                            "Income and refunds are above 0, expenses and fees below 0. A transfer between own accounts is "
                            "either."
                        ),
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
                (
                    "category",
                    models.CharField(
                        blank=True, default="", help_text="The slug of a category. Empty: none.", max_length=100, null=True
                    ),
                ),
                (
                    "merchant_name",
                    models.CharField(
                        blank=True, help_text="The other party in the bank's words. May be empty.", max_length=255
                    ),
                ),
                (
                    "payee",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="The name of a payee. Empty: none. Default: from merchant_name.",
                        max_length=100,
                        null=True,
                    ),
                ),
                (
                    "tags",
                    ArrayField(
                        base_field=models.CharField(max_length=50),
                        blank=True,
                        db_default=[],
                        default=list,
                        help_text="The names of tags. Default: none.",
                        size=None,
                    ),
                ),
                (
                    "note",
                    models.TextField(blank=True, db_default="", default="", help_text="The user's own text.", max_length=2000),
                ),
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
                        help_text="State at the bank. Failed and canceled ones are not counted. Default: pending.",
                        max_length=50,
                    ),
                ),
                (
                    "divided_by",
                    models.CharField(
                        blank=True,
                        choices=[("splits", "Splits"), ("refund_of", "Refund")],
                        db_default="",
                        default="",
                        help_text="What divides the amount. Empty: nothing.",
                        max_length=20,
                    ),
                ),
                (
                    "reconciled_date",
                    models.DateField(
                        blank=True,
                        editable=False,
                        help_text=(
                            "Day of the bank's balance that has confirmed it. Null: it is not reconciled, or was changed since."
                        ),
                        null=True,
                        validators=[validate_plausible_date],
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
                    "sources",
                    models.JSONField(
                        blank=True,
                        db_default={},
                        default=dict,
                        editable=False,
                        help_text="Who chose a field's value: the user, a rule, a suggestion or an import.",
                        validators=[validate_json_object],
                    ),
                ),
                ("search_text", SearchTextField("description", "merchant_name", "payee", "note", "reference_number", "tags")),
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
                    models.Index(fields=["user", "payee", "-transaction_date", "-id"], name="finance_tx_by_payee"),
                    models.Index(condition=models.Q(("divided_by", "splits")), fields=["user"], name="finance_tx_split"),
                    GinIndex(fields=["metadata"], name="finance_tx_metadata_gin", opclasses=["jsonb_path_ops"]),
                    GinIndex(fields=["sources"], name="finance_tx_sources_gin", opclasses=["jsonb_path_ops"]),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id"), name="finance_financialtransaction_owner"),
                    models.CheckConstraint(
                        condition=models.Q(("amount", 0), _negated=True),
                        name="finance_financialtransaction_amount_not_zero",
                        violation_error_message="The amount must not be 0.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tags__len__lte", 30)),
                        name="finance_financialtransaction_tags_number",
                        violation_error_message="A transaction has at most 30 tags.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(HasInvalidSource("sources"), _negated=True),
                        name="finance_financialtransaction_sources_kind",
                        violation_error_message="Each source must be an object with a kind: user, rule, suggestion, import.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(LessThanOrEqual(Length("note"), 2000)),
                        name="finance_financialtransaction_note_length",
                        violation_error_message="A note has at most 2,000 characters.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount__lt", 0), ("transaction_type__in", ("income", "refund")), _negated=True),
                            models.Q(("amount__gt", 0), ("transaction_type__in", ("expense", "fee")), _negated=True),
                        ),
                        name="finance_financialtransaction_amount_sign",
                        violation_error_message="Income and refunds must be above 0, expenses and fees below 0.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("divided_by", "splits"), _negated=True), ("category", None), _connector="OR"
                        ),
                        name="finance_financialtransaction_category_not_split",
                        violation_error_message=(
                            "This transaction is split. Change the category of its parts, or send splits: [] as well, which "
                            "removes them."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("divided_by", ""), models.Q(("transaction_type", "transfer"), _negated=True), _connector="OR"
                        ),
                        name="finance_financialtransaction_divided_by_not_transfer",
                        violation_error_message="A transfer has no parts and refunds nothing.",
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
                        condition=models.Q(("divided_by__in", ["splits", "refund_of", ""])),
                        name="finance_financialtransaction_divided_by_choice",
                        violation_error_message="Choose one of: splits, refund_of.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reconciled_date__gte", date(1900, 1, 1)), ("reconciled_date__lte", date(2200, 12, 31))
                        ),
                        name="finance_financialtransaction_reconciled_date_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("metadata"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="finance_financialtransaction_metadata_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("sources"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="finance_financialtransaction_sources_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("name", models.CharField(help_text="File name, with the ending of the file's type.", max_length=255)),
                (
                    "media_type",
                    models.CharField(
                        choices=[("pdf", "PDF"), ("png", "PNG"), ("jpeg", "JPEG")],
                        editable=False,
                        help_text="Type of the file, by its content.",
                        max_length=10,
                    ),
                ),
                (
                    "size",
                    models.IntegerField(
                        editable=False,
                        help_text="Size of the file in bytes.",
                        validators=[MinValueValidator(1), MaxValueValidator(10485760)],
                    ),
                ),
                ("sha256", encrypt(models.CharField(editable=False, max_length=64), label="finance.attachment.sha256")),
                (
                    "detached_at",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text=(
                            "Time when the transaction was deleted. The attachment is deleted 30 days later. Null: it has one."
                        ),
                        null=True,
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
                (
                    "transaction",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="The id of the transaction. Null: it was deleted.",
                        null=True,
                        on_delete=DO_NOTHING,
                        related_name="attachments",
                        to="finance.financialtransaction",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(fields=["user", "-created_at", "-id"], name="finance_attachment_newest"),
                    models.Index(fields=["user", "transaction", "-created_at", "-id"], name="finance_attachment_tx"),
                    models.Index(
                        condition=models.Q(("detached_at__isnull", False)),
                        fields=["user", "detached_at"],
                        name="finance_attachment_detached",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id"), name="finance_attachment_owner"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                (
                                    "name__regex",
                                    "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u115f\\u1160\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060"
                                    '-\\u206f\\u3164\\ufeff\\ufff9-\\ufffb<>:"/\\\\|?*]',
                                ),
                                _negated=True,
                            ),
                            models.Q(
                                models.Q(("media_type", "pdf"), ("name__iregex", "\\.(pdf)$")),
                                models.Q(("media_type", "png"), ("name__iregex", "\\.(png)$")),
                                models.Q(("media_type", "jpeg"), ("name__iregex", "\\.(jpg|jpeg)$")),
                                _connector="OR",
                            ),
                        ),
                        name="finance_attachment_name_characters",
                        violation_error_message=(
                            "A name has the ending of the file's type, and no characters that are invisible or that file "
                            "systems refuse."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("media_type__in", ["pdf", "png", "jpeg"])),
                        name="finance_attachment_media_type_choice",
                        violation_error_message="Choose one of: pdf, png, jpeg.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("size__gte", 1), ("size__lte", 10485760)),
                        name="finance_attachment_size_bounds",
                        violation_error_message="Must be between 1 and 10485760.",
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
            name="Payee",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("folded", FoldedNameField()),
                (
                    "name",
                    models.CharField(help_text="For the user. Unique without regard to case and accents.", max_length=100),
                ),
                ("current_name", CurrentNameField("name", 100)),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        help_text="The row that this one was merged into. Null: it was not merged.",
                        null=True,
                        on_delete=CASCADE,
                        related_name="aliases",
                        to="finance.payee",
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
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id"), name="finance_payee_owner"),
                    models.UniqueConstraint(
                        fields=("user", "folded"),
                        name="finance_payee_name_unique",
                        violation_error_message="You already have this payee.",
                    ),
                    models.UniqueConstraint(fields=("user", "current_name"), name="finance_payee_current_name_owner"),
                    models.CheckConstraint(
                        condition=models.Q(("name__regex", "^\\S(.*\\S)?$")),
                        name="finance_payee_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RefundShare",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "amount",
                    NumericField(
                        decimal_places=3,
                        help_text="What the refund gives back of this expense, above 0.",
                        max_digits=16,
                        validators=[MinValueValidator(Decimal("0.001"))],
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        default="USD",
                        help_text="ISO 4217 code, that of the refund and the expense.",
                        max_length=3,
                        validators=[validate_currency],
                    ),
                ),
                ("allows_excess", models.BooleanField(default=False, help_text="True if more may be refunded than was spent.")),
                (
                    "expense",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        help_text="The id of the refunded expense or fee.",
                        on_delete=DO_NOTHING,
                        related_name="refunds",
                        to="finance.financialtransaction",
                    ),
                ),
                (
                    "refund",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        help_text="The id of the refund or reimbursement.",
                        on_delete=DO_NOTHING,
                        related_name="shares",
                        to="finance.financialtransaction",
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
                "indexes": [models.Index(fields=["user", "expense"], name="finance_share_by_expense")],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "refund", "expense"), name="finance_refundshare_expense_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("expense", models.F("refund")), _negated=True),
                        name="finance_refundshare_expense_not_refund",
                        violation_error_message="A transaction can't refund itself.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("amount"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="finance_refundshare_amount_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", Decimal("-10000000000000")), ("amount__lt", Decimal("10000000000000"))
                        ),
                        name="finance_refundshare_amount_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)),
                        name="finance_refundshare_amount_above_zero",
                        violation_error_message="Must be greater than 0.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="finance_refundshare_currency_iso_4217",
                        violation_error_message="Use an ISO 4217 code such as USD.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Rule",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("name", models.CharField(help_text="For the user, such as Groceries.", max_length=100)),
                (
                    "search",
                    models.CharField(help_text="The transactions that it changes, as in the list's `search`.", max_length=1000),
                ),
                (
                    "actions",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="What it does, each with a type and a value.",
                        validators=[validate_json_list],
                    ),
                ),
                (
                    "order",
                    models.IntegerField(
                        default=0,
                        help_text="Rules run in this order, those with the same number by age. Default: 0.",
                        validators=[MinValueValidator(0), MaxValueValidator(10000)],
                    ),
                ),
                (
                    "stop",
                    models.BooleanField(
                        default=False, help_text="True: the rules after it skip the transactions that it finds. Default: false."
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True, help_text="False: it runs only if it is applied by itself. Default: true."
                    ),
                ),
                (
                    "version",
                    models.IntegerField(
                        default=1,
                        editable=False,
                        help_text="From 1 on. Each change of search or actions makes a new one.",
                        validators=[MinValueValidator(1)],
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
                    models.Index(fields=["user", "order", "id"], name="finance_rule_in_order"),
                    GinIndex(fields=["actions"], name="finance_rule_actions_gin", opclasses=["jsonb_path_ops"]),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id"), name="finance_rule_owner"),
                    models.CheckConstraint(
                        condition=models.Q(HasInvalidAction("actions"), _negated=True),
                        name="finance_rule_actions_form",
                        violation_error_message="Each action needs a known type, and a value of that type.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            GreaterThanOrEqual(NumberOfActions("actions"), 1), LessThanOrEqual(NumberOfActions("actions"), 20)
                        ),
                        name="finance_rule_actions_number",
                        violation_error_message="A rule has from 1 to 20 actions.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name__regex", "^\\S(.*\\S)?$")),
                        name="finance_rule_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("search__regex", "^\\S(.*\\S)?$")),
                        name="finance_rule_search_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("actions"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("array"),
                        ),
                        name="finance_rule_actions_shape",
                        violation_error_message="Must be a JSON list.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("order__gte", 0), ("order__lte", 10000)),
                        name="finance_rule_order_bounds",
                        violation_error_message="Must be between 0 and 10000.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1)),
                        name="finance_rule_version_bounds",
                        violation_error_message="Must be 1 or more.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EditRun",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("bulk", "bulk edit"),
                            ("merge", "merge of categories, payees or tags"),
                            ("rule", "rule"),
                            ("reconcile", "reconciliation"),
                        ],
                        editable=False,
                        help_text="What has changed the transactions.",
                        max_length=10,
                    ),
                ),
                (
                    "rule_version",
                    models.IntegerField(
                        blank=True,
                        editable=False,
                        help_text="The version of the rule that ran. Null: another kind of edit.",
                        null=True,
                        validators=[MinValueValidator(1)],
                    ),
                ),
                (
                    "row_count",
                    models.IntegerField(
                        default=0,
                        editable=False,
                        help_text="The number of transactions that it changed.",
                        validators=[MinValueValidator(0)],
                    ),
                ),
                ("undo_until", models.DateTimeField(editable=False, help_text="It can be undone before this time.")),
                (
                    "undone_at",
                    models.DateTimeField(
                        blank=True, editable=False, help_text="When it was undone. Null: it was not.", null=True
                    ),
                ),
                ("details", models.JSONField(blank=True, editable=False, null=True)),
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
                    "rule",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        help_text="The rule of a run. Null: another kind of edit, or the rule was deleted.",
                        null=True,
                        on_delete=DO_NOTHING,
                        related_name="runs",
                        to="finance.rule",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(fields=["user", "-created_at", "-id"], name="finance_edit_run_newest"),
                    models.Index(
                        condition=models.Q(("rule__isnull", False)), fields=["user", "rule"], name="finance_edit_run_of_rule"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id"), name="finance_editrun_owner"),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("details"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="finance_editrun_details_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "rule"), ("rule_version__isnull", False)),
                            models.Q(models.Q(("kind", "rule"), _negated=True), ("rule", None), ("rule_version", None)),
                            _connector="OR",
                        ),
                        name="finance_editrun_rule_version_known",
                        violation_error_message="Only a run of a rule names a rule, and it names the version.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("undone_at__isnull", True), ("undone_at__lt", models.F("undo_until")), _connector="OR"
                        ),
                        name="finance_editrun_undone_at_in_time",
                        violation_error_message="It can't be undone after undo_until.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["bulk", "merge", "rule", "reconcile"])),
                        name="finance_editrun_kind_choice",
                        violation_error_message="Choose one of: bulk, merge, rule, reconcile.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rule_version__gte", 1)),
                        name="finance_editrun_rule_version_bounds",
                        violation_error_message="Must be 1 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("row_count__gte", 0)),
                        name="finance_editrun_row_count_bounds",
                        violation_error_message="Must be 0 or more.",
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
                            ("ynab", "YNAB"),
                            ("mint", "Mint"),
                            ("firefly", "Firefly III"),
                            ("actual", "Actual"),
                            ("mingus", "MINGUS"),
                        ],
                        help_text="Format of the file, detected or sent.",
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
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Columns of a table. Empty for other formats.",
                        validators=[validate_json_object],
                    ),
                ),
                (
                    "options",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text=(
                            "`invert`, `encoding`, `date_order` and `decimal` as sent or remembered. Empty ones were detected."
                        ),
                        validators=[validate_json_object],
                    ),
                ),
                ("created", models.IntegerField(default=0, help_text="Rows that were imported as new transactions.")),
                ("duplicates", models.IntegerField(default=0, help_text="Rows that were in the account already.")),
                ("tombstoned", models.IntegerField(default=0, help_text="Rows that the user deleted or ignored before.")),
                ("superseded", models.IntegerField(default=0, help_text="Rows that updated or corrected a transaction.")),
                ("review", models.IntegerField(default=0, help_text="Rows that the user must resolve.")),
                ("failed", models.IntegerField(default=0, help_text="Invalid rows, which were left out.")),
                (
                    "statement",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Opening, closing and computed balance, and the gap.",
                        validators=[validate_json_object],
                    ),
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
                        validators=[validate_json_list],
                    ),
                ),
                ("account_before", models.JSONField(blank=True, editable=False, null=True)),
                ("undone_at", models.DateTimeField(blank=True, help_text="When it was undone. Null: it was not.", null=True)),
                (
                    "move",
                    models.UUIDField(
                        blank=True,
                        help_text="Equal for the accounts of one file that were moved in together. Null: a single account.",
                        null=True,
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        help_text="The id of the account that it was imported into.",
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
                    models.Index(
                        condition=models.Q(("move__isnull", False)), fields=["user", "move"], name="finance_import_by_move"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id", "account"), name="finance_statementimport_owner"),
                    models.UniqueConstraint(fields=("user", "id"), name="finance_statementimport_key_owner"),
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
                            (
                                "format__in",
                                [
                                    "ofx",
                                    "qfx",
                                    "camt",
                                    "mt940",
                                    "qif",
                                    "csv",
                                    "xlsx",
                                    "ods",
                                    "json",
                                    "ynab",
                                    "mint",
                                    "firefly",
                                    "actual",
                                    "mingus",
                                ],
                            )
                        ),
                        name="finance_statementimport_format_choice",
                        violation_error_message=(
                            "Choose one of: ofx, qfx, camt, mt940, qif, csv, xlsx, ods, json, ynab, mint, firefly, actual, "
                            "mingus."
                        ),
                    ),
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
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("warnings"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("array"),
                        ),
                        name="finance_statementimport_warnings_shape",
                        violation_error_message="Must be a JSON list.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "base",
                    models.CharField(
                        help_text="ISO 4217 code of the currency whose unit has the price.",
                        max_length=3,
                        validators=[validate_currency],
                    ),
                ),
                (
                    "quote",
                    models.CharField(
                        help_text="ISO 4217 code of the currency of the price.", max_length=3, validators=[validate_currency]
                    ),
                ),
                (
                    "day",
                    models.DateField(
                        help_text="Day of the rate. It is used from this day until the day of the next one.",
                        validators=[validate_plausible_date],
                    ),
                ),
                (
                    "rate",
                    models.DecimalField(
                        decimal_places=10,
                        help_text="Units of `quote` for one unit of `base`, above 0, with at most 10 decimals.",
                        max_digits=18,
                        validators=[MinValueValidator(Decimal("1E-10")), MaxValueValidator(Decimal("99999999.9999999999"))],
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[("user", "User"), ("import", "Import")],
                        default="user",
                        editable=False,
                        help_text="Who stated the rate.",
                        max_length=10,
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
                (
                    "statement_import",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        help_text="The import whose file contains the rate. Null: entered by the user.",
                        null=True,
                        on_delete=DO_NOTHING,
                        related_name="exchange_rates",
                        to="finance.statementimport",
                    ),
                ),
            ],
            options={
                "verbose_name": "exchange rate",
                "abstract": False,
                "indexes": [models.Index(fields=["user", "-day", "-id"], name="finance_rate_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("base", models.F("quote")), _negated=True),
                        name="finance_exchangerate_quote_other",
                        violation_error_message="Choose two different currencies.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", "user"), ("statement_import", None)),
                            models.Q(("source", "import"), ("statement_import__isnull", False)),
                            _connector="OR",
                        ),
                        name="finance_exchangerate_source_known",
                        violation_error_message="An imported rate has its import, and another one has none.",
                    ),
                    models.UniqueConstraint(
                        fields=("user", "base", "quote", "day", "source"),
                        name="finance_exchangerate_day_unique",
                        violation_error_message="You already have a rate of these currencies for this day. Change that one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("base__regex", "^[A-Z]{3}$")),
                        name="finance_exchangerate_base_iso_4217",
                        violation_error_message="Use an ISO 4217 code such as USD.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quote__regex", "^[A-Z]{3}$")),
                        name="finance_exchangerate_quote_iso_4217",
                        violation_error_message="Use an ISO 4217 code such as USD.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("day__gte", date(1900, 1, 1)), ("day__lte", date(2200, 12, 31))),
                        name="finance_exchangerate_day_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rate__gte", Decimal("1E-10")), ("rate__lte", Decimal("99999999.9999999999"))),
                        name="finance_exchangerate_rate_bounds",
                        violation_error_message="Must be between 1E-10 and 99999999.9999999999.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source__in", ["user", "import"])),
                        name="finance_exchangerate_source_choice",
                        violation_error_message="Choose one of: user, import.",
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
                (
                    "number",
                    models.IntegerField(
                        help_text=(
                            "Line of a CSV, MT940 or QIF file, number in a sheet, or else position in the statement, from 1."
                        )
                    ),
                ),
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
                        help_text="What became of the row.",
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
                    models.DateField(blank=True, help_text="Day in the file. Null for an invalid row.", null=True),
                ),
                (
                    "amount",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text="Signed amount in the file. Null for an invalid row.",
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
                    models.DateTimeField(
                        blank=True, help_text="When its transaction was deleted. Null: it was not.", null=True
                    ),
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
            name="Tag",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("folded", FoldedNameField()),
                ("name", models.CharField(help_text="For the user. Unique without regard to case and accents.", max_length=50)),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        help_text="The row that this one was merged into. Null: it was not merged.",
                        null=True,
                        on_delete=CASCADE,
                        related_name="aliases",
                        to="finance.tag",
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
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id"), name="finance_tag_owner"),
                    models.UniqueConstraint(
                        fields=("user", "folded"),
                        name="finance_tag_name_unique",
                        violation_error_message="You already have this tag.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name__regex", "^\\S(.*\\S)?$")),
                        name="finance_tag_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TransactionSplit",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "number",
                    models.IntegerField(
                        help_text="The place among the parts, from 1 on.",
                        validators=[MinValueValidator(1), MaxValueValidator(50)],
                    ),
                ),
                (
                    "amount",
                    NumericField(
                        decimal_places=3,
                        help_text="Signed, with the currency of the transaction.",
                        max_digits=16,
                        validators=[is_not_zero],
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        default="USD",
                        help_text="ISO 4217 code, that of the transaction.",
                        max_length=3,
                        validators=[validate_currency],
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        blank=True, default="", help_text="The slug of a category. Empty: none.", max_length=100, null=True
                    ),
                ),
                (
                    "note",
                    models.TextField(blank=True, db_default="", default="", help_text="The user's own text.", max_length=2000),
                ),
                (
                    "tags",
                    ArrayField(
                        base_field=models.CharField(max_length=50),
                        blank=True,
                        db_default=[],
                        default=list,
                        help_text="The names of tags, beside those of the transaction.",
                        size=None,
                    ),
                ),
                ("search_text", SearchTextField("note", "tags")),
                (
                    "transaction",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        help_text="The id of the transaction that is split.",
                        on_delete=DO_NOTHING,
                        related_name="parts",
                        to="finance.financialtransaction",
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
                "verbose_name": "part of a transaction",
                "verbose_name_plural": "parts of transactions",
                "abstract": False,
                "indexes": [models.Index(fields=["user", "category"], name="finance_split_by_category")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "transaction", "number"), name="finance_transactionsplit_number_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount", 0), _negated=True),
                        name="finance_transactionsplit_amount_not_zero",
                        violation_error_message="The amount must not be 0.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tags__len__lte", 30)),
                        name="finance_transactionsplit_tags_number",
                        violation_error_message="A transaction has at most 30 tags.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(LessThanOrEqual(Length("note"), 2000)),
                        name="finance_transactionsplit_note_length",
                        violation_error_message="A note has at most 2,000 characters.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1), ("number__lte", 50)),
                        name="finance_transactionsplit_number_bounds",
                        violation_error_message="Must be between 1 and 50.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("amount"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="finance_transactionsplit_amount_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", Decimal("-10000000000000")), ("amount__lt", Decimal("10000000000000"))
                        ),
                        name="finance_transactionsplit_amount_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="finance_transactionsplit_currency_iso_4217",
                        violation_error_message="Use an ISO 4217 code such as USD.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "status",
                    models.CharField(
                        choices=[("proposed", "Proposed"), ("accepted", "Accepted"), ("refused", "Refused")],
                        default="proposed",
                        help_text="The software proposes; only a person accepts or refuses.",
                        max_length=20,
                    ),
                ),
                (
                    "outgoing_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("income", "Income"),
                            ("expense", "Expense"),
                            ("transfer", "Transfer"),
                            ("refund", "Refund"),
                            ("fee", "Fee"),
                        ],
                        default="",
                        help_text="Type of the outgoing transaction before it was accepted. Empty unless accepted.",
                        max_length=50,
                    ),
                ),
                (
                    "incoming_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("income", "Income"),
                            ("expense", "Expense"),
                            ("transfer", "Transfer"),
                            ("refund", "Refund"),
                            ("fee", "Fee"),
                        ],
                        default="",
                        help_text="Type of the incoming transaction before it was accepted. Empty unless accepted.",
                        max_length=50,
                    ),
                ),
                (
                    "decided_at",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="When it was accepted or refused. Null: it is proposed.",
                        null=True,
                    ),
                ),
                (
                    "confidence",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        editable=False,
                        help_text=(
                            "Estimate of the proposal from 0 to 1, computed from the points of `reasons`. Null: linked by the "
                            "user."
                        ),
                        max_digits=3,
                        null=True,
                        validators=[MinValueValidator(0), MaxValueValidator(1)],
                    ),
                ),
                (
                    "reasons",
                    models.JSONField(
                        blank=True,
                        default=list,
                        editable=False,
                        help_text="Evidence for and against the proposal, with its points. Empty: linked by the user.",
                        validators=[validate_json_list],
                    ),
                ),
                (
                    "incoming",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        help_text="The transaction above 0, on another account; in the same currency at most what goes out.",
                        on_delete=DO_NOTHING,
                        related_name="incoming_transfers",
                        to="finance.financialtransaction",
                    ),
                ),
                (
                    "outgoing",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        help_text="The transaction below 0.",
                        on_delete=DO_NOTHING,
                        related_name="outgoing_transfers",
                        to="finance.financialtransaction",
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
                    models.Index(fields=["user", "incoming"], name="finance_transfer_incoming"),
                    models.Index(fields=["user", "-created_at", "-id"], name="finance_transfer_newest"),
                    GinIndex(fields=["reasons"], name="finance_transfer_reasons_gin", opclasses=["jsonb_path_ops"]),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("outgoing", models.F("incoming")), _negated=True),
                        name="finance_transfer_incoming_other",
                        violation_error_message="Choose two different transactions.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("outgoing_type__in", ("income", "refund")), _negated=True),
                        name="finance_transfer_outgoing_type_sign",
                        violation_error_message="Money that leaves is no income.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("incoming_type__in", ("expense", "fee")), _negated=True),
                        name="finance_transfer_incoming_type_sign",
                        violation_error_message="Money that enters is no expense.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("status", "proposed")),
                            models.Q(models.Q(("status", "proposed"), _negated=True), ("decided_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="finance_transfer_decided_at_known",
                        violation_error_message="Must be set exactly when the transfer is accepted or refused.",
                    ),
                    models.UniqueConstraint(
                        fields=("user", "outgoing", "incoming"),
                        name="finance_transfer_incoming_unique",
                        violation_error_message="These two transactions are a pair already.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "accepted")),
                        fields=("user", "outgoing"),
                        name="finance_transfer_outgoing_accepted_unique",
                        violation_error_message="This transaction is part of another transfer. Take that back first.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "accepted")),
                        fields=("user", "incoming"),
                        name="finance_transfer_incoming_accepted_unique",
                        violation_error_message="This transaction is part of another transfer. Take that back first.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["proposed", "accepted", "refused"])),
                        name="finance_transfer_status_choice",
                        violation_error_message="Choose one of: proposed, accepted, refused.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("outgoing_type__in", ["income", "expense", "transfer", "refund", "fee", ""])),
                        name="finance_transfer_outgoing_type_choice",
                        violation_error_message="Choose one of: income, expense, transfer, refund, fee.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("incoming_type__in", ["income", "expense", "transfer", "refund", "fee", ""])),
                        name="finance_transfer_incoming_type_choice",
                        violation_error_message="Choose one of: income, expense, transfer, refund, fee.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("confidence__gte", 0), ("confidence__lte", 1)),
                        name="finance_transfer_confidence_bounds",
                        violation_error_message="Must be between 0 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("reasons"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("array"),
                        ),
                        name="finance_transfer_reasons_shape",
                        violation_error_message="Must be a JSON list.",
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
                        help_text="ISO 4217 code. Can't be changed after a payment. Default: that of the profile.",
                        max_length=3,
                        validators=[validate_currency],
                    ),
                ),
                ("notes", models.TextField(blank=True, help_text="The user's own text. May be empty.")),
                ("expense_name", models.CharField(help_text="The user's name for the expense, such as Rent.", max_length=255)),
                (
                    "expense_category",
                    models.CharField(
                        blank=True, default="", help_text="The slug of a category. Empty: none.", max_length=100, null=True
                    ),
                ),
                (
                    "is_essential",
                    models.BooleanField(default=True, help_text="False: the user could do without it. Default: true."),
                ),
                (
                    "last_paid_date",
                    models.DateField(blank=True, help_text="Day of the last recorded payment. Null: none.", null=True),
                ),
                (
                    "last_paid_amount",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text="Amount of that payment, in the due date's currency. Null: none.",
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
                (
                    "auto_pay_enabled",
                    models.BooleanField(
                        default=False, help_text="True if the bank pays it by itself. For information only. Default: false."
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
                        help_text="ISO 4217 code. Can't be changed after a payment. Default: that of the profile.",
                        max_length=3,
                        validators=[validate_currency],
                    ),
                ),
                ("notes", models.TextField(blank=True, help_text="The user's own text. May be empty.")),
                (
                    "income_source",
                    models.CharField(help_text="The user's name for the income, such as the employer.", max_length=100),
                ),
                (
                    "last_received_date",
                    models.DateField(blank=True, help_text="Day of the last recorded payment. Null: none.", null=True),
                ),
                (
                    "last_received_amount",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text="Amount of that payment, in the due date's currency. Null: none.",
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
        migrations.CreateModel(
            name="AttachmentChunk",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("number", models.IntegerField(editable=False, validators=[MinValueValidator(0), MaxValueValidator(19)])),
                ("content", encrypt(models.BinaryField(), label="finance.attachment_chunk.content")),
                (
                    "attachment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=DO_NOTHING,
                        related_name="chunks",
                        to="finance.attachment",
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
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "attachment", "number"), name="finance_attachmentchunk_number_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            LessThanOrEqual(
                                models.Func(models.F("content"), function="octet_length", output_field=models.IntegerField()),
                                524321,
                            )
                        ),
                        name="finance_attachmentchunk_content_size",
                        violation_error_message="A chunk has at most 524,321 bytes.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 0), ("number__lte", 19)),
                        name="finance_attachmentchunk_number_bounds",
                        violation_error_message="Must be between 0 and 19.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Category",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("folded", FoldedNameField()),
                (
                    "name",
                    models.CharField(help_text="For the user. Unique without regard to case and accents.", max_length=100),
                ),
                (
                    "slug",
                    models.CharField(
                        editable=False,
                        help_text="The value of `category` in transactions and due dates. It never changes.",
                        max_length=100,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("income", "Income"), ("expense", "Expense"), ("transfer", "Transfer")],
                        default="expense",
                        help_text="What its transactions are, on the whole. Default: expense.",
                        max_length=20,
                    ),
                ),
                ("color", models.CharField(blank=True, help_text="Such as #2e7d32. Empty: the client's choice.", max_length=7)),
                (
                    "icon",
                    models.CharField(
                        blank=True, help_text="Name of an icon of the client, such as shopping-cart.", max_length=50
                    ),
                ),
                ("is_archived", models.BooleanField(default=False, help_text="Hidden from choices. Its transactions keep it.")),
                ("current_slug", CurrentNameField("slug", 100)),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        help_text="The row that this one was merged into. Null: it was not merged.",
                        null=True,
                        on_delete=CASCADE,
                        related_name="aliases",
                        to="finance.category",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="The category that this one belongs to. Filters by the parent include it. Null: none.",
                        null=True,
                        on_delete=SET_NULL,
                        related_name="children",
                        to="finance.category",
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
                "verbose_name_plural": "categories",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id"), name="finance_category_owner"),
                    models.UniqueConstraint(fields=("user", "slug"), name="finance_category_slug_unique"),
                    models.UniqueConstraint(fields=("user", "current_slug"), name="finance_category_current_slug_owner"),
                    models.UniqueConstraint(
                        fields=("user", "folded"),
                        name="finance_category_name_unique",
                        violation_error_message=(
                            "You already have a category with this name. Merge the two, or choose another name."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("slug__regex", "^[^\\s,]+$")),
                        name="finance_category_slug_form",
                        violation_error_message="Must not contain spaces and commas.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("color__regex", "^(#[0-9a-f]{6})?$")),
                        name="finance_category_color_form",
                        violation_error_message="Use # and six digits from 0 to 9 and a to f.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("icon__regex", "^[a-z0-9-]*$")),
                        name="finance_category_icon_form",
                        violation_error_message="Use lower-case letters, digits and hyphens.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("parent", models.F("id")), _negated=True),
                        name="finance_category_parent_not_below",
                        violation_error_message="A category can't be below itself. Choose another parent, or null.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name__regex", "^\\S(.*\\S)?$")),
                        name="finance_category_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["income", "expense", "transfer"])),
                        name="finance_category_kind_choice",
                        violation_error_message="Choose one of: income, expense, transfer.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeletedTransaction",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("row", models.JSONField(editable=False)),
                ("parts", models.JSONField(default=dict, editable=False)),
                ("deleted_at", models.DateTimeField(editable=False, help_text="The time of the deletion.")),
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
                "verbose_name": "deleted transaction",
                "abstract": False,
                "indexes": [models.Index(fields=["user", "-deleted_at", "-id"], name="finance_deleted_tx_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("row"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="finance_deletedtransaction_row_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("parts"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="finance_deletedtransaction_parts_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EditedRow",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("transaction_id", models.UUIDField(editable=False)),
                ("before", models.JSONField(editable=False)),
                ("after", models.JSONField(editable=False)),
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
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        on_delete=DO_NOTHING,
                        related_name="rows",
                        to="finance.editrun",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "run", "transaction_id"), name="finance_editedrow_transaction_id_unique"
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("before"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="finance_editedrow_before_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("after"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="finance_editedrow_after_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                ],
            },
        ),
        # Foreign keys that include the owner, so that a row refers to rows of the same owner only
        name_key(TRANSACTION, "category", CATEGORY, "current_slug"),
        name_key(TRANSACTION, "payee", PAYEE, "current_name"),
        name_key(EXPENSE, "expense_category", CATEGORY, "current_slug"),
        name_key(SPLIT, "category", CATEGORY, "current_slug"),
        owner_key(SPLIT, "transaction_id", TRANSACTION, on_delete="CASCADE"),
        owner_key(SHARE, "refund_id", TRANSACTION, on_delete="CASCADE"),
        owner_key(SHARE, "expense_id", TRANSACTION, on_delete="CASCADE"),
        owner_key(EDIT_RUN, "rule_id", RULE, on_delete="SET NULL (rule_id)"),
        owner_key(EDITED_ROW, "run_id", EDIT_RUN, on_delete="CASCADE"),
        migrations.RunSQL(
            f"ALTER TABLE {DELETED} ADD CONSTRAINT {DELETED}_user FOREIGN KEY (user_id) REFERENCES users_user"
            " ON DELETE CASCADE",
            f"ALTER TABLE {DELETED} DROP CONSTRAINT {DELETED}_user",
        ),
        owner_key(TRANSFER, "outgoing_id", TRANSACTION, on_delete="CASCADE"),
        owner_key(TRANSFER, "incoming_id", TRANSACTION, on_delete="CASCADE"),
        owner_key(RATE, "statement_import_id", IMPORT, on_delete="CASCADE"),
        owner_key(CATEGORY, "parent_id", CATEGORY, on_delete="SET NULL (parent_id)", is_deferrable=True),
        owner_key(CATEGORY, "merged_into_id", CATEGORY, on_delete="CASCADE", is_deferrable=True),
        owner_key(TAG, "merged_into_id", TAG, on_delete="CASCADE", is_deferrable=True),
        owner_key(PAYEE, "merged_into_id", PAYEE, on_delete="CASCADE", is_deferrable=True),
        owner_key(TRANSACTION, "financial_profile_id", ACCOUNT),
        owner_key(IMPORT, "account_id", ACCOUNT),
        owner_key(IMPORT_ROW, "statement_import_id", IMPORT, shared=["account_id"]),
        owner_key(PAYMENT, "income_id", INCOME, on_delete="CASCADE", shared=["currency"]),
        owner_key(PAYMENT, "expense_id", EXPENSE, on_delete="CASCADE", shared=["currency"]),
        owner_key(PAYMENT, "transaction_id", TRANSACTION, on_delete="SET NULL (transaction_id)"),
        owner_key(ATTACHMENT, "transaction_id", TRANSACTION, on_delete="SET NULL (transaction_id)"),
        owner_key(ATTACHMENT_CHUNK, "attachment_id", ATTACHMENT, on_delete="CASCADE"),
        # Triggers
        *add_triggers(
            "finance",
            "Attachment",
            "AttachmentChunk",
            "Category",
            "DeletedTransaction",
            "DueDatePayment",
            "EditRun",
            "EditedRow",
            "EncryptedFinancialProfile",
            "ExchangeRate",
            "FinancialTransaction",
            "IncomeProjection",
            "Payee",
            "RefundShare",
            "Rule",
            "StatementImport",
            "StatementImportRow",
            "Tag",
            "TransactionSplit",
            "Transfer",
            "UserExpenseDueDate",
            "UserIncomeDueDate",
        ),
        # Row-level security
        enable_row_level_security(CATEGORY),
        enable_row_level_security(TAG),
        enable_row_level_security(PAYEE),
        enable_row_level_security(ACCOUNT),
        enable_row_level_security(TRANSACTION),
        enable_row_level_security(IMPORT),
        enable_row_level_security(IMPORT_ROW),
        enable_row_level_security(INCOME),
        enable_row_level_security(EXPENSE),
        enable_row_level_security(PAYMENT),
        enable_row_level_security(SPLIT),
        enable_row_level_security(SHARE),
        enable_row_level_security(RULE),
        enable_row_level_security(EDIT_RUN),
        enable_row_level_security(EDITED_ROW),
        enable_row_level_security(DELETED),
        enable_row_level_security(TRANSFER),
        enable_row_level_security(RATE),
        enable_row_level_security("finance_incomeprojection"),
        enable_row_level_security(ATTACHMENT),
        enable_row_level_security(ATTACHMENT_CHUNK),
        # Ciphertext can't be compressed
        migrations.RunSQL(f"ALTER TABLE {ATTACHMENT_CHUNK} ALTER COLUMN content SET STORAGE EXTERNAL", ""),
        # SQL functions
        run_sql_file("finance/migrations/sql/keep_statistics.sql"),
        run_sql_file("finance/migrations/sql/sources_before.sql"),
        run_sql_file("finance/migrations/sql/divisions.sql"),
        run_sql_file("finance/migrations/sql/transfers.sql"),
        run_sql_file("finance/migrations/sql/rules.sql"),
        run_sql_file("finance/migrations/sql/parts.sql"),
    ]
