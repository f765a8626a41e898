"""Masking of personal values on every page, in every file and in searches for a role without the permission."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Model
from django.test import Client

from core import clock
from core.encryption.fields import is_encrypted
from core.models.references import NameReferenceField, NameReferencesField
from core.privacy.masks import personal_fields
from dev.factories import InvoiceFactory, ProfileFactory, TransactionFactory, UserFactory
from finance.models import Category, Payee, RefundShare, Tag
from system.models import AccessEvent
from tests.admin.conftest import SignedIn
from tests.admin.open_text import OPEN_TEXT
from tests.admin.pages import REGISTERED, make, name, page_url
from tests.unchecked_sums import unchecked_sums
from users.models import User

pytestmark = pytest.mark.django_db
# without the audit log, which only the database can write: test_history.py checks its pages
PERSONAL = [model for model in REGISTERED if personal_fields(model) and model._meta.managed]
CANARY = "Zqxcanary"
AMOUNT = Decimal("7913.57")
PLACES = ["7913.57", "7,913.57", "7913", "+1312555", CANARY, CANARY.lower()]
# IDs and microseconds may contain the digits of a canary by chance
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\.[0-9]{6}\b")
personal_models = pytest.mark.parametrize("model", PERSONAL, ids=name)
TEXTS_AND_AMOUNTS = (models.CharField, models.TextField, models.DecimalField, models.JSONField)


def is_text_or_amount(field: Any) -> bool:
    return isinstance(field, TEXTS_AND_AMOUNTS) and not field.choices and field.name != "currency" and not is_encrypted(field)


def text_and_amount_fields() -> Iterator[str]:
    for model in REGISTERED:
        if any(field.name == "user" for field in model._meta.concrete_fields):
            secret = getattr(model, "secret_fields", ())
            for field in model._meta.concrete_fields:
                if is_text_or_amount(field) and field.name not in secret:
                    yield f"{model._meta.label_lower}.{field.name}"


def is_declared(label: str) -> bool:
    model, _, field = label.rpartition(".")
    return field in personal_fields(next(item for item in REGISTERED if item._meta.label_lower == model))


CONSTRAINED = {
    "phone_number": "+13125557913",
    "last_paid_amount": None,
    "last_received_amount": None,
    "zip_code": "79135",
    "card_last4": "7913",
    "actions": [{"type": "set_note", "value": CANARY}],
    "url": f"https://{CANARY}.example.com/",
}  # values that the constraints on these fields allow
BESIDE = {
    "account_balance": {"balance_date": "2026-01-31", "balance_source": "user"},
    "opening_balance": {"reconciled_date": "2026-01-31"},
    "next_charge_amount": {"next_charge_at": "2026-01-31T00:00:00Z"},
    "annual_before": {"annual_after": 2 * AMOUNT},
    "amount_collected": {"collected_at": "2026-01-31T00:00:00Z"},
    "new_email": {"new_email_expires_at": "2999-01-31T00:00:00Z"},
}  # values that they require beside them


def canary_for(field: Any) -> Any:
    """Return a recognizable value of the field's type, or None if the field can not contain one."""
    if str(field) == "finance.Attachment.name":
        return f"A{CANARY}.pdf"
    if field.name in CONSTRAINED:
        return CONSTRAINED[field.name]
    if isinstance(field, NameReferencesField):
        return [f"A{CANARY}"]
    if isinstance(field, models.DecimalField):
        signed = -AMOUNT if field.model.__name__ == "FinancialTransaction" else AMOUNT
        return signed if field.max_digits - field.decimal_places >= 6 else None
    if isinstance(field, models.EmailField):
        return f"{CANARY}@{CANARY}.example".lower()
    if isinstance(field, models.JSONField):
        return [CANARY] if field.default is list else {"note": CANARY}
    if isinstance(field, models.TextField | models.CharField) and not field.choices and field.max_length != 6:
        return f"A{CANARY}"[: field.max_length]
    return None


def marked(model: type[Model]) -> Any:
    """Return a stored row with a canary in every personal field that can contain one."""
    row = make(model)
    columns = {field.name: field for field in model._meta.concrete_fields}  # a derived value can't be stored
    values = {name: canary_for(columns[name]) for name in personal_fields(model) if name in columns}
    known = {key: value for key, value in values.items() if value is not None}
    required = {key: value for name in known for key, value in BESIDE.get(name, {}).items()}
    for column, value in known.items():
        field = model._meta.get_field(column)
        if isinstance(field, NameReferenceField):
            named = {"user_id": row.user_id, "name": value}
            Category(**named, slug=value).save() if field.refers_to == "finance.Category" else Payee(**named).save()
        if isinstance(field, NameReferencesField):
            Tag.objects.create(user_id=row.user_id, name=value[0])
    if model is RefundShare:
        required["allows_excess"] = True
    with unchecked_sums():
        model._default_manager.filter(pk=row.pk).update(**known | required)
    User.objects.filter(pk=owner_of(row)).update(email=f"{CANARY.lower()}@{CANARY.lower()}.example")
    if model.__name__ != "UserProfile":
        ProfileFactory(user_id=owner_of(row), first_name=f"A{CANARY}", last_name=CANARY)
    return row


def owner_of(row: Any) -> UUID:
    return row.pk if isinstance(row, User) else row.user_id


def read(client: Client, *urls: str) -> str:
    responses = [client.get(url) for url in urls]
    assert [response.status_code for response in responses] == [200] * len(responses)
    return "".join(response.content.decode() for response in responses)


def exported(client: Client, model: type[Model], row: Any) -> str:
    form = {"action": "export_csv", "_selected_action": [str(row.pk)], "index": "0"}
    response: Any = client.post(page_url(model, "changelist"), form)
    return b"".join(response.streaming_content).decode()


def pages_of(model: type[Model], row: Any) -> list[str]:
    listed = page_url(model, "changelist")
    return [
        listed,
        f"{listed}?q={row.pk}",
        f"{listed}?q={CANARY[:4].lower()}",  # a page repeats the search term
        f"{listed}?user__id__exact={owner_of(row)}" if hasattr(row, "user_id") else listed,
        page_url(model, "change", row.pk),
        page_url(model, "history", row.pk),
        page_url(User, "change", owner_of(row)),
    ]


@personal_models
def test_no_page_or_file_shows_support_a_personal_value(model: type[Model], desk: Client) -> None:
    row = marked(model)
    text = ID.sub("", read(desk, *pages_of(model, row)) + exported(desk, model, row))
    assert [canary for canary in PLACES if canary in text] == []


@personal_models
def test_revealed_values_are_shown(model: type[Model], desk: Client) -> None:
    """Check that the pages contain the canaries, so that the test above can fail."""
    row = marked(model)
    reveal(desk, owner_of(row))
    text = read(desk, page_url(model, "change", row.pk), page_url(User, "change", owner_of(row)))
    assert CANARY.lower() in text.lower()


def reveal(client: Client, customer: UUID, reason: str = "Ticket 4711: wrong address") -> int:
    form = {"_form_submitted": "True", "reason": reason}
    return int(client.post(f"/admin/users/user/{customer}/reveal/", form).status_code)


def test_every_text_and_amount_is_personal_or_in_the_open_list() -> None:
    assert {label for label in text_and_amount_fields() if not is_declared(label)} == OPEN_TEXT


def test_a_reveal_is_in_the_customers_access_log_with_its_reason(desk: Client, support: User, alice: User) -> None:
    reveal(desk, alice.pk)
    event = AccessEvent.objects.get(user=alice)
    assert (event.staff_id, event.action, event.reason) == (support.pk, "reveal", "Ticket 4711: wrong address")


@pytest.mark.parametrize("reason", ["", "short"])
def test_a_reveal_needs_a_reason(reason: str, desk: Client, alice: User) -> None:
    reveal(desk, alice.pk, reason)
    assert alice.email not in read(desk, page_url(User, "change", alice.pk))
    assert not AccessEvent.objects.filter(action="reveal").exists()


def test_a_reveal_is_for_one_customer_and_one_staff_member(desk: Client, alice: User, bob: User, signed_in: SignedIn) -> None:
    reveal(desk, alice.pk)
    other = UserFactory(email="other@example.com", is_staff=True)
    other.groups.set([Group.objects.get(name="support")])
    assert bob.email not in read(desk, page_url(User, "change", bob.pk))
    assert alice.email not in read(signed_in(other), page_url(User, "change", alice.pk))


def test_a_reveal_lasts_fifteen_minutes(desk: Client, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    reveal(desk, alice.pk)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=14))
    during = read(desk, page_url(User, "change", alice.pk))
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=16))
    after = read(desk, page_url(User, "change", alice.pk))
    assert (alice.email in during, alice.email in after) == (True, False)


def test_a_role_without_the_permission_can_not_reveal(staff: User, signed_in: SignedIn, alice: User) -> None:
    staff.groups.set([Group.objects.get(name="billing")])
    assert reveal(signed_in(staff), alice.pk) == 403


def test_a_profile_is_changed_only_after_a_reveal(desk: Client, alice: User) -> None:
    profile: Any = ProfileFactory(user=alice)
    page = page_url(type(profile), "change", profile.pk)
    form = {"first_name": "Alicia", "last_name": "Archer", "zip_code": "10001", "country": "US", "timezone": "Europe/Rome"}
    form |= {"currency": "EUR", "locale": "it-IT", "first_day_of_week": "monday"}
    form |= {"household_size": "1", "risk_tolerance": "moderate", "financial_goals": "[]", "preferences": "{}"}
    refused = desk.post(page, form).status_code
    reveal(desk, alice.pk)
    changed = desk.post(page, form).status_code
    profile.refresh_from_db()
    assert (refused, changed, profile.first_name) == (403, 302, "Alicia")


def test_a_button_on_a_masked_row_saves_no_masked_value(desk: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(locked_until=clock.now() + timedelta(minutes=30))
    desk.post(f"/admin/users/user/{alice.pk}/unlock/", {"_form_submitted": "True"})
    alice.refresh_from_db()
    assert (alice.is_locked, alice.email) == (False, "alice@example.com")
    assert "a•••@e•••.com" in read(desk, page_url(User, "change", alice.pk))


@pytest.mark.parametrize(
    "parameter", ["amount__gte=1", "amount=-1.00", "merchant_name__startswith=S", "user__email__startswith=a", "o=4"]
)
def test_no_filter_and_no_order_discloses_a_masked_value(parameter: str, desk: Client, alice: User) -> None:
    small, large = TransactionFactory(user=alice, amount="-1.00"), TransactionFactory(user=alice, amount="-2.00")
    plain = keys(desk.get(f"/admin/finance/financialtransaction/?user__id__exact={alice.pk}"), small, large)
    response = desk.get(f"/admin/finance/financialtransaction/?user__id__exact={alice.pk}&{parameter}")
    assert response.status_code in (400, 403) or keys(response, small, large) == plain


def keys(response: Any, *rows: Any) -> list[int]:
    """Return the indexes of the rows in the order of the page."""
    text = response.content.decode()
    return sorted(range(len(rows)), key=lambda place: text.find(str(rows[place].pk)))


def test_free_text_search_needs_a_reveal(desk: Client, alice: User) -> None:
    row = TransactionFactory(user=alice, merchant_name="Shoemaker")
    search = "/admin/finance/financialtransaction/?q=alice Shoemaker"
    before = read(desk, search)
    reveal(desk, alice.pk)
    assert (str(row.pk) in before, str(row.pk) in read(desk, search)) == (False, True)


def test_a_customer_is_found_by_the_beginning_of_the_email(desk: Client, alice: User) -> None:
    text = read(desk, "/admin/users/user/?q=alice@ex")
    assert str(alice.pk) in text
    assert "a•••@e•••.com" in text


def test_the_autocomplete_of_customers_is_masked(desk: Client, alice: User) -> None:
    form = {"term": "alice", "app_label": "finance", "model_name": "financialtransaction", "field_name": "user"}
    response = desk.get("/admin/autocomplete/", form)
    assert json.loads(response.content)["results"] == [{"id": str(alice.pk), "text": "a•••@e•••.com"}]


def test_billing_reads_invoices_with_masked_owners(staff: User, signed_in: SignedIn, alice: User) -> None:
    staff.groups.set([Group.objects.get(name="billing")])
    invoice: Any = InvoiceFactory(user=alice, amount="7913.57")
    text = read(signed_in(staff), page_url(type(invoice), "change", invoice.pk), page_url(type(invoice), "changelist"))
    assert "7,913.57" in text
    assert alice.email not in text
    assert "a•••@e•••.com" in text
