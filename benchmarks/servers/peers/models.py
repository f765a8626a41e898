"""Unmanaged models of the tables that the contenders use, as `inspectdb` would write them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha512
from typing import ClassVar

from django.db import models
from uuid_utils.compat import uuid7

TOKEN_KEY_LENGTH = 15  # knox's; the beginning of a token is stored as it is and has an index


class PeerUser(models.Model):
    id = models.UUIDField(primary_key=True)
    is_active = models.BooleanField()

    class Meta:
        app_label = "peers"
        managed = False
        db_table = "users_user"

    objects: ClassVar["models.Manager[PeerUser]"] = models.Manager()

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_authenticated(self) -> bool:
        return True


class PeerToken(models.Model):
    digest = models.CharField(max_length=128, primary_key=True)
    token_key = models.CharField(max_length=25)
    expiry = models.DateTimeField(null=True)
    user = models.ForeignKey(PeerUser, on_delete=models.CASCADE)

    class Meta:
        app_label = "peers"
        managed = False
        db_table = "users_personalaccesstoken"

    objects: ClassVar["models.Manager[PeerToken]"] = models.Manager()

    def __str__(self) -> str:
        return self.token_key


class PeerAccount(models.Model):
    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(PeerUser, on_delete=models.CASCADE)

    class Meta:
        app_label = "peers"
        managed = False
        db_table = "finance_encryptedfinancialprofile"

    objects: ClassVar["models.Manager[PeerAccount]"] = models.Manager()

    def __str__(self) -> str:
        return str(self.pk)


class PeerTransaction(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(PeerUser, on_delete=models.CASCADE)
    financial_profile = models.ForeignKey(PeerAccount, on_delete=models.CASCADE)
    transaction_type = models.CharField(max_length=20, choices=[(name, name) for name in ("income", "expense", "transfer")])
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3, default="USD")
    description = models.CharField(max_length=500, blank=True)
    category = models.CharField(max_length=100, blank=True)
    merchant_name = models.CharField(max_length=100, blank=True)
    transaction_date = models.DateField()
    posted_date = models.DateField(null=True)
    reference_number = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=20, default="completed")
    metadata = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "peers"
        managed = False
        db_table = "finance_financialtransaction"

    objects: ClassVar["models.Manager[PeerTransaction]"] = models.Manager()

    def __str__(self) -> str:
        return self.description

    @property
    def is_income(self) -> bool:
        return self.transaction_type == "income"

    @property
    def is_expense(self) -> bool:
        return self.transaction_type == "expense"

    @property
    def absolute_amount(self) -> Decimal:
        return abs(self.amount)

    @property
    def is_completed(self) -> bool:
        return self.status == "completed"


def owner_of(token: str) -> PeerUser | None:
    """Return the user of a personal access token, or None if it is unknown or has expired."""
    keys = PeerToken.objects.select_related("user").filter(user__is_active=True, token_key=token[:TOKEN_KEY_LENGTH])
    found = keys.filter(digest=sha512(token.encode()).hexdigest()).first()
    return None if found is None or (found.expiry is not None and found.expiry <= datetime.now(UTC)) else found.user


def newest(owner: PeerUser, filters: dict[str, object], limit: int) -> list[PeerTransaction]:
    """Return the newest of a user's transactions."""
    rows = PeerTransaction.objects.filter(user=owner, **filters)
    return list(rows.order_by("-transaction_date", "-id")[:limit])


def last_of(rows: Iterable[PeerTransaction]) -> tuple[str, str]:
    """Return the position of the last row, for the link to the next page."""
    *_, last = rows
    return str(last.transaction_date), str(last.pk)
