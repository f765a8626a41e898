"""Alerts, dates and preferences as staff see and send them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from dev.factories import AlertFactory, BroadcastReceiptFactory, ImportantDateFactory, PreferenceFactory
from system.models import SystemAlert
from tests.sign_in import sign_in
from users.models import User

pytestmark = pytest.mark.django_db
LIST = "/admin/system/systemalert/"
NEW = {"alert_type": "maintenance", "severity": "low", "title": "Sunday", "message": "Back soon."}


@pytest.fixture
def office(administrator: User) -> Client:
    client = Client()
    sign_in(client, administrator)
    return client


def expire(client: Client, *alerts: SystemAlert) -> str:
    """Tick `alerts`, ask for their end, and give the page that follows."""
    ticked = [str(alert.pk) for alert in alerts]
    answer = client.post(LIST, {"action": "expire_ticked", "_selected_action": ticked}, follow=True)
    return answer.content.decode()


def test_without_a_customer_everybody_is_told(office: Client) -> None:
    assert office.post(f"{LIST}add/", NEW).status_code == 302
    assert SystemAlert.objects.get().user is None
    assert "everybody" in office.get(LIST).content.decode()


def test_with_a_customer_only_he_is(office: Client, alice: User) -> None:
    assert office.post(f"{LIST}add/", {**NEW, "customer": str(alice.pk)}).status_code == 302
    assert SystemAlert.objects.get().user == alice


def test_what_a_customer_read_is_not_theirs_to_change(office: Client, alice: User) -> None:
    alert = AlertFactory(user=alice)
    answer = office.post(f"{LIST}{alert.pk}/change/", {**NEW, "is_read": "on", "action_notes": "x"})
    alert.refresh_from_db()
    assert answer.status_code == 302
    assert (alert.title, alert.is_read, alert.action_notes) == ("Sunday", False, "")


def test_an_alert_can_be_ended(office: Client, alice: User) -> None:
    ended, running = AlertFactory(user=alice, expires_at=clock.now() - timedelta(days=1)), AlertFactory(user=None)
    text = expire(office, ended, running)
    running.refresh_from_db()
    assert running.is_expired
    assert "has expired already" in text


def test_broadcasts_can_be_listed_alone(office: Client, alice: User) -> None:
    AlertFactory(user=alice, title="Only for Alice")
    AlertFactory(user=None, title="For all")
    text = office.get(LIST, {"audience": "everybody"}).content.decode()
    assert "For all" in text
    assert "Only for Alice" not in text


def test_who_read_a_broadcast_is_listed(office: Client, alice: User) -> None:
    receipt = BroadcastReceiptFactory(user=alice, alert__title="For all")
    assert receipt.alert.title in office.get(reverse("admin:system_alertreceipt_changelist")).content.decode()


def test_a_customers_page_shows_his_alerts_and_dates(office: Client, alice: User, bob: User) -> None:
    AlertFactory(user=alice, title="Card expires")
    ImportantDateFactory(user=alice, date_name="Dentist")
    ImportantDateFactory(user=bob, date_name="Not hers")
    text = office.get(f"/admin/users/user/{alice.pk}/change/").content.decode()
    assert "Card expires" in text
    assert "Dentist" in text
    assert "Not hers" not in text


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"email_enabled": False, "push_enabled": False}, "switched off"),
        ({"quiet_hours_start": "00:00", "quiet_hours_end": "23:59:59"}, "00:00 to 23:59"),
        ({"quiet_hours_start": None, "quiet_hours_end": None}, "reachable"),
    ],
)
def test_preferences_say_whether_somebody_can_be_reached(office: Client, values: dict[str, object], shown: str) -> None:
    PreferenceFactory(**values)
    assert shown in office.get("/admin/system/notificationpreference/").content.decode()


def test_a_preference_that_is_there_is_not_made_again(office: Client, alice: User) -> None:
    PreferenceFactory(user=alice, notification_type="health")
    body = {"customer": str(alice.pk), "notification_type": "health", "frequency": "immediate"}
    answer = office.post("/admin/system/notificationpreference/add/", {**body, "quiet_hours_start": "22:00:00"})
    assert "There is a preference for this kind" in answer.content.decode()
    assert "Give both the start and the end" in answer.content.decode()
