"""Attachments in the back office: metadata with a masked name, and no contents for any role."""

import pytest
from django.test import Client

from dev.factories import AttachmentFactory
from finance.models import Attachment
from tests.conftest import ClientFor
from users.models import User

pytestmark = pytest.mark.django_db
PAGE = "/admin/finance/attachment/"
API = "/api/v1/finance/attachments/"


@pytest.fixture
def receipt(alice: User) -> Attachment:
    row: Attachment = AttachmentFactory(user=alice, name="Doctor Kessler therapy.pdf")
    return row


def test_support_sees_metadata_with_a_masked_name(desk: Client, receipt: Attachment) -> None:
    for path in (PAGE, f"{PAGE}{receipt.pk}/change/"):
        text = desk.get(path).content.decode()
        assert "Kessler" not in text
        assert "D•••" in text
        assert "PDF" in text


def test_support_can_not_search_by_a_masked_name(desk: Client, receipt: Attachment) -> None:
    assert str(receipt.pk) not in desk.get(PAGE, {"q": "Kessler"}).content.decode()


def test_no_page_has_the_contents_or_a_download(office: Client, receipt: Attachment) -> None:
    text = office.get(f"{PAGE}{receipt.pk}/change/").content.decode()
    assert "Kessler" in text
    assert [word for word in ("download", "sha256", "%PDF", receipt.sha256) if word in text] == []
    assert office.get(f"{PAGE}{receipt.pk}/download/").status_code in (302, 404)
    assert office.get(f"{API}{receipt.pk}/download/").status_code in (401, 404)


def test_a_staff_member_has_only_own_attachments_in_the_api(administrator: User, api: ClientFor, receipt: Attachment) -> None:
    as_staff = api(administrator)
    assert as_staff.get(API).json()["results"] == []
    assert as_staff.get(f"{API}{receipt.pk}/download/").status_code == 404
