"""Outputs that must not contain an encrypted value."""

import json

import pytest
from django.contrib.admin import AdminSite, ModelAdmin
from django.core import serializers
from django.core.exceptions import FieldError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.forms import model_to_dict, modelform_factory
from django.test import RequestFactory

from core.encryption.key_ring import EncryptionError
from tests.core.encryption.rows import SECRET, Account, AccountSerializer, loaded, stored
from users.models import User


@pytest.mark.parametrize(
    "lookup", ["number", "number__exact", "number__in", "number__contains", "number__gt", "number__length"]
)
def test_it_can_not_be_searched(lookup: str) -> None:
    with pytest.raises(FieldError):
        Account.objects.filter(**{lookup: [SECRET]})


@pytest.mark.parametrize(("is_null", "count"), [(True, 0), (False, 1)])
@pytest.mark.usefixtures("account")
def test_it_can_be_filtered_for_being_null(is_null: bool, count: int) -> None:
    assert Account.objects.filter(number__isnull=is_null).count() == count


@pytest.mark.usefixtures("account")
def test_values_returns_ciphertext() -> None:
    (row,) = Account.objects.values("number", alias=models.F("routing"))
    assert str(row) == "{'number': <encrypted>, 'alias': <encrypted>}"
    assert f"{row['number']}" == "<encrypted>"


@pytest.mark.usefixtures("account")
def test_json_refuses_ciphertext() -> None:
    with pytest.raises(TypeError):
        json.dumps(Account.objects.values_list("number", flat=True).get(), cls=DjangoJSONEncoder)


@pytest.mark.parametrize("style", ["json", "jsonl", "python", "xml"])
def test_no_dump_contains_a_secret(alice: User, style: str) -> None:
    canaries = [f"CANARY{place:04d}" for place in range(1000)]
    rows = Account.objects.bulk_create([Account(user=alice, number=canary, routing=canary) for canary in canaries])
    dump = str(serializers.serialize(style, Account.objects.all())) + str(serializers.serialize(style, rows))
    assert dump.count("encrypted:") == 4 * len(canaries)
    assert "CANARY" not in dump


def test_no_dump_contains_an_unsaved_value(account: Account) -> None:
    account.number = "CANARY"
    assert '"number": "<encrypted>"' in serializers.serialize("json", [account])


def test_a_dump_can_be_loaded(account: Account) -> None:
    dump, before = serializers.serialize("json", [account]), stored(account, "number")
    Account.objects.all().delete()
    next(iter(serializers.deserialize("json", dump))).save()
    assert loaded(account).number == SECRET
    assert stored(account, "number") == before


def test_a_dump_of_an_unsaved_value_can_not_be_loaded(account: Account) -> None:
    account.number = "CANARY"
    dump = serializers.serialize("json", [account])
    with pytest.raises(EncryptionError):
        next(iter(serializers.deserialize("json", dump))).save()


def test_a_secret_with_the_prefix_of_a_dump_is_stored(account: Account) -> None:
    account.routing = "encrypted:AQIDBA=="
    account.save()
    assert loaded(account).routing == "encrypted:AQIDBA=="


def test_the_instance_shows_no_secret(account: Account) -> None:
    assert account.number == SECRET
    account.routing = "CANARY"
    shown = f"{vars(account)} {account!r} {account} {model_to_dict(account)}"
    assert "CANARY" not in shown
    assert SECRET not in shown
    assert "<encrypted>" in shown


def test_no_form_has_the_field(account: Account) -> None:
    form = modelform_factory(Account, fields="__all__")(instance=account)
    assert list(form.fields) == ["id", "user", "nickname"]


def test_no_admin_form_has_the_field(rf: RequestFactory) -> None:
    form = ModelAdmin(Account, AdminSite()).get_form(rf.get("/"))
    assert "number" not in form.base_fields


def test_a_serializer_reads_and_validates_the_plaintext(account: Account) -> None:
    assert AccountSerializer(account).data == {"nickname": "", "number": SECRET}
    assert AccountSerializer(data={"number": "lower case"}).is_valid() is False
    assert AccountSerializer(data={"number": "x" * 35}).is_valid() is False


def test_a_serializer_writes_the_value(account: Account) -> None:
    serializer = AccountSerializer(account, data={"number": "OTHER"}, partial=True)
    serializer.is_valid(raise_exception=True)
    serializer.save()
    assert loaded(account).number == "OTHER"
