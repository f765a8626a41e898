"""Actions of staff that a second staff member must approve: erasure and removal of second factors; see billing for refunds."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.mail import EmailMessage
from django.test import Client
from pytest_django import Settings

from core import clock, rls
from core.errors import ConflictError, DomainError
from dev.factories import ApprovalFactory, TokenFactory, UserFactory
from system.models import AccessEvent, AuditEvent
from tests.sign_in import Member, give_factor, member
from users import approvals, approved_actions
from users.models import AccountErasure, Approval, PersonalAccessToken, User
from users.tasks import expire_approvals

pytestmark = pytest.mark.django_db
REASON = "Ticket 4711: lost phone"
USERS = "/admin/users/user/"
APPROVALS = "/admin/users/approval/"
YES = {"_form_submitted": "True"}


@pytest.fixture
def first() -> Member:
    return member("support")


@pytest.fixture
def second() -> Member:
    return member("support")


@pytest.fixture
def chief() -> Member:
    return member("administrator")


@pytest.fixture
def carol() -> User:
    """Return a customer with a second factor and a token."""
    user: User = UserFactory.create(email="carol@example.com")
    give_factor(user)
    TokenFactory(user=user)
    return user


def press(client: Client, user: User, button: str, email: str | None = None, reason: str = REASON) -> str:
    """Fill in and confirm the dialog of a button on the account's page. Return the dialog with its errors, if any."""
    form = YES | {"email": user.email if email is None else email, "reason": reason}
    return client.post(f"{USERS}{user.pk}/{button}/", form).content.decode()


def answer(client: Client, decision: str) -> int:
    """Press "approve" or "decline" on the page of the only request, and return the status code."""
    return int(client.post(f"{APPROVALS}{Approval.objects.get().pk}/{decision}/", YES).status_code)


def text(client: Client, url: str = APPROVALS) -> str:
    return client.get(url).content.decode()


def has_factor(user: User) -> bool:
    return Authenticator.objects.filter(user=user).exists()


BUTTONS = ["erase", "remove_second_factors"]


@pytest.mark.parametrize("button", BUTTONS)
def test_a_click_alone_does_nothing(button: str, chief: Member, carol: User) -> None:
    chief[1].post(f"{USERS}{carol.pk}/{button}/", YES)
    assert (has_factor(carol), Approval.objects.exists(), AccountErasure.objects.exists()) == (True, False, False)


@pytest.mark.parametrize("button", BUTTONS)
def test_another_address_is_refused_beside_the_field(button: str, chief: Member, carol: User) -> None:
    assert "This is not the email address of this account." in press(chief[1], carol, button, email="carl@example.com")
    assert not Approval.objects.exists()


@pytest.mark.parametrize("button", BUTTONS)
def test_a_reason_is_required(button: str, chief: Member, carol: User) -> None:
    assert "at least 8 characters" in press(chief[1], carol, button, reason="please")
    assert not Approval.objects.exists()


@pytest.mark.parametrize("button", BUTTONS)
def test_the_requester_can_not_approve(button: str, chief: Member, carol: User) -> None:
    assert press(chief[1], carol, button, email=" Carol@Example.com ") == ""
    answer(chief[1], "approve")
    assert "Another staff member must decide." in text(chief[1])
    assert (has_factor(carol), AccountErasure.objects.exists()) == (True, False)
    assert (Approval.objects.get().state, Approval.objects.get().reason) == ("waiting", REASON)


def test_the_requester_is_told_to_wait_and_sees_no_buttons(first: Member, second: Member, carol: User) -> None:
    press(first[1], carol, "remove_second_factors")
    row = Approval.objects.get()
    page = f"{APPROVALS}{row.pk}/change/"
    shown = text(first[1], page)
    assert "Nothing has changed yet. Another staff member must approve this" in shown
    assert "/approve/" not in shown
    assert "/approve/" in text(second[1], page)
    assert row.expires_at - row.created_at > timedelta(hours=71)


def test_a_second_staff_member_approves_the_removal(
    first: Member, second: Member, carol: User, mailoutbox: list[EmailMessage]
) -> None:
    press(first[1], carol, "remove_second_factors")
    assert (has_factor(carol), answer(second[1], "approve"), has_factor(carol)) == (True, 200, False)
    row = Approval.objects.get()
    assert (row.state, row.requested_by, row.decided_by) == ("approved", first[0], second[0])
    assert not PersonalAccessToken.objects.for_user(carol).exists()
    assert [message.subject for message in mailoutbox] == ["[MINGUS] A second factor was removed"]


def test_an_approved_action_is_audited_with_its_reason(first: Member, second: Member, carol: User) -> None:
    press(first[1], carol, "remove_second_factors")
    answer(second[1], "approve")
    event = AuditEvent.objects.get(table_name="mfa_authenticator", action="delete", user=carol)
    assert (event.actor_id, event.reason) == (second[0].pk, REASON)
    requested = AuditEvent.objects.get(table_name="users_approval", action="insert")
    assert (requested.actor_id, requested.reason) == (first[0].pk, REASON)
    access = AccessEvent.objects.get(user=carol, action="change")
    assert (access.staff_id, access.what, access.reason) == (first[0].pk, "mfa.authenticator", REASON)


def test_a_declined_request_changes_nothing(first: Member, second: Member, carol: User) -> None:
    press(first[1], carol, "remove_second_factors")
    answer(second[1], "decline")
    answer(second[1], "approve")
    assert (Approval.objects.get().state, has_factor(carol)) == ("declined", True)
    assert "This request does not await approval. Its status is declined." in text(second[1])


def test_a_second_administrator_approves_an_erasure(chief: Member, carol: User) -> None:
    press(chief[1], carol, "erase")
    carol.refresh_from_db()
    assert (carol.is_active, AccountErasure.objects.exists()) == (True, False)
    answer(member("administrator")[1], "approve")
    carol.refresh_from_db()
    assert (carol.is_active, AccountErasure.objects.get().requested_by) == (False, "staff")


@pytest.mark.parametrize(("role", "status"), [("support", 403), ("billing", 403), ("analyst", 403), ("administrator", 200)])
def test_only_administrators_decide_an_erasure(role: str, status: int, chief: Member, carol: User) -> None:
    press(chief[1], carol, "erase")
    client = member(role)[1]
    assert answer(client, "approve") == status
    assert AccountErasure.objects.exists() is (status == 200)


@pytest.mark.parametrize(("role", "status"), [("support", 200), ("billing", 403), ("analyst", 403), ("administrator", 200)])
def test_support_and_administrators_decide_about_factors(role: str, status: int, first: Member, carol: User) -> None:
    press(first[1], carol, "remove_second_factors")
    assert answer(member(role)[1], "approve") == status
    assert has_factor(carol) is (status != 200)


def test_the_list_shows_what_a_role_may_decide(first: Member, carol: User) -> None:
    rows = {action: ApprovalFactory(user=carol, action=action) for action in ("erase", "remove_factors", "refund")}
    shown = {role: text(member(role)[1]) for role in ("support", "billing", "administrator")}
    found = {role: [action for action, row in rows.items() if str(row.pk) in shown[role]] for role in shown}
    assert found == {
        "support": ["remove_factors"],
        "billing": ["refund"],
        "administrator": ["erase", "remove_factors", "refund"],
    }


def test_support_can_not_decide_about_a_staff_account(chief: Member, second: Member) -> None:
    other_staff = UserFactory.create(email="dan@example.com", is_staff=True)
    give_factor(other_staff)
    press(chief[1], other_staff, "remove_second_factors")
    assert (answer(second[1], "approve"), has_factor(other_staff)) == (403, True)


def test_no_staff_member_decides_about_their_own_account(chief: Member) -> None:
    other = member("administrator", email="erin@example.com")
    give_factor(other[0])
    press(chief[1], other[0], "remove_second_factors")
    answer(other[1], "approve")
    assert "it concerns your own account" in text(other[1])
    assert has_factor(other[0])


def test_the_same_request_is_not_made_twice(first: Member, second: Member, carol: User) -> None:
    press(first[1], carol, "remove_second_factors")
    press(second[1], carol, "remove_second_factors")
    assert "This was already requested." in text(second[1])
    assert Approval.objects.count() == 1


def test_a_request_that_can_not_be_carried_out_is_refused_at_once(chief: Member, alice: User, staff: User) -> None:
    press(chief[1], alice, "remove_second_factors")
    assert "This account has no second factor." in text(chief[1])
    press(chief[1], staff, "erase")
    assert "This is a staff account." in text(chief[1])
    assert not Approval.objects.exists()


@pytest.fixture
def waiting(carol: User, first: Member) -> Approval:
    return approved_actions.request_removal_of_factors(carol, reason=REASON, by=first[0], now=clock.now())


@pytest.mark.parametrize(("hours", "is_expired"), [(71.9, False), (72.1, True)])
def test_a_request_expires(
    hours: float, is_expired: bool, waiting: Approval, second: Member, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = clock.now() + timedelta(hours=hours)
    monkeypatch.setattr(clock, "now", lambda: later)
    shown = text(second[1], f"{APPROVALS}{waiting.pk}/change/")
    answer(second[1], "approve")
    assert ("expired" in shown, "/approve/" in shown, has_factor(carol)) == (is_expired, not is_expired, is_expired)


def test_the_job_expires_requests_and_they_can_be_made_again(
    waiting: Approval, first: Member, carol: User, settings: Settings
) -> None:
    Approval.objects.update(created_at=clock.now() - timedelta(hours=73), expires_at=clock.now() - timedelta(hours=1))
    expire_approvals(0)
    assert (Approval.objects.get().state, has_factor(carol)) == ("expired", True)
    settings.APPROVAL_HOURS = 5
    again = approved_actions.request_removal_of_factors(carol, reason=REASON, by=first[0], now=clock.now())
    assert timedelta(hours=4) < again.expires_at - clock.now() <= timedelta(hours=5)


def test_an_expired_request_does_not_block_a_new_one_before_the_job_runs(waiting: Approval, first: Member, carol: User) -> None:
    now = waiting.expires_at + timedelta(minutes=1)
    approved_actions.request_removal_of_factors(carol, reason=REASON, by=first[0], now=now)
    assert sorted(Approval.objects.values_list("state", flat=True)) == ["expired", "waiting"]


def test_a_failed_action_leaves_the_request_waiting(waiting: Approval, second: Member, carol: User) -> None:
    Authenticator.objects.filter(user=carol).delete()
    answer(second[1], "approve")
    assert "This account has no second factor." in text(second[1])
    assert Approval.objects.get().state == "waiting"


DECISIONS: dict[str, Callable[[Approval, User], Any]] = {
    "the requester": lambda row, _: approvals.decide(row, is_approved=True, by=row.requested_by, now=clock.now()),
    "the owner": lambda row, _: approvals.decide(row, is_approved=True, by=row.user, now=clock.now()),
    "too late": lambda row, staff: approvals.decide(row, is_approved=True, by=staff, now=row.expires_at),
}


@pytest.mark.parametrize("decision", DECISIONS.values(), ids=DECISIONS)
def test_the_service_refuses_too(decision: Callable[[Approval, User], Any], waiting: Approval, second: Member) -> None:
    with pytest.raises((DomainError, ConflictError)):
        decision(waiting, second[0])
    assert Approval.objects.get().state == "waiting"


def test_every_action_has_a_handler_and_a_permission() -> None:
    assert set(approvals._handlers) == set(approvals.PERMISSIONS) == set(approvals.ApprovalAction)


def test_a_customer_can_not_write_approvals(waiting: Approval, carol: User) -> None:
    with rls.as_customer(carol):
        assert list(Approval.objects.values_list("reason", flat=True)) == [REASON]
        with pytest.raises(Exception, match="permission denied"):
            Approval.objects.update(state="approved")
