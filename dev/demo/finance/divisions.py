"""A split purchase and a refund that is linked to its purchase, among the demo customers' transactions."""

from decimal import Decimal
from typing import Any

from core.currencies import unit_of
from finance.models import FinancialTransaction
from finance.services.divisions import in_proportion, store_divisions
from finance.services.names import resolve_categories

SHARES = {"groceries": Decimal(70), "household": Decimal(30)}


def load(user: Any) -> None:
    """Split a purchase and link a refund, unless the user has divided transactions."""
    rows = FinancialTransaction.objects.for_user(user).order_by("-transaction_date", "-pk")
    if rows.exclude(divided_by="").exists():
        return
    purchases = rows.filter(transaction_type="expense", amount__lt=-20)
    refund = rows.filter(transaction_type="refund").first()
    bought = refund and purchases.filter(currency=refund.currency, amount__lte=-refund.amount).first()
    whole = purchases.exclude(pk=bought.pk if bought else None).first()
    if whole is not None:
        slugs = resolve_categories(user.pk, dict.fromkeys(SHARES, "expense"))
        amounts = in_proportion(whole.amount, list(SHARES.values()), unit_of(whole.currency))
        whole.splits = [
            {"amount": amount, "category": slugs[name], "note": "", "tags": []}
            for name, amount in zip(SHARES, amounts, strict=True)
        ]
    if bought:
        refund.refund_of = [bought.pk]
    for row in filter(None, (whole, refund if bought else None)):
        row.save()
        store_divisions([row], are_new=False)
