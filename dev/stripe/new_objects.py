"""New objects of every kind, including the empty fields that Stripe sends."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from dev.stripe.ids import new_id
from dev.stripe.store import Obj


@dataclass(frozen=True)
class Template:
    """The fields of a new object. `null`, `empty` (a list) and `zero` are names of fields, `other` has fields with a value."""

    prefix: str
    null: str = ""
    empty: str = ""
    zero: str = ""
    other: Obj = field(default_factory=dict)
    has_livemode: bool = True


def new_object(kind: str, **fields: Any) -> Obj:
    """Return an object of a kind with a new id, the fields of its template, and the given fields."""
    template = TEMPLATES[kind]
    return {
        "id": new_id(template.prefix),
        "object": kind,
        **({"livemode": False} if template.has_livemode else {}),
        **dict.fromkeys(template.null.split()),
        **{name: [] for name in template.empty.split()},
        **dict.fromkeys(template.zero.split(), 0),
        **deepcopy(template.other),
        **fields,
    }


TEMPLATES = {
    "_delivery": Template("_dlv", empty="responses", zero="attempts", other={"status": "pending"}, has_livemode=False),
    "balance_transaction": Template(
        "txn", null="description exchange_rate", other={"balance_type": "payments", "status": "available"}, has_livemode=False
    ),
    "billing_portal.session": Template("bps", null="customer_account on_behalf_of"),
    "charge": Template(
        "ch",
        null="application application_fee application_fee_amount balance_transaction failure_balance_transaction on_behalf_of "
        "receipt_email receipt_number review shipping source source_transfer statement_descriptor statement_descriptor_suffix "
        "transfer_data transfer_group",
        zero="amount_refunded",
        other={
            "calculated_statement_descriptor": "EMULATOR",
            "disputed": False,
            "fraud_details": {},
            "metadata": {},
            "refunded": False,
        },
    ),
    "checkout.session": Template(
        "cs_test",
        null="adaptive_pricing after_expiration client_secret collected_information consent consent_collection "
        "currency_conversion customer_account customer_details invoice invoice_creation origin_context payment_intent "
        "payment_link payment_method_configuration_details permissions recovered_from saved_payment_method_options "
        "setup_intent shipping_address_collection shipping_cost submit_type subscription wallet_options",
        empty="custom_fields discounts shipping_options",
        other={
            "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
            "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
            "metadata": {},
            "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
            "payment_method_types": ["card"],
            "phone_number_collection": {"enabled": False},
            "status": "open",
            "tax_id_collection": {"enabled": False, "required": "never"},
            "ui_mode": "hosted_page",
        },
    ),
    "coupon": Template(
        "coupon",
        null="amount_off currency duration_in_months max_redemptions name percent_off redeem_by",
        zero="times_redeemed",
        other={"metadata": {}, "valid": True},
    ),
    "credit_note": Template(
        "cn",
        null="customer_account customer_balance_transaction shipping_cost voided_at",
        empty="discount_amounts pretax_credit_amounts refunds total_taxes",
        zero="amount_shipping discount_amount",
        other={"status": "issued"},
    ),
    "credit_note_line_item": Template(
        "cnli",
        empty="discount_amounts pretax_credit_amounts tax_rates taxes",
        zero="discount_amount",
        other={"metadata": {}, "quantity": 1, "type": "custom_line_item"},
    ),
    "customer": Template(
        "cus",
        null="address currency customer_account default_source description discount email name phone shipping",
        empty="preferred_locales",
        zero="balance",
        other={
            "delinquent": False,
            "invoice_settings": dict.fromkeys(("custom_fields", "default_payment_method", "footer", "rendering_options")),
            "metadata": {},
            "next_invoice_sequence": 1,
            "tax_exempt": "none",
        },
    ),
    "customer_balance_transaction": Template("cbtxn", null="checkout_session customer_account"),
    "discount": Template("di", null="customer_account invoice invoice_item subscription_item", has_livemode=False),
    "dispute": Template(
        "du",
        empty="balance_transactions enhanced_eligibility_types",
        other={"is_charge_refundable": False, "metadata": {}, "status": "needs_response"},
    ),
    "event": Template("evt", null="account context", zero="pending_webhooks"),
    "invoice": Template(
        "in",
        null="account_tax_ids application automatically_finalizes_at custom_fields customer_account customer_shipping "
        "default_payment_method default_source description due_date effective_at ending_balance footer from_invoice "
        "hosted_invoice_url invoice_pdf last_finalization_error latest_revision next_payment_attempt number on_behalf_of "
        "parent receipt_number rendering shipping_cost shipping_details statement_descriptor webhooks_delivered_at",
        empty="customer_tax_ids default_tax_rates discounts total_discount_amounts total_pretax_credit_amounts total_taxes",
        zero="amount_due amount_overpaid amount_paid amount_remaining amount_shipping attempt_count "
        "post_payment_credit_notes_amount pre_payment_credit_notes_amount",
        other={
            "account_country": "US",
            "account_name": "Stripe emulator",
            "attempted": False,
            "auto_advance": True,
            "automatic_tax": dict.fromkeys(("disabled_reason", "liability", "provider", "status")) | {"enabled": False},
            "collection_method": "charge_automatically",
            "customer_tax_exempt": "none",
            "issuer": {"type": "self"},
            "metadata": {},
            "payment_settings": dict.fromkeys(("default_mandate", "payment_method_options", "payment_method_types")),
            "status": "draft",
            "status_transitions": dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
        },
    ),
    "invoice_payment": Template(
        "inpay",
        null="amount_paid",
        other={"is_default": True, "status": "open", "status_transitions": {"canceled_at": None, "paid_at": None}},
    ),
    "invoiceitem": Template("ii", null="customer_account invoice", empty="discounts tax_rates"),
    "item": Template("li", zero="amount_discount amount_tax", other={"metadata": {}}, has_livemode=False),
    "line_item": Template("il", null="invoice", empty="discount_amounts discounts pretax_credit_amounts taxes"),
    "payment_intent": Template(
        "pi",
        null="application application_fee_amount automatic_payment_methods canceled_at cancellation_reason customer_account "
        "excluded_payment_method_types last_payment_error latest_charge next_action on_behalf_of payment_method "
        "payment_method_configuration_details processing receipt_email review shipping source statement_descriptor "
        "statement_descriptor_suffix transfer_data transfer_group",
        zero="amount_capturable amount_received",
        other={
            "amount_details": {"tip": {}},
            "capture_method": "automatic",
            "confirmation_method": "automatic",
            "payment_method_options": {
                "card": {"installments": None, "mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
            },
            "payment_method_types": ["card"],
            "status": "requires_payment_method",
        },
    ),
    "payment_method": Template(
        "pm", null="customer customer_account", other={"allow_redisplay": "unspecified", "metadata": {}}
    ),
    "payout": Template(
        "po",
        null="application_fee application_fee_amount balance_transaction description destination failure_balance_transaction "
        "failure_code failure_message original_payout payout_method reversed_by statement_descriptor trace_id",
        other={
            "automatic": True,
            "metadata": {},
            "method": "standard",
            "reconciliation_status": "completed",
            "source_type": "card",
            "status": "paid",
            "type": "bank_account",
        },
    ),
    "price": Template(
        "price",
        null="custom_unit_amount lookup_key tiers_mode transform_quantity",
        other={"billing_scheme": "per_unit", "metadata": {}},
    ),
    "product": Template(
        "prod",
        null="default_price description package_dimensions shippable statement_descriptor tax_code unit_label url",
        empty="images marketing_features",
        other={"active": True, "metadata": {}},
    ),
    "promotion_code": Template(
        "promo",
        null="customer customer_account expires_at max_redemptions",
        zero="times_redeemed",
        other={"active": True, "metadata": {}},
    ),
    "radar.early_fraud_warning": Template("issfr"),
    "refund": Template(
        "re",
        null="balance_transaction receipt_number source_transfer_reversal transfer_reversal",
        other={"status": "succeeded"},
        has_livemode=False,
    ),
    "setup_intent": Template(
        "seti",
        null="application automatic_payment_methods cancellation_reason customer_account excluded_payment_method_types "
        "flow_directions last_setup_error latest_attempt mandate next_action on_behalf_of payment_method "
        "payment_method_configuration_details single_use_mandate",
        other={
            "payment_method_options": {
                "card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
            },
            "payment_method_types": ["card"],
            "status": "requires_payment_method",
            "usage": "off_session",
        },
    ),
    "subscription": Template(
        "sub",
        null="application application_fee_percent billing_cycle_anchor_config billing_thresholds canceled_at customer_account "
        "days_until_due default_payment_method default_source ended_at latest_invoice next_pending_invoice_item_invoice "
        "on_behalf_of pause_collection pending_invoice_item_interval pending_setup_intent pending_update schedule "
        "transfer_data",
        empty="billing_schedules default_tax_rates discounts",
        other={
            "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
            "cancellation_details": {"comment": None, "feedback": None, "reason": None},
            "collection_method": "charge_automatically",
            "currency": "usd",
            "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        },
    ),
    "subscription_item": Template("si", null="billing_thresholds", empty="discounts tax_rates", has_livemode=False),
    "tax_id": Template(
        "txi",
        null="customer_account",
        other={"verification": dict.fromkeys(("verified_address", "verified_name")) | {"status": "pending"}},
    ),
    "tax_rate": Template(
        "txr",
        null="country description flat_amount jurisdiction jurisdiction_level state tax_type",
        other={"active": True, "metadata": {}, "rate_type": "percentage"},
    ),
    "test_helpers.test_clock": Template("clock", other={"status": "ready", "status_details": {}}),
    "v2.core.event": Template("evt", null="context reason", zero="pending_webhooks"),
    "webhook_endpoint": Template("we", null="application", other={"metadata": {}, "status": "enabled"}),
}
