"""The tables of plans, subscriptions, feature access, invoices and Stripe, and the plans of the catalog."""

from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models
from django.db.models.deletion import CASCADE, DO_NOTHING, PROTECT, SET_NULL
from django.db.models.expressions import CombinedExpression
from django.db.models.functions.comparison import Cast
from django.db.models.functions.datetime import Now
from django.db.models.lookups import Exact, Regex
from uuid_utils.compat import uuid7

from billing import catalog
from billing.models.plans import are_limits, are_switches
from core.models.base import UpdatedAtField
from core.models.money import NumericField, validate_currency
from core.models.validators import validate_json_object
from core.postgres.operations import ALL, add_triggers, composite_foreign_key, enable_row_level_security, grant

INVOICE = "billing_billinghistory"
TABLES_OF_INVOICES = ("billing_adjustment", "billing_dunningstep")


def load_catalog(apps, schema_editor):
    """Create the plans of the catalog that do not exist."""
    SubscriptionPlan = apps.get_model("billing", "SubscriptionPlan")
    plans = [SubscriptionPlan(**row) for row in catalog.rows()]
    SubscriptionPlan.objects.using(schema_editor.connection.alias).bulk_create(plans, ignore_conflicts=True)


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
            name="StripeEvent",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("stripe_id", models.CharField(max_length=255, unique=True)),
                ("type", models.CharField(max_length=100)),
                ("api_version", models.CharField(blank=True, max_length=40)),
                ("stripe_customer_id", models.CharField(blank=True, max_length=255)),
                ("object_id", models.CharField(blank=True, max_length=255)),
                ("happened_at", models.DateTimeField()),
                (
                    "body",
                    models.TextField(
                        blank=True, help_text="The signed request body, until it expires or the customer is erased."
                    ),
                ),
                ("headers", models.JSONField(blank=True, default=dict, validators=[validate_json_object])),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("handled", "Handled"),
                            ("ignored", "Ignored"),
                            ("failed", "Failed"),
                            ("abandoned", "Abandoned"),
                        ],
                        default="waiting",
                        max_length=20,
                    ),
                ),
                ("deliveries", models.IntegerField(default=1, validators=[MinValueValidator(1)])),
                ("attempts", models.IntegerField(default=0, validators=[MinValueValidator(0)])),
                ("handled_at", models.DateTimeField(blank=True, null=True)),
                ("outcome", models.TextField(blank=True, help_text="The result in a sentence.")),
                ("error", models.TextField(blank=True, help_text="The traceback of the last failure.")),
            ],
            options={
                "verbose_name": "Stripe event",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["-happened_at", "-id"], name="billing_event_newest"),
                    models.Index(fields=["stripe_customer_id", "-happened_at"], name="billing_event_of_customer"),
                    models.Index(
                        condition=models.Q(("state__in", ("waiting", "failed"))),
                        fields=["created_at"],
                        name="billing_event_waiting",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("handled_at__isnull", True), ("state__in", ("waiting", "failed"))),
                            models.Q(
                                models.Q(("state__in", ("waiting", "failed")), _negated=True), ("handled_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="billing_stripeevent_handled_at_matches_state",
                        violation_error_message="Must be set exactly when the event is handled, ignored or abandoned.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("stripe_id__regex", "^\\S(.*\\S)?$")),
                        name="billing_stripeevent_stripe_id_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("type__regex", "^\\S(.*\\S)?$")),
                        name="billing_stripeevent_type_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("headers"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="billing_stripeevent_headers_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "handled", "ignored", "failed", "abandoned"])),
                        name="billing_stripeevent_state_choice",
                        violation_error_message="Choose one of: waiting, handled, ignored, failed, abandoned.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("deliveries__gte", 1)),
                        name="billing_stripeevent_deliveries_bounds",
                        violation_error_message="Must be 1 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("attempts__gte", 0)),
                        name="billing_stripeevent_attempts_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "pending_until",
                    models.DateTimeField(
                        blank=True,
                        help_text="When a plan change or a resumption that waits for its payment is discarded.",
                        null=True,
                    ),
                ),
                (
                    "payment_url",
                    models.CharField(
                        blank=True,
                        help_text="Stripe's page to pay or confirm the open invoice; empty if none is to be paid.",
                        max_length=2000,
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        default="USD",
                        help_text="ISO 4217 code of all amounts of the subscription, such as USD.",
                        max_length=3,
                        validators=[validate_currency],
                    ),
                ),
                (
                    "unit_price",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text=(
                            "The customer's own price of one unit for each interval, before discount and tax. Empty (null) if "
                            "staff granted it, for free."
                        ),
                        max_digits=16,
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "quantity",
                    models.IntegerField(
                        default=1, help_text="Units of the plan that are charged.", validators=[MinValueValidator(0)]
                    ),
                ),
                (
                    "interval",
                    models.CharField(
                        blank=True,
                        choices=[("day", "Day"), ("week", "Week"), ("month", "Month"), ("year", "Year")],
                        help_text="With interval_count, how often it is charged.",
                        max_length=10,
                    ),
                ),
                (
                    "interval_count",
                    models.IntegerField(
                        default=1, help_text="Number of intervals between two charges.", validators=[MinValueValidator(1)]
                    ),
                ),
                (
                    "discount",
                    NumericField(
                        decimal_places=3,
                        default=Decimal("0"),
                        help_text="Taken off each interval's price by coupons, as long as they last.",
                        max_digits=16,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "recurring_amount",
                    NumericField(
                        decimal_places=3,
                        default=Decimal("0"),
                        help_text="Charged for each interval after discounts, without tax. Add-ons are included.",
                        max_digits=16,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "tax",
                    NumericField(
                        decimal_places=3,
                        default=Decimal("0"),
                        help_text="Part of the next charge that is tax.",
                        max_digits=16,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "next_charge_at",
                    models.DateTimeField(blank=True, help_text="When it is charged next; null if it is not.", null=True),
                ),
                (
                    "next_charge_amount",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text="Charged next, after discounts, tax and credit, as Stripe computes it.",
                        max_digits=16,
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "is_collection_paused",
                    models.BooleanField(default=False, help_text="True if staff have paused its charges."),
                ),
                (
                    "stripe_subscription_id",
                    models.CharField(blank=True, help_text="Stripe's id; empty if staff granted it.", max_length=255),
                ),
                (
                    "stripe_customer_id",
                    models.CharField(blank=True, help_text="Stripe's id of the customer; empty if granted.", max_length=255),
                ),
                (
                    "unknown_price_id",
                    models.CharField(
                        blank=True,
                        help_text=(
                            "The price at Stripe if it belongs to no plan, else empty. Such a subscription grants no access, "
                            "and `plan` is the last known one."
                        ),
                        max_length=255,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("incomplete", "Incomplete"),
                            ("incomplete_expired", "Incomplete Expired"),
                            ("trialing", "Trialing"),
                            ("active", "Active"),
                            ("past_due", "Past Due"),
                            ("canceled", "Canceled"),
                            ("unpaid", "Unpaid"),
                            ("paused", "Paused"),
                        ],
                        help_text="Trialing and active grant access, past_due only for a grace period.",
                        max_length=50,
                    ),
                ),
                (
                    "current_period_start",
                    models.DateTimeField(blank=True, help_text="Start of the current billing period.", null=True),
                ),
                (
                    "current_period_end",
                    models.DateTimeField(blank=True, help_text="When the subscription renews or ends.", null=True),
                ),
                (
                    "cancel_at_period_end",
                    models.BooleanField(default=False, help_text="True if it ends at the end of its period."),
                ),
                (
                    "cancel_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When it will end or has ended by a cancellation; empty (null) if no end is set.",
                        null=True,
                    ),
                ),
                (
                    "canceled_at",
                    models.DateTimeField(blank=True, help_text="When it was canceled, which may be before it ends.", null=True),
                ),
                (
                    "ended_at",
                    models.DateTimeField(blank=True, help_text="When it ended. Empty (null) while it runs.", null=True),
                ),
                (
                    "trial_start",
                    models.DateTimeField(blank=True, help_text="Start of the trial. Empty (null) without a trial.", null=True),
                ),
                (
                    "trial_end",
                    models.DateTimeField(blank=True, help_text="End of the trial. Empty (null) without a trial.", null=True),
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
                    models.Index(
                        condition=models.Q(
                            ("stripe_subscription_id", ""),
                            ("status__in", ("trialing", "active", "past_due", "unpaid", "paused")),
                        ),
                        fields=["user"],
                        name="billing_sub_local",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id"), name="billing_subscription_owner"),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ("trialing", "active", "past_due", "unpaid", "paused"))),
                        fields=("user",),
                        name="billing_subscription_status_one_running",
                        violation_error_message="This customer already has a running subscription. End it first.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("stripe_subscription_id", ""), _negated=True),
                        fields=("stripe_subscription_id",),
                        name="billing_subscription_stripe_subscription_id_unique",
                        violation_error_message="This Stripe subscription already exists.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("current_period_end__gt", models.F("current_period_start"))),
                        name="billing_subscription_current_period_end_after_start",
                        violation_error_message="The end must be after the start.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("trial_end__gt", models.F("trial_start"))),
                        name="billing_subscription_trial_end_after_start",
                        violation_error_message="The end must be after the start.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at__isnull", True),
                            models.Q(("status__in", ("trialing", "active", "past_due", "unpaid", "paused")), _negated=True),
                            _connector="OR",
                        ),
                        name="billing_subscription_ended_at_when_ended",
                        violation_error_message="Only a subscription that has ended has an end.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("unit_price__isnull", True), models.Q(("interval", ""), _negated=True), _connector="OR"
                        ),
                        name="billing_subscription_interval_with_price",
                        violation_error_message="A price needs the interval for which it is charged.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_charge_amount__isnull", True), ("next_charge_at__isnull", True)),
                            models.Q(("next_charge_amount__isnull", False), ("next_charge_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="billing_subscription_next_charge_amount_with_day",
                        violation_error_message="The next charge needs both its day and its amount.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "incomplete",
                                    "incomplete_expired",
                                    "trialing",
                                    "active",
                                    "past_due",
                                    "canceled",
                                    "unpaid",
                                    "paused",
                                ],
                            )
                        ),
                        name="billing_subscription_status_choice",
                        violation_error_message=(
                            "Choose one of: incomplete, incomplete_expired, trialing, active, past_due, canceled, unpaid, "
                            "paused."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="billing_subscription_currency_iso_4217",
                        violation_error_message="Use an ISO 4217 code such as USD.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("unit_price"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="billing_subscription_unit_price_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("unit_price__gt", Decimal("-10000000000000")), ("unit_price__lt", Decimal("10000000000000"))
                        ),
                        name="billing_subscription_unit_price_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("unit_price__gte", 0)),
                        name="billing_subscription_unit_price_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 0)),
                        name="billing_subscription_quantity_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("interval__in", ["day", "week", "month", "year", ""])),
                        name="billing_subscription_interval_choice",
                        violation_error_message="Choose one of: day, week, month, year.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("interval_count__gte", 1)),
                        name="billing_subscription_interval_count_bounds",
                        violation_error_message="Must be 1 or more.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("discount"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="billing_subscription_discount_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("discount__gt", Decimal("-10000000000000")), ("discount__lt", Decimal("10000000000000"))
                        ),
                        name="billing_subscription_discount_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("discount__gte", 0)),
                        name="billing_subscription_discount_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("recurring_amount"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="billing_subscription_recurring_amount_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("recurring_amount__gt", Decimal("-10000000000000")),
                            ("recurring_amount__lt", Decimal("10000000000000")),
                        ),
                        name="billing_subscription_recurring_amount_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("recurring_amount__gte", 0)),
                        name="billing_subscription_recurring_amount_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("tax"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="billing_subscription_tax_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tax__gt", Decimal("-10000000000000")), ("tax__lt", Decimal("10000000000000"))),
                        name="billing_subscription_tax_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tax__gte", 0)),
                        name="billing_subscription_tax_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("next_charge_amount"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="billing_subscription_next_charge_amount_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("next_charge_amount__gt", Decimal("-10000000000000")),
                            ("next_charge_amount__lt", Decimal("10000000000000")),
                        ),
                        name="billing_subscription_next_charge_amount_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("next_charge_amount__gte", 0)),
                        name="billing_subscription_next_charge_amount_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillingHistory",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "stripe_invoice_id",
                    models.CharField(
                        blank=True,
                        help_text="Stripe's id of the invoice, such as in_1QaBcD. Empty: it is not at Stripe.",
                        max_length=255,
                    ),
                ),
                (
                    "amount",
                    NumericField(
                        decimal_places=3,
                        help_text="Total of the invoice, 0 or more, in its currency.",
                        max_digits=16,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "amount_refunded",
                    NumericField(
                        decimal_places=3,
                        default=Decimal("0"),
                        help_text="Part of the amount that was paid back.",
                        max_digits=16,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "amount_due",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text="Part to be charged, after the customer's credit; null if it is unknown.",
                        max_digits=16,
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "amount_collected",
                    NumericField(
                        decimal_places=3,
                        default=Decimal("0"),
                        help_text=(
                            "Collected through Stripe, also in parts and before refunds. Not what was paid from credit or "
                            "elsewhere."
                        ),
                        max_digits=16,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "discount",
                    NumericField(
                        decimal_places=3,
                        default=Decimal("0"),
                        help_text="Taken off by coupons; the amount is after it. Negative if a discounted amount was credited.",
                        max_digits=16,
                    ),
                ),
                (
                    "tax",
                    NumericField(
                        decimal_places=3,
                        default=Decimal("0"),
                        help_text="Part of the amount that is tax; negative if tax was credited.",
                        max_digits=16,
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        default="USD", help_text="ISO 4217 code, such as USD.", max_length=3, validators=[validate_currency]
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("pending", "Pending"),
                            ("paid", "Paid"),
                            ("unpaid", "Unpaid"),
                            ("failed", "Failed"),
                            ("void", "Void"),
                            ("refunded", "Refunded"),
                        ],
                        help_text="Pending, failed and unpaid are owed. Refunded means refunded in full.",
                        max_length=50,
                    ),
                ),
                (
                    "is_processing",
                    models.BooleanField(
                        default=False,
                        help_text=(
                            "True while a bank debit is under way, for up to 14 days. Nothing is due until its result is known."
                        ),
                    ),
                ),
                ("billing_date", models.DateTimeField(help_text="When the invoice was created.")),
                ("due_date", models.DateTimeField(blank=True, help_text="When the payment is due.", null=True)),
                (
                    "paid_at",
                    models.DateTimeField(blank=True, help_text="When it was paid. Empty (null) if it was not.", null=True),
                ),
                (
                    "collected_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When a payment was last collected through Stripe; null if there was none.",
                        null=True,
                    ),
                ),
                (
                    "description",
                    models.TextField(
                        blank=True,
                        help_text=(
                            "Stripe's description, or else the texts of the lines, separated by semicolons. May be empty."
                        ),
                    ),
                ),
                ("number", models.CharField(blank=True, help_text="Number of the invoice; empty for a draft.", max_length=100)),
                (
                    "hosted_invoice_url",
                    models.CharField(blank=True, help_text="Stripe's page to view and pay the invoice.", max_length=2000),
                ),
                ("invoice_pdf", models.CharField(blank=True, help_text="URL of the invoice as PDF.", max_length=2000)),
                (
                    "receipt_url",
                    models.CharField(
                        blank=True,
                        help_text="Stripe's page with the receipt of the payment; empty if nothing was charged.",
                        max_length=2000,
                    ),
                ),
                (
                    "metadata",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="From Stripe: a negative total, which became a credit of the customer.",
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
                (
                    "subscription",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=SET_NULL,
                        related_name="invoices",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "invoice",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["user", "-billing_date", "-id"], name="billing_invoice_by_date"),
                    GinIndex(fields=["metadata"], name="billing_invoice_metadata_gin", opclasses=["jsonb_path_ops"]),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id"), name="billing_billinghistory_owner"),
                    models.UniqueConstraint(
                        condition=models.Q(("stripe_invoice_id", ""), _negated=True),
                        fields=("stripe_invoice_id",),
                        name="billing_billinghistory_stripe_invoice_id_unique",
                        violation_error_message="This Stripe invoice already exists.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_refunded__lte", models.F("amount"))),
                        name="billing_billinghistory_amount_refunded_within_amount",
                        violation_error_message="The refunded amount can't exceed the amount.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_processing", False), ("status", "pending"), _connector="OR"),
                        name="billing_billinghistory_is_processing_when_pending",
                        violation_error_message="Only a pending invoice can have a payment that is processing.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount_collected", 0), ("collected_at", None)),
                            models.Q(("amount_collected__gt", 0), ("collected_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="billing_billinghistory_collected_at_when_collected",
                        violation_error_message="An invoice has collected_at exactly if an amount was collected.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "draft"), _negated=True), ("amount_collected", 0), _connector="OR"
                        ),
                        name="billing_billinghistory_draft_collects_nothing",
                        violation_error_message="Nothing can be collected for a draft.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "paid"), _negated=True), ("paid_at__isnull", False), _connector="OR"
                        ),
                        name="billing_billinghistory_paid_at_when_paid",
                        violation_error_message="A paid invoice must have paid_at.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("amount"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="billing_billinghistory_amount_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", Decimal("-10000000000000")), ("amount__lt", Decimal("10000000000000"))
                        ),
                        name="billing_billinghistory_amount_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 0)),
                        name="billing_billinghistory_amount_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("amount_refunded"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="billing_billinghistory_amount_refunded_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount_refunded__gt", Decimal("-10000000000000")),
                            ("amount_refunded__lt", Decimal("10000000000000")),
                        ),
                        name="billing_billinghistory_amount_refunded_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_refunded__gte", 0)),
                        name="billing_billinghistory_amount_refunded_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("amount_due"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="billing_billinghistory_amount_due_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount_due__gt", Decimal("-10000000000000")), ("amount_due__lt", Decimal("10000000000000"))
                        ),
                        name="billing_billinghistory_amount_due_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_due__gte", 0)),
                        name="billing_billinghistory_amount_due_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("amount_collected"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="billing_billinghistory_amount_collected_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount_collected__gt", Decimal("-10000000000000")),
                            ("amount_collected__lt", Decimal("10000000000000")),
                        ),
                        name="billing_billinghistory_amount_collected_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_collected__gte", 0)),
                        name="billing_billinghistory_amount_collected_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("discount"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="billing_billinghistory_discount_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("discount__gt", Decimal("-10000000000000")), ("discount__lt", Decimal("10000000000000"))
                        ),
                        name="billing_billinghistory_discount_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("tax"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="billing_billinghistory_tax_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tax__gt", Decimal("-10000000000000")), ("tax__lt", Decimal("10000000000000"))),
                        name="billing_billinghistory_tax_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="billing_billinghistory_currency_iso_4217",
                        violation_error_message="Use an ISO 4217 code such as USD.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["draft", "pending", "paid", "unpaid", "failed", "void", "refunded"])
                        ),
                        name="billing_billinghistory_status_choice",
                        violation_error_message="Choose one of: draft, pending, paid, unpaid, failed, void, refunded.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("metadata"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="billing_billinghistory_metadata_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SubscriptionPlan",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "name",
                    models.CharField(help_text="Name for customers. Unique together with the billing cycle.", max_length=100),
                ),
                (
                    "description",
                    models.TextField(blank=True, help_text="What the plan offers, as plain text for customers. May be empty."),
                ),
                (
                    "price",
                    NumericField(
                        decimal_places=3,
                        help_text="Price per billing cycle, above 0.",
                        max_digits=16,
                        validators=[MinValueValidator(Decimal("0.001"))],
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        default="USD",
                        help_text="ISO 4217 code of the price's currency, such as USD.",
                        max_length=3,
                        validators=[validate_currency],
                    ),
                ),
                (
                    "billing_cycle",
                    models.CharField(
                        choices=[("monthly", "Monthly"), ("yearly", "Yearly")],
                        help_text="How often the price is charged.",
                        max_length=20,
                    ),
                ),
                (
                    "features",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text='Feature names with true if the plan includes them, such as {"data_export": true}.',
                        validators=[validate_json_object, are_switches],
                    ),
                ),
                (
                    "limits",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text='Uses per month, such as {"data_export_per_month": 4}. Unlimited if absent, none if 0.',
                        validators=[validate_json_object, are_limits],
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True, help_text="False if retired: it can't be bought, but subscriptions continue."
                    ),
                ),
                (
                    "stripe_product_id",
                    models.CharField(
                        blank=True, help_text="Stripe's id of the product. Set when the plans are synced.", max_length=255
                    ),
                ),
                (
                    "stripe_price_id",
                    models.CharField(
                        blank=True, help_text="Stripe's id of the price. Set when the plans are synced.", max_length=255
                    ),
                ),
            ],
            options={
                "verbose_name": "plan",
                "abstract": False,
                "indexes": [
                    GinIndex(fields=["features"], name="billing_plan_features_gin", opclasses=["jsonb_path_ops"]),
                    GinIndex(fields=["limits"], name="billing_plan_limits_gin", opclasses=["jsonb_path_ops"]),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("name", "billing_cycle"),
                        name="billing_subscriptionplan_name_unique",
                        violation_error_message="A plan with this name and billing cycle already exists.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            Regex(Cast("features", models.TextField()), '^\\{("[a-z][a-z0-9_]{0,99}": (true|false)(, )?)*\\}$')
                        ),
                        name="billing_subscriptionplan_features_values",
                        violation_error_message=(
                            'Each feature must be a lowercase name with true or false, such as {"data_export": true}.'
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            Regex(
                                Cast("limits", models.TextField()),
                                '^\\{("[a-z][a-z0-9_]{0,99}_per_month": [0-9]{1,9}(, )?)*\\}$',
                            )
                        ),
                        name="billing_subscriptionplan_limits_values",
                        violation_error_message=(
                            "Each limit must be a name that ends in _per_month with a whole number, such as "
                            '{"data_export_per_month": 4}.'
                        ),
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("stripe_price_id", ""), _negated=True),
                        fields=("stripe_price_id",),
                        name="billing_subscriptionplan_stripe_price_id_unique",
                        violation_error_message="Another plan already has this Stripe price.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name__regex", "^\\S(.*\\S)?$")),
                        name="billing_subscriptionplan_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("price"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="billing_subscriptionplan_price_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price__gt", Decimal("-10000000000000")), ("price__lt", Decimal("10000000000000"))),
                        name="billing_subscriptionplan_price_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price__gt", 0)),
                        name="billing_subscriptionplan_price_above_zero",
                        violation_error_message="Must be greater than 0.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="billing_subscriptionplan_currency_iso_4217",
                        violation_error_message="Use an ISO 4217 code such as USD.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("billing_cycle__in", ["monthly", "yearly"])),
                        name="billing_subscriptionplan_billing_cycle_choice",
                        violation_error_message="Choose one of: monthly, yearly.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("features"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="billing_subscriptionplan_features_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("limits"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="billing_subscriptionplan_limits_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="subscription",
            name="pending_plan",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text=(
                    "Plan to which the subscription moves when the change is paid at payment_url; null if no change waits."
                ),
                null=True,
                on_delete=SET_NULL,
                related_name="+",
                to="billing.subscriptionplan",
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="plan",
            field=models.ForeignKey(
                help_text="The id of its plan.", on_delete=PROTECT, related_name="subscriptions", to="billing.subscriptionplan"
            ),
        ),
        migrations.CreateModel(
            name="UsageRecord",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("feature_name", models.CharField(max_length=100)),
                ("idempotency_key", models.CharField(max_length=255)),
                ("amount", models.IntegerField(help_text="Number of uses.", validators=[MinValueValidator(1)])),
                ("period_start", models.DateTimeField(help_text="Start of the counting month of the uses.")),
                ("given_back_at", models.DateTimeField(blank=True, null=True)),
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
                "indexes": [models.Index(fields=["created_at"], name="billing_usage_by_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "idempotency_key"), name="billing_usagerecord_key_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("feature_name__regex", "^\\S(.*\\S)?$")),
                        name="billing_usagerecord_feature_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("idempotency_key__regex", "^\\S(.*\\S)?$")),
                        name="billing_usagerecord_idempotency_key_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 1)),
                        name="billing_usagerecord_amount_bounds",
                        violation_error_message="Must be 1 or more.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Adjustment",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("refund", "Refund"), ("credit", "Credit"), ("dispute", "Dispute")],
                        help_text=(
                            "Refund of a payment, credit for the next invoices, or dispute of a payment at the customer's bank."
                        ),
                        max_length=20,
                    ),
                ),
                ("stripe_id", models.CharField(blank=True, max_length=255)),
                (
                    "stripe_payment_id",
                    models.CharField(
                        blank=True,
                        help_text="The payment intent or charge that a refund returns. Empty until it is sent.",
                        max_length=255,
                    ),
                ),
                (
                    "amount",
                    NumericField(
                        decimal_places=3,
                        help_text="Positive in favor of the customer. Only a credit that is used is negative.",
                        max_digits=16,
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        default="USD", help_text="ISO 4217 code, such as USD.", max_length=3, validators=[validate_currency]
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("awaiting_approval", "Awaiting Approval"),
                            ("declined", "Declined"),
                            ("pending", "Pending"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("canceled", "Canceled"),
                            ("open", "Open"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                            ("prevented", "Prevented"),
                            ("inquiry", "Inquiry"),
                            ("inquiry_closed", "Inquiry Closed"),
                        ],
                        help_text=(
                            "Of a refund or credit: pending, succeeded, failed or canceled. Of a dispute: open, won (the "
                            "payment stands), lost or prevented (it was returned), inquiry or inquiry_closed (the bank only "
                            "asked)."
                        ),
                        max_length=30,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
                (
                    "rule",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("double_purchase", "Double Purchase"),
                            ("withdrawal", "Withdrawal"),
                            ("paid_after_end", "Paid After End"),
                            ("void_invoice", "Void Invoice"),
                        ],
                        help_text="The rule that decided the refund. Empty if staff did.",
                        max_length=30,
                    ),
                ),
                (
                    "happened_at",
                    models.DateTimeField(help_text="When the refund was requested, or the credit or dispute was made."),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                    "invoice",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="The id of the invoice that it is about. Null: none is known.",
                        null=True,
                        on_delete=SET_NULL,
                        related_name="adjustments",
                        to="billing.billinghistory",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["user", "-happened_at", "-id"], name="billing_adjustment_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("stripe_id", ""), _negated=True),
                        fields=("stripe_id",),
                        name="billing_adjustment_stripe_id_unique",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            models.Q(("stripe_payment_id", ""), _negated=True), models.Q(("rule", ""), _negated=True)
                        ),
                        fields=("user", "stripe_payment_id"),
                        name="billing_adjustment_rule_once_for_each_payment",
                        violation_error_message="A rule refunds a payment once.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rule", ""), ("kind", "refund"), _connector="OR"),
                        name="billing_adjustment_rule_of_refunds",
                        violation_error_message="Only a refund has a rule.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("requested_by__isnull", True),
                            ("approved_by__isnull", False),
                            models.Q(("rule", ""), _negated=True),
                            ("status__in", ("awaiting_approval", "declined")),
                            _connector="OR",
                        ),
                        name="billing_adjustment_approved_by_or_rule",
                        violation_error_message=(
                            "A refund that staff request needs the approval of a second staff member, or a rule."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", Decimal("0")),
                            models.Q(("kind", "credit"), models.Q(("amount", Decimal("0")), _negated=True)),
                            _connector="OR",
                        ),
                        name="billing_adjustment_amount_above_zero",
                        violation_error_message="Must be greater than 0. Only a credit can be negative.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("approved_by", models.F("requested_by")), _negated=True),
                        name="billing_adjustment_approved_by_a_second_person",
                        violation_error_message="The staff member who requested a refund can't approve it.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["refund", "credit", "dispute"])),
                        name="billing_adjustment_kind_choice",
                        violation_error_message="Choose one of: refund, credit, dispute.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("amount"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="billing_adjustment_amount_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", Decimal("-10000000000000")), ("amount__lt", Decimal("10000000000000"))
                        ),
                        name="billing_adjustment_amount_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="billing_adjustment_currency_iso_4217",
                        violation_error_message="Use an ISO 4217 code such as USD.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "awaiting_approval",
                                    "declined",
                                    "pending",
                                    "succeeded",
                                    "failed",
                                    "canceled",
                                    "open",
                                    "won",
                                    "lost",
                                    "prevented",
                                    "inquiry",
                                    "inquiry_closed",
                                ],
                            )
                        ),
                        name="billing_adjustment_status_choice",
                        violation_error_message=(
                            "Choose one of: awaiting_approval, declined, pending, succeeded, failed, canceled, open, won, "
                            "lost, prevented, inquiry, inquiry_closed."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("rule__in", ["double_purchase", "withdrawal", "paid_after_end", "void_invoice", ""])
                        ),
                        name="billing_adjustment_rule_choice",
                        violation_error_message="Choose one of: double_purchase, withdrawal, paid_after_end, void_invoice.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillingMovement",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("reactivation", "Reactivation"),
                            ("expansion", "Expansion"),
                            ("contraction", "Contraction"),
                            ("churn", "Churn"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        default="USD", help_text="ISO 4217 code of the amounts.", max_length=3, validators=[validate_currency]
                    ),
                ),
                ("happened_at", models.DateTimeField(help_text="From when on the revenue is the one after the change.")),
                (
                    "annual_change",
                    NumericField(
                        decimal_places=3,
                        help_text="Change of the recurring revenue of a year; negative for contraction and churn.",
                        max_digits=16,
                    ),
                ),
                (
                    "annual_before",
                    NumericField(
                        decimal_places=3,
                        help_text="Recurring revenue of a year before the change.",
                        max_digits=16,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "annual_after",
                    NumericField(
                        decimal_places=3,
                        help_text="Recurring revenue of a year after the change; 0 for churn.",
                        max_digits=16,
                        validators=[MinValueValidator(0)],
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
                "verbose_name": "movement",
                "abstract": False,
                "indexes": [models.Index(fields=["user", "-happened_at", "-id"], name="billing_movement_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "currency", "happened_at"), name="billing_billingmovement_happened_at_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("annual_after", CombinedExpression(models.F("annual_before"), "+", models.F("annual_change")))
                        ),
                        name="billing_billingmovement_annual_change_sum",
                        violation_error_message="The revenue after a change is the revenue before it plus the change.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("annual_before", Decimal("0")),
                                ("annual_change__gt", Decimal("0")),
                                ("kind__in", ("new", "reactivation")),
                            ),
                            models.Q(
                                ("annual_before__gt", Decimal("0")), ("annual_change__gt", Decimal("0")), ("kind", "expansion")
                            ),
                            models.Q(
                                ("annual_after__gt", Decimal("0")), ("annual_change__lt", Decimal("0")), ("kind", "contraction")
                            ),
                            models.Q(("annual_after", Decimal("0")), ("annual_change__lt", Decimal("0")), ("kind", "churn")),
                            _connector="OR",
                        ),
                        name="billing_billingmovement_kind_of_the_change",
                        violation_error_message=(
                            "A start is from 0, churn is to 0, an expansion is above 0 and a contraction below 0."
                        ),
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "new")),
                        fields=("user",),
                        name="billing_billingmovement_kind_new_once",
                        violation_error_message="A customer is new once.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["new", "reactivation", "expansion", "contraction", "churn"])),
                        name="billing_billingmovement_kind_choice",
                        violation_error_message="Choose one of: new, reactivation, expansion, contraction, churn.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="billing_billingmovement_currency_iso_4217",
                        violation_error_message="Use an ISO 4217 code such as USD.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("annual_change"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="billing_billingmovement_annual_change_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("annual_change__gt", Decimal("-10000000000000")), ("annual_change__lt", Decimal("10000000000000"))
                        ),
                        name="billing_billingmovement_annual_change_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("annual_before"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="billing_billingmovement_annual_before_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("annual_before__gt", Decimal("-10000000000000")), ("annual_before__lt", Decimal("10000000000000"))
                        ),
                        name="billing_billingmovement_annual_before_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("annual_before__gte", 0)),
                        name="billing_billingmovement_annual_before_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("annual_after"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="billing_billingmovement_annual_after_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("annual_after__gt", Decimal("-10000000000000")), ("annual_after__lt", Decimal("10000000000000"))
                        ),
                        name="billing_billingmovement_annual_after_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("annual_after__gte", 0)),
                        name="billing_billingmovement_annual_after_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DunningStep",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("attempt", "payment failed"),
                            ("notice", "customer notified"),
                            ("processing", "payment under way"),
                            ("warning", "advance warning"),
                            ("paid", "paid"),
                            ("stopped", "stopped"),
                        ],
                        max_length=20,
                    ),
                ),
                ("key", models.CharField(max_length=300)),
                ("happened_at", models.DateTimeField()),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True)),
                ("note", models.TextField(blank=True)),
                (
                    "invoice",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=SET_NULL,
                        related_name="dunning_steps",
                        to="billing.billinghistory",
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
                "indexes": [models.Index(fields=["user", "-happened_at", "-id"], name="billing_dunning_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "key"), name="billing_dunningstep_key_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["attempt", "notice", "processing", "warning", "paid", "stopped"])),
                        name="billing_dunningstep_kind_choice",
                        violation_error_message="Choose one of: attempt, notice, processing, warning, paid, stopped.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("key__regex", "^\\S(.*\\S)?$")),
                        name="billing_dunningstep_key_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EntitlementOverride",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("feature_name", models.CharField(max_length=100)),
                ("is_enabled", models.BooleanField(default=True)),
                (
                    "usage_limit",
                    models.IntegerField(
                        blank=True,
                        help_text="Uses per counting month. Unlimited if empty.",
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                ("reason", models.CharField(max_length=500)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(help_text="The override applies until just before this time.")),
                ("revoked_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "granted_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "verbose_name": "override",
                "abstract": False,
                "indexes": [models.Index(fields=["user", "-created_at", "-id"], name="billing_override_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="billing_entitlementoverride_ends_at_after_start",
                        violation_error_message="Must be after starts_at.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("feature_name__regex", "^\\S(.*\\S)?$")),
                        name="billing_entitlementoverride_feature_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("usage_limit__gte", 0)),
                        name="billing_entitlementoverride_usage_limit_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason__regex", "^\\S(.*\\S)?$")),
                        name="billing_entitlementoverride_reason_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FeatureAccess",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("feature_name", models.CharField(help_text="Name of the feature, such as custom_reports.", max_length=100)),
                (
                    "is_enabled",
                    models.BooleanField(default=True, help_text="True if the feature is granted, up to its limit and expiry."),
                ),
                (
                    "usage_count",
                    models.IntegerField(
                        default=0,
                        help_text="Uses in the month that began at period_start. They no longer count when it is over.",
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "usage_limit",
                    models.IntegerField(
                        blank=True,
                        help_text="Uses per counting month. Unlimited if empty (null); 0 if the plan does not include it.",
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "period_start",
                    models.DateTimeField(blank=True, help_text="Start of the month in which the uses were counted.", null=True),
                ),
                (
                    "last_used_at",
                    models.DateTimeField(blank=True, help_text="When it was last used. Empty (null) if never.", null=True),
                ),
                (
                    "expires_at",
                    models.DateTimeField(blank=True, help_text="When access ends. Empty (null) if no end is known.", null=True),
                ),
                (
                    "why",
                    models.TextField(blank=True, help_text="Why the feature is enabled or not, when that was last decided."),
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
                "verbose_name": "feature access entry",
                "verbose_name_plural": "feature access",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "feature_name"),
                        name="billing_featureaccess_feature_name_unique",
                        violation_error_message="This customer already has an entry for this feature.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_enabled", True), ("usage_limit__isnull", False), _connector="OR"),
                        name="billing_featureaccess_usage_limit_if_disabled",
                        violation_error_message="A feature that is not enabled can't be unlimited.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("feature_name__regex", "^\\S(.*\\S)?$")),
                        name="billing_featureaccess_feature_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("usage_count__gte", 0)),
                        name="billing_featureaccess_usage_count_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("usage_limit__gte", 0)),
                        name="billing_featureaccess_usage_limit_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RecurringCharge",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "number",
                    models.IntegerField(
                        help_text="Place of the line in the invoice, from 0.", validators=[MinValueValidator(0)]
                    ),
                ),
                ("price_id", models.CharField(help_text="The price at Stripe.", max_length=255)),
                ("starts_at", models.DateTimeField(help_text="When the time that is charged or credited begins.")),
                ("ends_at", models.DateTimeField(help_text="When it ends.")),
                (
                    "annual_amount",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text=(
                            "Charged for a year, after recurring discounts and without tax. Null for a credit: the price is "
                            "charged until starts_at only."
                        ),
                        max_digits=16,
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                ("currency", models.CharField(default="USD", max_length=3, validators=[validate_currency])),
                (
                    "invoice",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=CASCADE,
                        related_name="recurring_charges",
                        to="billing.billinghistory",
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
                "indexes": [models.Index(fields=["user", "-starts_at", "-id"], name="billing_charge_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "invoice", "number"), name="billing_recurringcharge_number_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="billing_recurringcharge_ends_at_after_start",
                        violation_error_message="The end must be after the start.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 0)),
                        name="billing_recurringcharge_number_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("annual_amount"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="billing_recurringcharge_annual_amount_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("annual_amount__gt", Decimal("-10000000000000")), ("annual_amount__lt", Decimal("10000000000000"))
                        ),
                        name="billing_recurringcharge_annual_amount_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("annual_amount__gte", 0)),
                        name="billing_recurringcharge_annual_amount_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="billing_recurringcharge_currency_iso_4217",
                        violation_error_message="Use an ISO 4217 code such as USD.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StripeCustomer",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "stripe_id",
                    models.CharField(blank=True, help_text="Empty until Stripe has created the customer.", max_length=255),
                ),
                ("card_brand", models.CharField(blank=True, max_length=30)),
                ("card_last4", models.CharField(blank=True, max_length=4)),
                (
                    "card_exp_month",
                    models.IntegerField(blank=True, null=True, validators=[MinValueValidator(1), MaxValueValidator(12)]),
                ),
                (
                    "card_exp_year",
                    models.IntegerField(blank=True, null=True, validators=[MinValueValidator(2000), MaxValueValidator(2200)]),
                ),
                (
                    "credit",
                    NumericField(
                        decimal_places=3,
                        default=0,
                        help_text="Applied to the next invoices; a negative amount is owed.",
                        max_digits=16,
                    ),
                ),
                ("currency", models.CharField(default="USD", max_length=3, validators=[validate_currency])),
                (
                    "charge_basis",
                    models.CharField(
                        blank=True,
                        help_text="Digest of what determines the next charges. If it is empty or differs, they are read again.",
                        max_length=64,
                    ),
                ),
                ("synced_at", models.DateTimeField(blank=True, null=True)),
                (
                    "deleted_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When a sync found that the customer is deleted at Stripe. A checkout creates another.",
                        null=True,
                    ),
                ),
                (
                    "problems",
                    models.TextField(
                        blank=True, help_text="What the last sync left out, one sentence a line. Empty if nothing."
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        editable=False, on_delete=CASCADE, related_name="stripe_customer", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("stripe_id", ""), _negated=True),
                        fields=("stripe_id",),
                        name="billing_stripecustomer_stripe_id_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("card_last4__regex", "^([0-9]{4})?$")),
                        name="billing_stripecustomer_card_last4_digits",
                        violation_error_message="Must be four digits or empty.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("card_exp_month__gte", 1), ("card_exp_month__lte", 12)),
                        name="billing_stripecustomer_card_exp_month_bounds",
                        violation_error_message="Must be between 1 and 12.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("card_exp_year__gte", 2000), ("card_exp_year__lte", 2200)),
                        name="billing_stripecustomer_card_exp_year_bounds",
                        violation_error_message="Must be between 2000 and 2200.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("credit"), function="scale", output_field=models.IntegerField()),
                            models.Func(models.F("currency"), function="core_minor_units", output_field=models.IntegerField()),
                        ),
                        name="billing_stripecustomer_credit_decimals",
                        violation_error_message="Must have as many decimals as its currency (ISO 4217).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("credit__gt", Decimal("-10000000000000")), ("credit__lt", Decimal("10000000000000"))
                        ),
                        name="billing_stripecustomer_credit_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="billing_stripecustomer_currency_iso_4217",
                        violation_error_message="Use an ISO 4217 code such as USD.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Cancellation",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("requested_at", models.DateTimeField()),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("too_expensive", "Too Expensive"),
                            ("missing_features", "Missing Features"),
                            ("switched_service", "Switched Service"),
                            ("unused", "Unused"),
                            ("customer_service", "Customer Service"),
                            ("too_complex", "Too Complex"),
                            ("low_quality", "Low Quality"),
                            ("other", "Other"),
                        ],
                        help_text="Empty if the customer gave none.",
                        max_length=30,
                    ),
                ),
                ("comment", models.CharField(blank=True, help_text="In the customer's own words.", max_length=1000)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("leaving", "Leaving"),
                            ("left", "Left"),
                            ("stayed", "Stayed"),
                            ("paused", "Paused"),
                            ("moved", "moved to a cheaper plan"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "pause_year",
                    models.IntegerField(
                        blank=True,
                        help_text="Year in which a pause began, in the customer's time zone.",
                        null=True,
                        validators=[MinValueValidator(2020)],
                    ),
                ),
                ("resumes_at", models.DateTimeField(blank=True, help_text="When a pause ends by itself.", null=True)),
                (
                    "resumed_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When a pause ended, or when its end was tried without a payment method.",
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
                    "subscription",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=CASCADE,
                        related_name="cancellations",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["user", "-requested_at", "-id"], name="billing_cancellation_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("outcome", "leaving")),
                        fields=("user", "subscription"),
                        name="billing_cancellation_outcome_one_open",
                        violation_error_message="This subscription is canceled already.",
                    ),
                    models.UniqueConstraint(
                        fields=("user", "pause_year"),
                        name="billing_cancellation_pause_year_once",
                        violation_error_message="A subscription can be paused once in a calendar year.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", "paused"), ("pause_year__isnull", False), ("resumes_at__isnull", False)),
                            models.Q(
                                models.Q(("outcome", "paused"), _negated=True),
                                ("pause_year__isnull", True),
                                ("resumed_at__isnull", True),
                                ("resumes_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="billing_cancellation_pause_year_of_pauses",
                        violation_error_message=(
                            "A pause has the year in which it began and the time at which it ends; nothing else has them."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "reason__in",
                                [
                                    "too_expensive",
                                    "missing_features",
                                    "switched_service",
                                    "unused",
                                    "customer_service",
                                    "too_complex",
                                    "low_quality",
                                    "other",
                                    "",
                                ],
                            )
                        ),
                        name="billing_cancellation_reason_choice",
                        violation_error_message=(
                            "Choose one of: too_expensive, missing_features, switched_service, unused, customer_service, "
                            "too_complex, low_quality, other."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ["leaving", "left", "stayed", "paused", "moved"])),
                        name="billing_cancellation_outcome_choice",
                        violation_error_message="Choose one of: leaving, left, stayed, paused, moved.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("pause_year__gte", 2020)),
                        name="billing_cancellation_pause_year_bounds",
                        violation_error_message="Must be 2020 or more.",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("pending_plan__isnull", True), ("pending_until__isnull", False), _connector="OR"),
                name="billing_subscription_pending_until_of_pending_plan",
                violation_error_message="A plan that waits for its payment must have pending_until.",
            ),
        ),
        # Foreign keys that require both rows to have the same owner
        composite_foreign_key(INVOICE, "subscription_id", "billing_subscription", name=f"{INVOICE}_subscription_owner"),
        composite_foreign_key(
            "billing_cancellation",
            "subscription_id",
            "billing_subscription",
            name="billing_cancellation_subscription_owner",
            on_delete="CASCADE",
        ),
        *(
            composite_foreign_key(
                table, "invoice_id", INVOICE, name=f"{table}_invoice_owner", on_delete="SET NULL (invoice_id)"
            )
            for table in TABLES_OF_INVOICES
        ),
        composite_foreign_key(
            "billing_recurringcharge", "invoice_id", INVOICE, name="billing_recurringcharge_invoice_owner", on_delete="CASCADE"
        ),
        # Plans are created before the audit triggers, so that the audit log does not record them
        migrations.RunPython(load_catalog),
        # Triggers
        *add_triggers(
            "billing",
            "Adjustment",
            "BillingHistory",
            "BillingMovement",
            "Cancellation",
            "DunningStep",
            "EntitlementOverride",
            "FeatureAccess",
            "RecurringCharge",
            "StripeCustomer",
            "StripeEvent",
            "Subscription",
            "SubscriptionPlan",
            "UsageRecord",
        ),
        # Row-level security and privileges
        enable_row_level_security("billing_subscription"),
        enable_row_level_security("billing_featureaccess"),
        enable_row_level_security("billing_billinghistory"),
        enable_row_level_security("billing_adjustment", customer="SELECT"),
        enable_row_level_security("billing_dunningstep", customer="SELECT"),
        enable_row_level_security("billing_recurringcharge", customer="SELECT"),
        enable_row_level_security("billing_billingmovement", customer="SELECT"),
        enable_row_level_security("billing_cancellation", customer="SELECT, INSERT, UPDATE"),
        enable_row_level_security("billing_entitlementoverride", customer="SELECT"),
        enable_row_level_security("billing_stripecustomer", customer="SELECT, INSERT, UPDATE"),
        enable_row_level_security("billing_usagerecord", customer="SELECT, INSERT, UPDATE"),
        grant("billing_subscriptionplan", customer="SELECT", staff=ALL),
        grant("billing_stripeevent", staff=ALL),
    ]
