"""Encrypted and secret values, which no page shows and a system check guards."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client

from core.admin import BaseAdmin, ReadOnlyInline
from core.admin.secrets import secret_field_errors
from dev.factories import AccountFactory, TokenFactory
from finance.models import EncryptedFinancialProfile
from users.models import PersonalAccessToken, User

NUMBER = "000123456789"
ROUTING = "123456780"


class ShowsNumber(BaseAdmin):
    fields = ("profile_name", ("account_number", "currency"))


class ListsRouting(BaseAdmin):
    list_display = ("profile_name", "routing_number")


class ExportsPassword(BaseAdmin):
    csv_columns = ("profile_name", "user__password")


class FiltersNothingSecret(BaseAdmin):
    list_display = ("profile_name", "account_number_masked", "__str__")
    list_filter = ("profile_type",)


class TokenDigests(ReadOnlyInline):
    model = PersonalAccessToken
    fields = ("name", "digest")


@pytest.mark.parametrize(
    ("page", "name"), [(ShowsNumber, "account_number"), (ListsRouting, "routing_number"), (ExportsPassword, "user__password")]
)
def test_a_page_that_names_a_secret_is_refused(page: type[BaseAdmin], name: str) -> None:
    found = secret_field_errors(page(EncryptedFinancialProfile, admin.site))
    assert [(item.id, name in item.msg) for item in found] == [("core.E003", True)]


def test_an_inline_that_names_a_secret_is_refused() -> None:
    assert [item.id for item in secret_field_errors(TokenDigests(User, admin.site))] == ["core.E003"]


def test_a_page_without_secret_fields_passes() -> None:
    assert secret_field_errors(FiltersNothingSecret(EncryptedFinancialProfile, admin.site)) == []


@pytest.mark.django_db
def test_the_system_checks_include_this_check() -> None:
    page = ShowsNumber(EncryptedFinancialProfile, admin.site)
    assert "core.E003" in {item.id for item in page.check()}


@pytest.mark.parametrize("page", ["changelist", "change", "add"])
def test_no_page_of_an_account_shows_or_takes_its_numbers(page: str, office: Client, alice: User) -> None:
    row = AccountFactory(user=alice, account_number=NUMBER, routing_number=ROUTING)
    paths = {"changelist": "", "change": f"{row.pk}/change/", "add": "add/"}
    text = office.get(f"/admin/finance/encryptedfinancialprofile/{paths[page]}").content.decode()
    assert NUMBER not in text
    assert ROUTING not in text
    assert 'name="account_number"' not in text
    assert 'name="routing_number"' not in text


def test_the_last_four_digits_are_shown(office: Client, alice: User) -> None:
    AccountFactory(user=alice, account_number=NUMBER)
    assert "••••6789" in office.get("/admin/finance/encryptedfinancialprofile/").content.decode()


def test_a_list_opens_with_a_number_that_can_not_be_decrypted(office: Client, alice: User, bob: User) -> None:
    broken, sound = AccountFactory(user=alice), AccountFactory(user=bob, account_number="0000004321")
    with connection.cursor() as cursor:
        sql = "UPDATE finance_encryptedfinancialprofile SET account_number = '\\x0102' WHERE id = %s"
        cursor.execute(sql, [broken.pk])
    text = office.get("/admin/finance/encryptedfinancialprofile/").content.decode()
    assert sound.account_number_masked == "••••4321"
    assert "••••4321" in text
    assert "••••<" in text


def test_no_page_of_a_token_shows_its_digest(office: Client, alice: User) -> None:
    row: Any = TokenFactory(user=alice)
    pages = [office.get("/admin/users/personalaccesstoken/"), office.get(f"/admin/users/personalaccesstoken/{row.pk}/change/")]
    text = "".join(page.content.decode() for page in pages)
    assert row.name in text
    assert row.digest not in text
    assert row.token_key not in text


def test_no_page_of_an_account_shows_the_passwords_hash(office: Client, alice: User) -> None:
    text = office.get(f"/admin/users/user/{alice.pk}/change/").content.decode()
    assert alice.password not in text
    assert "argon2" not in text
