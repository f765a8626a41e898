"""Actions of staff on accounts: opening, new passwords, unlocking, verifying the email, revoking tokens."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.mail import EmailMessage
from django.test import Client

from core import clock
from core.admin.masking import REVEALED
from dev.factories import PASSWORD, TokenFactory, UserFactory
from system.models import AccessEvent, AuditEvent
from tests.admin.conftest import SignedIn
from users.models import OnboardingProgress, PersonalAccessToken, User
from users.staff_groups import role_of

pytestmark = pytest.mark.django_db
USERS = "/admin/users/user/"
STRONG = "tall ships in a teacup"


def press(client: Client, user: User, button: str, reason: str = "Ticket 4711") -> int:
    """Confirm a button on the account's page and return the status code."""
    return int(client.post(f"{USERS}{user.pk}/{button}/", {"_form_submitted": "True", "reason": reason}).status_code)


def show(client: Client, customer: User) -> None:
    """Reveal the customer's data for 15 minutes, as the button "Reveal" does."""
    session = client.session
    session[REVEALED] = {str(customer.pk): (clock.now() + timedelta(minutes=15)).isoformat()}
    session.save()


@pytest.fixture
def helper(staff: User, signed_in: SignedIn) -> Client:
    """Return the browser of a staff member who may change accounts and is no administrator."""
    staff.user_permissions.set(Permission.objects.filter(codename__in=["add_user", "view_user", "change_user"]))
    return signed_in(staff)


def test_an_account_is_opened_with_its_onboarding(office: Client) -> None:
    response = office.post(f"{USERS}add/", {"email": "Carol@Example.com", "password1": STRONG, "password2": STRONG})
    carol = User.objects.get(email="carol@example.com")
    assert response.status_code == 302
    assert carol.check_password(STRONG)
    assert OnboardingProgress.objects.for_user(carol).count() == 8
    assert (carol.is_verified, carol.is_staff) == (False, False)


def test_a_weak_password_is_refused(office: Client) -> None:
    response = office.post(f"{USERS}add/", {"email": "carol@example.com", "password1": "password", "password2": "password"})
    assert "This password is too common." in response.content.decode()
    assert not User.objects.filter(email="carol@example.com").exists()


def test_an_email_address_can_not_be_used_twice(office: Client, alice: User) -> None:
    response = office.post(f"{USERS}add/", {"email": "ALICE@example.com", "password1": STRONG, "password2": STRONG})
    assert "User with this Email already exists." in response.content.decode()


def test_a_new_password_ends_the_tokens(office: Client, alice: User) -> None:
    TokenFactory(user=alice)
    response = office.post(f"{USERS}{alice.pk}/password/", {"password1": STRONG, "password2": STRONG})
    alice.refresh_from_db()
    assert response.status_code == 302
    assert alice.check_password(STRONG)
    assert not PersonalAccessToken.objects.for_user(alice).exists()


def test_the_button_for_a_new_password_leads_to_its_form(office: Client, alice: User) -> None:
    response = office.get(f"{USERS}{alice.pk}/change_password/")
    assert response.headers["Location"] == f"{USERS}{alice.pk}/password/"
    assert office.get(response.headers["Location"]).status_code == 200


def test_a_locked_account_is_unlocked(office: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(login_attempts=5, locked_until=clock.now() + timedelta(minutes=30))
    assert press(office, alice, "unlock") == 200
    alice.refresh_from_db()
    assert (alice.login_attempts, alice.locked_until) == (0, None)


def test_a_button_asks_for_confirmation(office: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(locked_until=clock.now() + timedelta(minutes=30))
    response = office.get(f"{USERS}{alice.pk}/unlock/")
    alice.refresh_from_db()
    assert "The customer can log in again at once." in response.content.decode()
    assert alice.is_locked


def test_an_action_is_in_the_accounts_history(office: Client, administrator: User, alice: User) -> None:
    press(office, alice, "unlock")
    entry = LogEntry.objects.get(object_id=str(alice.pk))
    assert (entry.user, entry.change_message) == (administrator, "Unlock.")


def test_a_customer_logs_in_after_staff_verify_the_email(office: Client) -> None:
    carol = UserFactory(email="carol@example.com", is_verified=False)
    press(office, carol, "verify_email")
    carol.refresh_from_db()
    response = Client().post(
        "/_allauth/app/v1/auth/login", {"email": carol.email, "password": PASSWORD}, content_type="application/json"
    )
    assert carol.is_verified
    assert response.status_code == 200


@pytest.mark.parametrize("reason", ["", "please"])
def test_an_email_is_not_verified_without_a_reason(reason: str, office: Client) -> None:
    carol = UserFactory(email="carol@example.com", is_verified=False)
    press(office, carol, "verify_email", reason)
    carol.refresh_from_db()
    assert carol.is_verified is False


def test_a_verified_email_is_logged_with_the_reason(office: Client, administrator: User) -> None:
    carol: Any = UserFactory(email="carol@example.com", is_verified=False)
    press(office, carol, "verify_email")
    event = AuditEvent.objects.get(table_name="users_user", action="update", row_key=str(carol.pk))
    access = AccessEvent.objects.get(user=carol, action="change")
    assert (event.actor_id, event.reason) == (administrator.pk, "Ticket 4711")
    assert (access.staff_id, access.what, access.reason) == (administrator.pk, "account.emailaddress", "Ticket 4711")


def test_emails_are_not_verified_for_selected_accounts_at_once(office: Client) -> None:
    assert "verify_email_selected" not in office.get(USERS).content.decode()


def test_an_email_of_another_account_is_not_verified(office: Client, alice: User) -> None:
    carol: Any = UserFactory(email="carol@example.com", is_verified=False)
    EmailAddress.objects.create(user=alice, email=carol.email, verified=True)
    press(office, carol, "verify_email")
    carol.refresh_from_db()
    assert carol.is_verified is False
    assert "Another account has verified" in office.get(f"{USERS}{carol.pk}/change/").content.decode()
    assert not LogEntry.objects.filter(object_id=str(carol.pk)).exists()


def test_the_verification_mail_is_sent_again(office: Client, mailoutbox: list[EmailMessage]) -> None:
    carol = UserFactory(email="carol@example.com", is_verified=False)
    press(office, carol, "resend")
    assert [message.recipients() for message in mailoutbox] == [["carol@example.com"]]


def test_a_verified_email_gets_no_second_mail(office: Client, alice: User, mailoutbox: list[EmailMessage]) -> None:
    press(office, alice, "resend")
    assert mailoutbox == []
    assert "This address is already verified." in office.get(f"{USERS}{alice.pk}/change/").content.decode()


def test_several_selected_accounts_are_unlocked_at_once(office: Client, alice: User, bob: User) -> None:
    User.objects.update(locked_until=clock.now() + timedelta(minutes=30))
    office.post(USERS, {"action": "unlock_selected", "_selected_action": [str(alice.pk), str(bob.pk)], "index": "0"})
    assert User.objects.filter(locked_until__isnull=True).count() == 2


def test_only_the_export_works_on_all_filtered_rows(office: Client, alice: User) -> None:
    User.objects.update(locked_until=clock.now() + timedelta(minutes=30))
    form = {"action": "unlock_selected", "_selected_action": [str(alice.pk)], "index": "0", "select_across": "1"}
    response = office.post(USERS, form, follow=True)
    assert "Only the export can be applied to all rows." in response.content.decode()
    assert not User.objects.filter(locked_until__isnull=True).exists()


def test_locked_accounts_can_be_filtered(office: Client, alice: User, bob: User) -> None:
    User.objects.filter(pk=alice.pk).update(locked_until=clock.now() + timedelta(minutes=30))
    text = office.get(USERS, {"locked": "yes"}).content.decode()
    assert alice.email in text
    assert bob.email not in text


def test_revoking_a_token_redirects_to_the_list(office: Client, alice: User) -> None:
    token = TokenFactory(user=alice)
    response = office.post(f"/admin/users/personalaccesstoken/{token.pk}/revoke/", {"_form_submitted": "True"})
    assert response.headers["HX-Redirect"] == "/admin/users/personalaccesstoken/"
    assert not PersonalAccessToken.objects.exists()
    assert LogEntry.objects.get(object_id=str(token.pk)).change_message == "Revoke."


def test_revoking_a_token_needs_the_permission_to_delete_it(helper: Client, staff: User, alice: User) -> None:
    staff.user_permissions.add(Permission.objects.get(codename="view_personalaccesstoken"))
    token = TokenFactory(user=alice)
    response = helper.post(f"/admin/users/personalaccesstoken/{token.pk}/revoke/", {"_form_submitted": "True"})
    assert response.status_code == 403
    assert PersonalAccessToken.objects.exists()


@pytest.mark.parametrize("button", ["unlock", "verify_email", "resend"])
def test_staff_can_not_act_on_the_account_of_other_staff(helper: Client, administrator: User, button: str) -> None:
    assert press(helper, administrator, button) == 403


def test_staff_can_not_set_the_password_of_other_staff(helper: Client, administrator: User) -> None:
    response = helper.post(f"{USERS}{administrator.pk}/password/", {"password1": STRONG, "password2": STRONG})
    assert response.status_code == 403


def test_after_a_reveal_staff_can_set_a_customers_password(helper: Client, alice: User) -> None:
    show(helper, alice)
    assert helper.post(f"{USERS}{alice.pk}/password/", {"password1": STRONG, "password2": STRONG}).status_code == 302


def test_staff_can_not_assign_roles(helper: Client, alice: User) -> None:
    show(helper, alice)
    form = {"is_active": "on", "is_staff": "on", "is_superuser": "on", "role": "administrator"}
    management = {"profile-TOTAL_FORMS": "0", "profile-INITIAL_FORMS": "0"}
    response = helper.post(f"{USERS}{alice.pk}/change/", {**form, **management})
    alice.refresh_from_db()
    assert response.status_code == 302
    assert (alice.is_staff, alice.is_superuser) == (False, False)


def test_an_account_can_not_be_deleted_here(office: Client, alice: User) -> None:
    assert office.post(f"{USERS}{alice.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_email_of_an_account_can_not_be_changed_here(office: Client, alice: User) -> None:
    management = {"profile-TOTAL_FORMS": "0", "profile-INITIAL_FORMS": "0"}
    office.post(f"{USERS}{alice.pk}/change/", {"email": "mallory@example.com", "is_active": "on", **management})
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"


def test_an_administrator_chooses_a_role(office: Client, alice: User) -> None:
    management = {"profile-TOTAL_FORMS": "0", "profile-INITIAL_FORMS": "0"}
    response = office.post(f"{USERS}{alice.pk}/change/", {"is_active": "on", "role": "billing", **management})
    alice.refresh_from_db()
    assert (response.status_code, alice.is_staff, role_of(alice)) == (302, True, "billing")


def test_the_history_stays_masked_after_a_reveal(helper: Client, alice: User) -> None:
    show(helper, alice)
    press(helper, alice, "unlock")
    assert LogEntry.objects.get(object_id=str(alice.pk)).object_repr == "a•••@e•••.com"
