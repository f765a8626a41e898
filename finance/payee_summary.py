"""A summary of each payee's transactions."""

from typing import Any

from django.db import models
from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce

from finance.models import FinancialTransaction
from finance.models.transactions import NEVER_COUNTED


def with_summary(payees: QuerySet[Any]) -> QuerySet[Any]:
    """Return payees with the number of their transactions, day, amount and currency of the latest, and the usual category."""
    own = FinancialTransaction.objects.filter(user_id=OuterRef("user_id"), payee=OuterRef("name"))
    counted = own.exclude(status__in=NEVER_COUNTED)
    latest = counted.order_by("-transaction_date", "-id")
    number = counted.order_by().values("payee").annotate(number=Count("pk")).values("number")
    usual = counted.exclude(category="").values("category").annotate(number=Count("pk")).order_by("-number", "category")
    return payees.annotate(
        transaction_count=Coalesce(Subquery(number, output_field=models.IntegerField()), Value(0)),
        last_transaction_date=Subquery(latest.values("transaction_date")[:1]),
        last_amount=Subquery(latest.values(text=Cast(F("amount"), models.TextField()))[:1]),
        last_currency=Subquery(latest.values("currency")[:1]),
        usual_category=Coalesce(
            Subquery(usual.values(name=Cast(F("category"), models.TextField()))[:1]), Value(""), output_field=models.TextField()
        ),
    )
