"""File names of attachments, as they are stored and sent."""

import re
import unicodedata
from urllib.parse import unquote

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from dev.factories import AttachmentFactory
from finance.attachment_names import MAX_NAME_LENGTH, NOT_IN_NAMES, clean_name
from finance.models import Attachment
from tests.finance.attachments.conftest import ATTACHMENTS, Upload, body_of, error_of
from users.models import User


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("receipt.pdf", "receipt.pdf"),
        ("Scan 1.PDF", "Scan 1.PDF"),
        ("invoice.pdf.exe", "invoice.pdf.exe.pdf"),
        ("photo.jpg", "photo.jpg.pdf"),
        ("receipt", "receipt.pdf"),
        (".pdf", "attachment.pdf"),
        ("", "attachment.pdf"),
        ("  . ", "attachment.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        (r"C:\Users\ann\receipt.pdf", "receipt.pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "a Set-Cookie x=1.pdf"),
        ("fdp.\u202eexe.pdf", "fdp. exe.pdf"),
        ("a\u200b\u2066b\ufeff.pdf", "a b.pdf"),
        ("<img src=x onerror=alert(1)>.pdf", "img src=x onerror=alert(1).pdf"),
        ('a"b;c.pdf', "a b;c.pdf"),
        ("Quittung für Käse.pdf", "Quittung für Käse.pdf"),
        ("領収書.pdf", "領収書.pdf"),
        ("a\x00b\ud800.pdf", "ab.pdf"),
        ("x" * 300, "x" * 251 + ".pdf"),
    ],
)
def test_a_name_is_cleaned(sent: str, stored: str) -> None:
    assert clean_name(sent, "pdf") == stored


@given(st.text(max_size=400), st.sampled_from(["pdf", "png", "jpeg"]))
def test_every_clean_name_is_allowed_and_stays(text: str, media_type: str) -> None:
    name = clean_name(text, media_type)
    assert 4 < len(name) <= MAX_NAME_LENGTH
    assert not re.search(NOT_IN_NAMES, name)
    assert clean_name(name, media_type) == name
    assert unicodedata.is_normalized("NFC", name)


@pytest.mark.parametrize("name", ["a\u202eb.pdf", "a\x1fb.pdf", "a/b.pdf", "a\\b.pdf", 'a"b.pdf', "a.exe", "a.png", "pdf"])
def test_the_database_refuses_other_names(alice: User, name: str) -> None:
    row = AttachmentFactory(user=alice)
    with pytest.raises(IntegrityError, match="name_characters"), transaction.atomic():
        Attachment.objects.filter(pk=row.pk).update(name=name)


@pytest.mark.django_db
def test_the_pattern_matches_the_same_characters_in_the_database() -> None:
    numbers = [number for number in range(1, 0x11000) if not 0xD800 <= number <= 0xDFFF]
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM unnest(%s::int[]) AS number WHERE chr(number) ~ %s", [numbers, NOT_IN_NAMES])
        found = [number for (number,) in cursor.fetchall()]
    assert found == [number for number in numbers if re.search(NOT_IN_NAMES, chr(number))]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("receipt 1.pdf", 'attachment; filename="receipt 1.pdf"'),
        ("Käse €.pdf", "attachment; filename*=utf-8''K%C3%A4se%20%E2%82%AC.pdf"),
    ],
)
def test_a_download_is_named(upload: Upload, as_alice: APIClient, name: str, header: str) -> None:
    row = upload().json()
    as_alice.patch(f"{ATTACHMENTS}{row['id']}/", {"name": name})
    response = as_alice.get(f"{ATTACHMENTS}{row['id']}/download/")
    assert response.headers["Content-Disposition"] == header
    assert name in unquote(header)
    body_of(response)


def test_the_name_is_that_of_the_field_else_of_the_file(as_alice: APIClient, upload: Upload) -> None:
    assert upload().json()["name"] == "receipt.pdf"
    row = AttachmentFactory(user=Attachment.objects.get().user)
    renamed = as_alice.patch(f"{ATTACHMENTS}{row.pk}/", {"name": "../Lunch.exe"}).json()
    assert renamed["name"] == "Lunch.exe.pdf"


@pytest.mark.parametrize(
    ("name", "code"), [("x" * 256, "max_length"), ("", "blank"), ("a\x00b", "null_characters_not_allowed")]
)
def test_an_invalid_name_is_refused(as_alice: APIClient, alice: User, name: str, code: str) -> None:
    row = AttachmentFactory(user=alice)
    assert error_of(as_alice.patch(f"{ATTACHMENTS}{row.pk}/", {"name": name})) == (400, code, "name")
