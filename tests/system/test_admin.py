"""Alerts, important dates and notification preferences in the back office."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from dev.factories import AlertFactory, BroadcastReceiptFactory, ImportantDateFactory, PreferenceFactory, UserFactory
from system.models import AuditEvent, SystemAlert
from tests.sign_in import sign_in
from users.models import User

pytestmark = pytest.mark.django_db
LIST = "/admin/system/systemalert/"
CONFIRMED = {"reason": "Planned work on Sunday", "recipients": "1"}  # the administrator is the only user
NEW = {"alert_type": "maintenance", "severity": "low", "title": "Sunday", "message": "Back soon."}


@pytest.fixture
def office(administrator: User) -> Client:
    client = Client()
    sign_in(client, administrator)
    return client


def expire(client: Client, *alerts: SystemAlert) -> str:
    """Run the action that ends the selected alerts, and return the next page."""
    selected = [str(alert.pk) for alert in alerts]
    response = client.post(LIST, {"action": "expire_selected", "_selected_action": selected}, follow=True)
    return response.content.decode()


def test_without_a_customer_an_alert_is_a_broadcast(office: Client) -> None:
    assert office.post(f"{LIST}add/", NEW | CONFIRMED).status_code == 302
    assert SystemAlert.objects.get().user is None
    assert "all users" in office.get(LIST).content.decode()


def test_a_broadcast_asks_again_with_the_number_of_users(office: Client, alice: User, bob: User) -> None:
    UserFactory.create(is_active=False)
    response = office.post(f"{LIST}add/", NEW)
    text = response.content.decode()
    assert (response.status_code, SystemAlert.objects.exists()) == (200, False)
    assert "This alert reaches 3 users. To send it, enter this number." in text
    assert "This alert is for all users. Enter the reason." in text


@pytest.mark.parametrize("answer", [{"recipients": "1"}, {"reason": "Planned work"}, CONFIRMED | {"recipients": "2"}])
def test_a_broadcast_is_not_sent_without_both_answers(answer: dict[str, str], office: Client) -> None:
    assert office.post(f"{LIST}add/", NEW | answer).status_code == 200
    assert not SystemAlert.objects.exists()


def test_a_broadcast_is_audited_with_its_reason(office: Client, administrator: User) -> None:
    office.post(f"{LIST}add/", NEW | CONFIRMED)
    event = AuditEvent.objects.get(table_name="system_systemalert", action="insert")
    assert (event.actor_id, event.reason) == (administrator.pk, "Planned work on Sunday")


def test_a_new_text_of_a_broadcast_asks_again_too(office: Client) -> None:
    page = f"{LIST}{AlertFactory(user=None, title='Before').pk}/change/"
    assert office.post(page, NEW).status_code == 200
    assert SystemAlert.objects.get().title == "Before"
    assert office.post(page, NEW | CONFIRMED).status_code == 302
    assert SystemAlert.objects.get().title == "Sunday"


def test_an_alert_can_be_sent_to_one_customer(office: Client, alice: User) -> None:
    assert office.post(f"{LIST}add/", {**NEW, "customer": str(alice.pk)}).status_code == 302
    assert SystemAlert.objects.get().user == alice


def test_staff_cannot_change_what_a_customer_has_read(office: Client, alice: User) -> None:
    alert = AlertFactory(user=alice)
    response = office.post(f"{LIST}{alert.pk}/change/", {**NEW, "is_read": "on", "action_notes": "x"})
    alert.refresh_from_db()
    assert response.status_code == 302
    assert (alert.title, alert.is_read, alert.action_notes) == ("Sunday", False, "")


def test_an_alert_can_be_ended(office: Client, alice: User) -> None:
    ended, running = AlertFactory(user=alice, expires_at=clock.now() - timedelta(days=1)), AlertFactory(user=None)
    text = expire(office, ended, running)
    running.refresh_from_db()
    assert running.is_expired
    assert "has already expired" in text


def test_broadcasts_can_be_filtered(office: Client, alice: User) -> None:
    AlertFactory(user=alice, title="Only for Alice")
    AlertFactory(user=None, title="For all")
    text = office.get(LIST, {"audience": "everybody"}).content.decode()
    assert "For all" in text
    assert "Only for Alice" not in text


def test_receipts_of_a_broadcast_are_listed(office: Client, alice: User) -> None:
    receipt = BroadcastReceiptFactory(user=alice, alert__title="For all")
    assert receipt.alert.title in office.get(reverse("admin:system_alertreceipt_changelist")).content.decode()


def test_a_customers_page_shows_their_alerts_and_dates(office: Client, alice: User, bob: User) -> None:
    AlertFactory(user=alice, title="Card expires")
    ImportantDateFactory(user=alice, date_name="Dentist")
    ImportantDateFactory(user=bob, date_name="Another user's")
    text = office.get(f"/admin/users/user/{alice.pk}/change/").content.decode()
    assert "Card expires" in text
    assert "Dentist" in text
    assert "Another user's" not in text


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"email_enabled": False}, "switched off"),
        ({"quiet_hours_start": "00:00", "quiet_hours_end": "23:59:59"}, "00:00 to 23:59"),
        ({"quiet_hours_start": None, "quiet_hours_end": None}, "reachable"),
    ],
)
def test_the_list_shows_if_a_user_can_be_notified(office: Client, values: dict[str, object], shown: str) -> None:
    PreferenceFactory(**values)
    assert shown in office.get("/admin/system/notificationpreference/").content.decode()


def test_a_second_preference_for_a_type_is_refused(office: Client, alice: User) -> None:
    PreferenceFactory(user=alice, notification_type="health")
    body = {"customer": str(alice.pk), "notification_type": "health", "frequency": "immediate"}
    response = office.post("/admin/system/notificationpreference/add/", {**body, "quiet_hours_start": "22:00:00"})
    assert "There is already a preference for this type" in response.content.decode()
    assert "Give both the start and the end" in response.content.decode()
