"""Journeys through an account: sign-up, passwords, addresses, second factors, and the end."""

import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from django.core import mail

from core import clock
from tests.journeys.stranger import ACCOUNT, PASSWORD, Stranger, mailed_code, run_jobs
from tests.sign_in import code

pytestmark = pytest.mark.django_db
STRONG = "Another-zebra-43"


def test_sign_up_by_a_code_and_set_up_the_profile() -> None:
    carol = Stranger()
    assert carol.account("auth/signup", 401, email=carol.email, password=PASSWORD)["errors"][0]["code"] == "email_not_verified"
    carol.account("auth/email/verify", 400, code="000000" if mailed_code() != "000000" else "000001")
    carol.account("auth/email/verify", code=mailed_code())
    assert carol.get("users/me/")["is_verified"]
    profile = carol.call("patch", "users/profile/", timezone="Europe/Berlin", currency="EUR", first_day_of_week="monday")
    assert (profile["timezone"], profile["currency"]) == ("Europe/Berlin", "EUR")
    step = carol.all("users/onboarding/")[0]
    assert carol.post(f"users/onboarding/{step['id']}/complete/", 200)["is_completed"]
    preferences = carol.all("system/notification-preferences/")
    assert all(row["available_channels"] == ["email", "in_app", "push"] for row in preferences)


@pytest.mark.django_db(transaction=True)  # jobs have connections of their own
def test_forget_the_password_and_set_a_new_one_by_a_code() -> None:
    carol = Stranger().sign_up()
    other_app = Stranger()
    other_app.account("auth/password/request", email=carol.email)
    run_jobs()
    assert (
        other_app.account("auth/password/reset", 401, code=mailed_code(), password=STRONG)["errors"][0]["code"]
        == "password_set"
    )
    other_app.account("auth/login", email=carol.email, password=STRONG)
    other_app.get("users/me/")
    carol.get("users/me/", 401)


def test_change_the_email_address() -> None:
    carol = Stranger().sign_up()
    carol.call("patch", "users/me/", 403, email="carol@new.example")
    with time_machine.travel(clock.now() + timedelta(seconds=61)):  # the sign-up has sent a code just now
        carol.account("auth/reauthenticate", password=PASSWORD)
        assert carol.call("patch", "users/me/", email="carol@new.example")["pending_email"] == "carol@new.example"
        carol.account("auth/email/verify", code=mailed_code())
    assert carol.get("users/me/")["email"] == "carol@new.example"


def test_protect_the_account_by_a_second_factor() -> None:
    carol = Stranger().sign_up()
    carol.account("auth/reauthenticate", password=PASSWORD)
    secret = carol.account("account/authenticators/totp", 404, "get")["meta"]["secret"]
    carol.account("account/authenticators/totp", code=code(secret))
    codes = carol.account("account/authenticators/recovery-codes")["data"]["unused_codes"]
    carol.headers = {}
    carol.account("auth/login", 401, email=carol.email, password=PASSWORD)
    with time_machine.travel(clock.now() + timedelta(seconds=30)):
        carol.account("auth/2fa/authenticate", code=code(secret))
    carol.headers = {}
    carol.account("auth/login", email=carol.email, password=PASSWORD, code=codes[0])
    assert len(carol.all("users/sessions/")) == 3
    carol.post("users/sessions/end-others/", 200)
    assert len(carol.all("users/sessions/")) == 1


@pytest.mark.django_db(transaction=True)  # jobs have connections of their own
def test_take_all_data_along_and_leave() -> None:
    carol = Stranger().sign_up()
    carol.post("finance/categories/", name="Bicycles")
    carol.account("auth/reauthenticate", password=PASSWORD)
    export = carol.post("users/me/export/", 202)
    run_jobs()
    assert carol.get(f"users/me/export/{export['id']}/")["state"] == "ready"
    names = zipfile.ZipFile(BytesIO(carol.get(f"users/me/export/{export['id']}/download/"))).namelist()
    assert any("category" in name for name in names)
    carol.post("users/me/erase/", 202, password=PASSWORD)
    run_jobs()
    carol.headers = {}
    carol.call("post", f"{ACCOUNT}auth/login", 400, email=carol.email, password=PASSWORD)
    assert mail.outbox[-1].to == [carol.email]
