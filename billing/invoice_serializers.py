"""Invoices and their adjustments as JSON."""

from drf_spectacular.utils import extend_schema_serializer

from billing.models import Adjustment, BillingHistory
from core.api.serializers import BaseSerializer


@extend_schema_serializer(description="An invoice of the user, with its payment and refunds.")
class InvoiceSerializer(BaseSerializer):
    class Meta:
        model = BillingHistory
        extra_kwargs = {"subscription": {"help_text": "The id of the subscription that it charges. Null: none is known."}}
        example = {
            "amount": "35.00",
            "amount_refunded": "0.00",
            "amount_due": "30.00",
            "amount_collected": "30.00",
            "tax": "5.59",
            "number": "A1B2C3D4-0003",
            "hosted_invoice_url": "https://invoice.stripe.com/i/acct_1/test_1",
            "invoice_pdf": "https://pay.stripe.com/invoice/acct_1/test_1/pdf",
            "receipt_url": "https://pay.stripe.com/receipts/invoices/1",
            "status": "paid",
            "is_processing": False,
            "billing_date": "2026-03-01T09:30:00Z",
            "due_date": "2026-03-08T09:30:00Z",
            "paid_at": "2026-03-01T09:31:12Z",
            "collected_at": "2026-03-01T09:31:12Z",
            "description": "Mid-tier, monthly",
            "is_paid": True,
            "days_overdue": 0,
        }


@extend_schema_serializer(description="A refund, a credit or a dispute of the user.")
class AdjustmentSerializer(BaseSerializer):
    class Meta:
        model = Adjustment
        fields = (
            "id",
            "invoice",
            "kind",
            "amount",
            "currency",
            "status",
            "happened_at",
            "explanation",
            "expected_by",
            "created_at",
            "updated_at",
        )
        example = {
            "kind": "refund",
            "amount": "35.00",
            "status": "succeeded",
            "happened_at": "2026-03-04T09:30:00Z",
            "explanation": "You bought a plan twice. The second purchase is refunded.",
            "expected_by": "2026-03-18T09:30:00Z",
        }
