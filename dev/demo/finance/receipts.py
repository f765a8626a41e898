"""Receipts of the demo customers' latest purchases, as attachments."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from dev.receipts import pdf, png
from finance.models import Attachment, FinancialTransaction
from finance.services import attach

NUMBER = 5


def load(user: Any) -> None:
    """Attach a receipt to each of the latest purchases, and a photo to the newest, unless the user has attachments."""
    if Attachment.objects.for_user(user).exists():
        return
    purchases = FinancialTransaction.objects.for_user(user).filter(transaction_type="expense", merchant_name__gt="")
    for row in purchases.order_by("-transaction_date", "-pk")[:NUMBER]:
        lines = (row.merchant_name, str(row.transaction_date), "", row.description, f"Total {-row.amount} {row.currency}")
        file = SimpleUploadedFile(f"{row.merchant_name} {row.transaction_date}.pdf", pdf(*lines))
        attach(owner=user, target=row, file=file)
    newest = purchases.latest("transaction_date", "pk")
    attach(owner=user, target=newest, file=SimpleUploadedFile("photo.png", png(320, 240)))
