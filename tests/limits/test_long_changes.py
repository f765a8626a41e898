"""Changes of many transactions at once, whose statements have the time of a job's."""

from collections.abc import Callable
from threading import Timer

import pytest
from rest_framework.test import APIClient

from dev.factories import TransactionFactory
from finance.models import Category, FinancialTransaction, Tag
from tests.limits.conftest import Forget, SetLimit
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/finance/"
ROW = "BEGIN; SET LOCAL ROLE mingus_staff; SELECT FROM finance_financialtransaction FOR UPDATE"


def merge(client: APIClient) -> int:
    first, second = Category.objects.get(slug="food"), Category.objects.get(slug="dining")
    return client.post(f"{URL}categories/{first.pk}/merge/", {"into": str(second.pk)}).status_code


def rename(client: APIClient) -> int:
    return client.patch(f"{URL}tags/{Tag.objects.get(name='trip').pk}/", {"name": "journey"}).status_code


def delete(client: APIClient) -> int:
    return client.delete(f"{URL}tags/{Tag.objects.get(name='trip').pk}/").status_code


@pytest.mark.parametrize(("change", "status"), [(merge, 200), (rename, 200), (delete, 204)])
def test_a_long_statement_is_not_stopped(
    change: Callable[[APIClient], int], status: int, alice: User, as_alice: APIClient, limit: SetLimit, forget: Forget
) -> None:
    for name in ("food", "dining"):
        Category.objects.get_or_create(user=alice, slug=name, defaults={"name": name})
    Tag.objects.create(user=alice, name="trip")
    row = TransactionFactory(user=alice, category="food", tags=["trip"])
    limit(statement_timeout="300ms")
    forgotten = forget(ROW)  # a statement that waits is a slow one
    timer = Timer(0.8, forgotten.close)
    timer.start()
    assert change(as_alice) == status
    timer.join()
    assert FinancialTransaction.objects.get(pk=row.pk).updated_at > row.updated_at
