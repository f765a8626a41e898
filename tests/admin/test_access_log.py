"""The access log, which records for customers when staff read their data."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from core import context
from core.context import Role
from dev.factories import AccessEventFactory, AlertFactory, ProfileFactory
from system import services
from system.models import AccessEvent
from tests.admin.conftest import SignedIn
from tests.admin.pages import page_url
from tests.conftest import ClientFor
from users.models import User, UserProfile

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 10, 2, tzinfo=UTC)
ALERTS = "/admin/system/systemalert/"


def recorded(customer: User) -> list[tuple[str, str, str]]:
    found = AccessEvent.objects.for_user(customer).order_by("created_at", "id")
    return list(found.values_list("action", "what", "row_id"))


def test_opening_a_customers_row_is_recorded(office: Client, alice: User, administrator: User) -> None:
    profile = ProfileFactory(user=alice)
    response = office.get(page_url(UserProfile, "change", profile.pk))
    assert recorded(alice) == [("view", "users.userprofile", str(profile.pk))]
    [event] = AccessEvent.objects.all()
    assert (event.staff, event.request_id) == (administrator, response.headers["X-Request-Id"])


def test_opening_the_customers_page_is_recorded(office: Client, alice: User) -> None:
    office.get(page_url(User, "change", alice.pk))
    assert recorded(alice) == [("view", "users.user", str(alice.pk))]


def test_opening_the_history_of_a_row_is_recorded(office: Client, alice: User) -> None:
    profile = ProfileFactory(user=alice)
    office.get(page_url(UserProfile, "history", profile.pk))
    assert recorded(alice) == [("view", "users.userprofile", str(profile.pk))]


def test_listing_one_customers_rows_is_recorded(office: Client, alice: User) -> None:
    AlertFactory(user=alice)
    office.get(ALERTS, {"user__id__exact": str(alice.pk)})
    assert recorded(alice) == [("list", "system.systemalert", "")]


def test_a_search_that_finds_one_customer_is_recorded(office: Client, alice: User) -> None:
    AlertFactory(user=alice)
    office.get(ALERTS, {"q": "alice@"})
    assert recorded(alice) == [("search", "system.systemalert", "")]


def test_listing_the_rows_of_all_customers_is_not_recorded(office: Client, alice: User) -> None:
    AlertFactory(user=alice)
    office.get(ALERTS)
    assert recorded(alice) == []


def test_an_export_is_recorded_for_each_customer_in_it(office: Client, alice: User, bob: User) -> None:
    rows = [AlertFactory(user=user) for user in (alice, bob)]
    office.post(ALERTS, {"action": "export_csv", "_selected_action": [str(row.pk) for row in rows]})
    assert recorded(alice) == recorded(bob) == [("export", "system.systemalert", "")]


def test_opening_ones_own_page_is_not_recorded(office: Client, administrator: User) -> None:
    office.get(page_url(User, "change", administrator.pk))
    assert recorded(administrator) == []


def test_opening_a_broadcast_is_not_recorded(office: Client) -> None:
    office.get(f"{ALERTS}{AlertFactory(user=None).pk}/change/")
    assert not AccessEvent.objects.exists()


def record(customer: User, staff: User, action: str = "view", row_id: str = "1", *, now: datetime = NOW) -> None:
    services.record_access(customer=customer, staff=staff, action=action, what="users.userprofile", row_id=row_id, now=now)


def test_repeated_access_within_five_minutes_is_one_entry(alice: User, staff: User) -> None:
    record(alice, staff)
    record(alice, staff, now=NOW.replace(minute=4))
    assert len(recorded(alice)) == 1


def test_later_access_or_another_row_is_a_new_entry(alice: User, staff: User) -> None:
    record(alice, staff)
    record(alice, staff, row_id="2")
    record(alice, staff, now=NOW.replace(minute=5))
    assert len(recorded(alice)) == 3


def test_each_reveal_is_a_new_entry(alice: User, staff: User) -> None:
    record(alice, staff, "reveal")
    record(alice, staff, "reveal", now=NOW.replace(second=1))
    assert len(recorded(alice)) == 2


def test_access_while_acting_as_the_customer_is_recorded(alice: User, staff: User) -> None:
    with context.action("request-1", role=Role.CUSTOMER, owner_id=alice.pk, reason="Ticket 4711"):
        record(alice, staff, "impersonate")
    [event] = AccessEvent.objects.all()
    assert (event.reason, event.request_id) == ("Ticket 4711", "request-1")


def test_the_customer_sees_the_staff_members_name_only(alice: User, staff: User, api: ClientFor) -> None:
    ProfileFactory(user=staff, first_name="Sam")
    record(alice, staff)
    [entry] = api(alice).get("/api/v1/users/me/access-log/").json()["results"]
    assert entry["who"] == "Sam, support"
    assert set(entry) == {"id", "created_at", "who", "action", "what", "row_id", "reason"}
    assert staff.email not in str(entry)


def test_customers_filter_their_own_access_log_by_time(alice: User, bob: User, api: ClientFor) -> None:
    with time_machine.travel("2026-11-01 09:00Z", tick=False):
        AccessEventFactory(user=alice)
    AccessEventFactory(user=bob)
    client = api(alice)
    assert len(client.get("/api/v1/users/me/access-log/").json()["results"]) == 1
    later = client.get("/api/v1/users/me/access-log/", {"created_at__gte": "2026-11-02T00:00:00Z"})
    assert later.json()["results"] == []


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_access_log_is_read_only_in_the_api(method: str, as_alice: Client) -> None:
    assert getattr(as_alice, method)("/api/v1/users/me/access-log/").status_code == 405


def test_staff_see_the_access_log_on_the_customers_page(viewer: User, alice: User, signed_in: SignedIn) -> None:
    AccessEventFactory(user=alice, reason="Ticket 4711")
    assert "Ticket 4711" in signed_in(viewer).get(f"/admin/users/user/{alice.pk}/change/").content.decode()
