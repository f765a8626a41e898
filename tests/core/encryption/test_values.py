"""Values that an encrypted field returns and accepts."""

import datetime
import decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from core.encryption.key_ring import EncryptionError
from tests.core.encryption.rows import SECRET, Account, Document, loaded, stored


def test_the_column_is_ciphertext_and_the_attribute_plaintext(account: Account) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM contenttypes_account")
        (column,) = cursor.fetchone()
    assert (column[0], len(column)) == (2, len(f'"{SECRET}"') + 33)
    assert SECRET.encode() not in column
    assert account.number == SECRET


def test_none_is_null(account: Account) -> None:
    account.number = None
    account.save()
    assert stored(account, "number") is None
    assert loaded(account).number is None


def test_an_empty_text_is_null_where_null_is_allowed(account: Account) -> None:
    account.number = ""
    account.save()
    assert stored(account, "number") is None
    assert account.number is None


def test_an_empty_text_is_encrypted_where_null_is_not_allowed() -> None:
    document = Document.objects.create(text="")
    assert loaded(document).text == ""


@pytest.mark.parametrize(
    "body",
    [{}, [], "", 0, False, {"z": [1, 2.5, None, {"a": "é"}], "a": True}, "x" * 100_000, "a lone surrogate \ud800, a NUL \0"],
)
def test_json_is_returned_unchanged(body: object) -> None:
    assert loaded(Document.objects.create(body=body)).body == body


def test_values_of_other_types_keep_their_type() -> None:
    document = loaded(Document.objects.create(amount=decimal.Decimal("12.30"), day=datetime.date(2024, 2, 29)))
    assert (str(document.amount), document.day) == ("12.30", datetime.date(2024, 2, 29))


def test_a_change_inside_a_json_value_is_saved() -> None:
    document = loaded(Document.objects.create(body={"a": [1]}))
    document.body["a"].append(2)
    document.save()
    assert loaded(document).body == {"a": [1, 2]}


def test_a_change_inside_a_json_value_after_a_save_is_saved() -> None:
    document = Document.objects.create(body={"a": 1})
    document.body["a"] = 2
    document.save()
    assert loaded(document).body == {"a": 2}


@pytest.mark.parametrize("body", [{1, 2}, float("nan"), object()])
def test_an_error_about_invalid_json_does_not_quote_the_value(body: object) -> None:
    with pytest.raises(EncryptionError, match=r"^tests\.document\.body: this \w+ is invalid for the field\.$"):
        Document.objects.create(body=body)


def test_an_error_about_a_wrong_type_does_not_quote_the_value() -> None:
    with pytest.raises(EncryptionError) as refusal:
        Document.objects.create(amount=SECRET)
    assert SECRET not in repr(refusal.getrepr(showlocals=False, style="short"))


def test_full_clean_validates_the_plaintext(account: Account) -> None:
    account.number = "x" * 35
    with pytest.raises(ValidationError) as refusal:
        account.full_clean()
    assert {error.code for error in refusal.value.error_dict["number"]} == {"max_length", "invalid"}


def test_full_clean_accepts_what_the_base_field_accepts(account: Account) -> None:
    account.full_clean()
