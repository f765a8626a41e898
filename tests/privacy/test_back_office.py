"""Erasure by a button of the back office, and import of an export by a command."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from billing.models import Subscription
from core import jobs
from dev.factories import ProfileFactory, UserFactory
from tests.privacy.conftest import create_rows, data_files, zip_of
from tests.sign_in import sign_in
from users.models import AccountErasure, Approval, User, UserProfile


def request_erasure(user: User, row: User) -> int:
    form = {"_form_submitted": "True", "email": row.email, "reason": "Ticket 4711: asked by letter"}
    return client_of(user).post(f"/admin/users/user/{row.pk}/erase/", form).status_code


def client_of(user: User) -> Client:
    client = Client()
    sign_in(client, user)
    return client


def test_two_administrators_erase(no_jobs: None, administrator: User, alice: User) -> None:
    ProfileFactory(user=alice)
    assert request_erasure(administrator, alice) == 200
    second = client_of(UserFactory.create(is_staff=True, is_superuser=True))
    second.post(f"/admin/users/approval/{Approval.objects.get().pk}/approve/", {"_form_submitted": "True"})
    jobs.run_pending()
    assert AccountErasure.objects.get(user=alice).requested_by == "staff"
    assert not UserProfile.objects.filter(user=alice).exists()


def test_staff_without_the_permission_may_not_erase(staff: User, alice: User) -> None:
    assert request_erasure(staff, alice) == 403
    assert not AccountErasure.objects.exists()


def test_staff_accounts_are_not_erased(administrator: User, staff: User) -> None:
    request_erasure(administrator, staff)
    assert User.objects.get(pk=staff.pk).is_active


def test_an_operator_imports_an_export(alice: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create_rows(alice)
    data, empty = zip_of(alice), UserFactory.create(email="empty@example.com")
    (tmp_path / "export.zip").write_bytes(data)
    call_command("import_export", "Empty@Example.com", str(tmp_path / "export.zip"))
    number = Subscription.objects.filter(user=alice).count()  # many are created with the rows that refer to them
    assert f"{number} service/billing_subscription.jsonl" in capsys.readouterr().out
    assert Subscription.objects.filter(user=empty).count() == number > 2
    assert data_files(zip_of(empty), "data", "service") == data_files(data, "data", "service")


def test_the_command_fails_with_the_reason(alice: User, tmp_path: Path) -> None:
    (tmp_path / "no.zip").write_bytes(b"no zip")
    with pytest.raises(CommandError, match="This is not a ZIP file"):
        call_command("import_export", alice.email, str(tmp_path / "no.zip"))
    with pytest.raises(CommandError, match="No account has the address"):
        call_command("import_export", "unknown@example.com", str(tmp_path / "no.zip"))
