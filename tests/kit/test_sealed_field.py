"""How an encrypted field behaves inside Django: what it gives, what it refuses, and where it must not show."""

# The models are thrown away with the test, and the pickles are the test's own.
# ruff: noqa: DJ008, S301

import copy
import datetime
import decimal
import json
import pickle
import uuid
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from django.contrib.admin import AdminSite, ModelAdmin
from django.core import serializers
from django.core.exceptions import FieldError, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import RegexValidator
from django.db import connection, models, transaction
from django.db.migrations.writer import MigrationWriter
from django.db.models.functions import Upper
from django.forms import model_to_dict, modelform_factory
from django.test import RequestFactory
from django.test.utils import isolate_apps
from django_cryptography.fields import EncryptedMixin
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.serializers import ModelSerializer

from mingus.kit.crypto import SealError, TamperedError, UnknownKeyError
from mingus.kit.fields import Sealed, encrypt, is_sealed

SECRET = "DE02120300000000202051"

with isolate_apps("django.contrib.contenttypes"):

    class Row(models.Model):
        id = models.UUIDField(primary_key=True, default=uuid.uuid4)

        objects: ClassVar[models.Manager[Any]] = models.Manager()

        class Meta:
            abstract = True
            app_label = "contenttypes"

    class Owner(Row):
        """Who a row belongs to."""

    class Account(Row):
        """Owned, with two sealed columns of one shape, so that their values can be swapped."""

        user_id: uuid.UUID
        user = models.ForeignKey(Owner, on_delete=models.CASCADE)
        nickname = models.CharField(max_length=20, blank=True)
        number: Any = encrypt(
            models.CharField(max_length=34, null=True, blank=True, validators=[RegexValidator(r"^[A-Z0-9]+$")]),
            label="tests.account.number",
        )
        routing: Any = encrypt(models.CharField(max_length=34, null=True, blank=True), label="tests.account.routing")

    class Answer(Row):
        """Unowned, with a column of every kind."""

        body: Any = encrypt(models.JSONField(null=True), label="tests.answer.body")
        text: Any = encrypt(models.TextField(default=""), label="tests.answer.text")
        amount: Any = encrypt(models.DecimalField(max_digits=9, decimal_places=2, null=True), label="tests.answer.amount")
        day: Any = encrypt(models.DateField(null=True), label="tests.answer.day")

    class Counted(models.Model):
        """Its key comes from the database, too late to be bound."""

        id = models.BigAutoField(primary_key=True)
        text: Any = encrypt(models.TextField(), label="tests.counted.text")

        objects: ClassVar[models.Manager[Any]] = models.Manager()

        class Meta:
            app_label = "contenttypes"


class AccountSerializer(ModelSerializer[Account]):
    class Meta:
        model = Account
        fields = ["nickname", "number"]


@pytest.fixture(autouse=True)
def tables(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables of this file, gone with the test's transaction; pickles and fixtures find their models."""
    settings.FIELD_ENCRYPTION_KEYS = ["0d" * 32]
    monkeypatch.setattr("django.db.models.base.apps", Account._meta.apps)
    monkeypatch.setattr("django.core.serializers.python.apps", Account._meta.apps)
    with connection.schema_editor() as editor:
        editor.create_model(Owner)
        editor.create_model(Account)
        editor.create_model(Answer)
        editor.create_model(Counted)


@pytest.fixture
def alice() -> Any:
    return Owner.objects.create()


@pytest.fixture
def bob() -> Any:
    return Owner.objects.create()


@pytest.fixture
def account(alice: Owner) -> Any:
    """An account as it comes from the database, its secrets not opened yet."""
    return Account.objects.get(pk=Account.objects.create(user=alice, number=SECRET, routing="122105155").pk)


def stored(row: models.Model, column: str) -> bytes | None:
    """The bytes in the database."""
    value = type(row)._base_manager.values_list(column, flat=True).get(pk=row.pk)
    return None if value is None else bytes(value.blob)


def overwrite(row: models.Model, column: str, value: bytes | None) -> None:
    """Put bytes into the database behind the row's back."""
    type(row)._base_manager.filter(pk=row.pk).update(**{column: Sealed(value or b"")})


def field_of(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def loaded(row: models.Model) -> Any:
    return type(row)._base_manager.get(pk=row.pk)


# --- values


def test_the_column_holds_ciphertext_and_the_attribute_the_value(account: Account) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM contenttypes_account")
        (column,) = cursor.fetchone()
    assert (column[0], len(column)) == (1, len(f'"{SECRET}"') + 33)
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


def test_an_empty_text_is_sealed_where_null_is_not_allowed() -> None:
    answer = Answer.objects.create(text="")
    assert loaded(answer).text == ""


@pytest.mark.parametrize(
    "body",
    [{}, [], "", 0, False, {"z": [1, 2.5, None, {"a": "é"}], "a": True}, "x" * 100_000, "a lone surrogate \ud800, a NUL \0"],
)
def test_json_comes_back_as_it_was(body: object) -> None:
    assert loaded(Answer.objects.create(body=body)).body == body


def test_values_of_other_types_come_back_in_their_type() -> None:
    answer = loaded(Answer.objects.create(amount=decimal.Decimal("12.30"), day=datetime.date(2024, 2, 29)))
    assert (str(answer.amount), answer.day) == ("12.30", datetime.date(2024, 2, 29))


def test_a_change_inside_a_json_value_is_saved() -> None:
    answer = loaded(Answer.objects.create(body={"a": [1]}))
    answer.body["a"].append(2)
    answer.save()
    assert loaded(answer).body == {"a": [1, 2]}


def test_a_change_inside_a_json_value_after_a_save_is_saved() -> None:
    answer = Answer.objects.create(body={"a": 1})
    answer.body["a"] = 2
    answer.save()
    assert loaded(answer).body == {"a": 2}


@pytest.mark.parametrize("body", [{1, 2}, float("nan"), object()])
def test_what_json_cannot_say_is_refused_without_quoting_it(body: object) -> None:
    with pytest.raises(SealError, match=r"^tests\.answer\.body: a \w+ of this kind does not fit the field\.$"):
        Answer.objects.create(body=body)


def test_a_value_that_does_not_fit_its_type_is_refused_without_quoting_it() -> None:
    with pytest.raises(SealError) as refusal:
        Answer.objects.create(amount=SECRET)
    assert SECRET not in repr(refusal.getrepr(showlocals=False, style="short"))


def test_full_clean_judges_the_plaintext(account: Account) -> None:
    account.number = "x" * 35
    with pytest.raises(ValidationError) as refusal:
        account.full_clean()
    assert {error.code for error in refusal.value.error_dict["number"]} == {"max_length", "invalid"}


def test_full_clean_accepts_what_the_base_field_accepts(account: Account) -> None:
    account.full_clean()


# --- saving


def test_an_unread_value_keeps_its_bytes(account: Account) -> None:
    before = stored(account, "number")
    account.save()
    assert stored(account, "number") == before


def test_a_read_value_keeps_its_bytes(account: Account) -> None:
    before = stored(account, "number")
    assert account.number
    account.save()
    assert stored(account, "number") == before


def test_a_value_that_is_set_to_the_same_keeps_its_bytes(account: Account) -> None:
    before = stored(account, "number")
    account.number = SECRET
    account.save()
    assert stored(account, "number") == before


def test_full_clean_leaves_the_bytes_alone(account: Account) -> None:
    before = stored(account, "number")
    account.full_clean()
    account.save()
    assert stored(account, "number") == before


def test_a_refreshed_row_keeps_its_bytes(account: Account) -> None:
    before = stored(account, "number")
    account.refresh_from_db()
    account.save()
    assert stored(account, "number") == before


def test_a_row_that_is_saved_twice_keeps_its_bytes(alice: Owner) -> None:
    account = Account.objects.create(user=alice, number=SECRET)
    before = stored(account, "number")
    account.save()
    assert stored(account, "number") == before


def test_a_changed_value_gets_new_bytes(account: Account) -> None:
    account.number = "OTHER"
    account.save()
    assert loaded(account).number == "OTHER"


def test_bulk_create_seals(alice: Owner) -> None:
    rows = Account.objects.bulk_create([Account(user=alice, number=f"{SECRET}{place}") for place in range(3)])
    assert [loaded(row).number for row in rows] == [f"{SECRET}0", f"{SECRET}1", f"{SECRET}2"]


def test_update_or_create_seals(account: Account) -> None:
    Account.objects.update_or_create(pk=account.pk, defaults={"number": "OTHER"})
    assert loaded(account).number == "OTHER"


@pytest.mark.parametrize("value", [SECRET, "", 5, models.F("routing"), Upper("nickname"), models.Value(SECRET)])
def test_update_with_anything_but_none_is_refused_with_the_remedy(account: Account, value: object) -> None:
    before = stored(account, "number")
    with pytest.raises(SealError, match=r"Use save\(\) or bulk_create\(\)\."), transaction.atomic():
        Account.objects.filter(pk=account.pk).update(number=value)
    assert stored(account, "number") == before


def test_update_may_erase(account: Account) -> None:
    Account.objects.update(number=None)
    assert stored(account, "number") is None


def test_bulk_update_is_refused_with_the_remedy(account: Account) -> None:
    account.number = "OTHER"
    with pytest.raises(SealError, match=r"Use save\(\) or bulk_create\(\)\."):
        Account.objects.bulk_update([account], ["number"])


def test_bulk_update_of_other_fields_works(account: Account) -> None:
    account.nickname = "mine"
    Account.objects.bulk_update([account], ["nickname"])
    assert (loaded(account).nickname, loaded(account).number) == ("mine", SECRET)


def test_a_key_that_only_the_database_knows_is_refused_with_the_remedy() -> None:
    with pytest.raises(SealError, match="primary key, which is not set"):
        Counted.objects.create(text=SECRET)


def test_keys_that_are_written_as_text_open_later(alice: Owner) -> None:
    account = Account.objects.create(pk=str(uuid.uuid4()).upper(), user_id=str(alice.pk).upper(), number=SECRET)
    assert loaded(account).number == SECRET


def test_a_value_moves_along_when_its_owner_changes(account: Account, bob: Owner) -> None:
    account.user = bob
    account.save()
    assert loaded(account).number == SECRET


def test_a_value_that_was_read_moves_along_when_its_owner_changes(account: Account, bob: Owner) -> None:
    assert account.number
    account.user = bob
    account.save()
    assert loaded(account).number == SECRET


def test_a_copied_row_opens_under_its_own_key(account: Account) -> None:
    original = copy.copy(account)
    account.pk, account._state.adding = uuid.uuid4(), True
    account.save()
    assert (loaded(account).number, loaded(original).number) == (SECRET, SECRET)


@pytest.mark.usefixtures("account")
def test_bytes_of_another_row_are_not_inserted(alice: Owner) -> None:
    foreign = Account.objects.values_list("number", flat=True).get()
    with pytest.raises(TamperedError):
        Account.objects.create(user=alice, number=foreign)


def test_bytes_of_another_row_are_not_saved(account: Account, alice: Owner) -> None:
    other = Account.objects.create(user=alice)
    other.number = Account.objects.values_list("number", flat=True).get(pk=account.pk)
    with pytest.raises(TamperedError):
        other.save()


# --- tampering, keys


@pytest.mark.parametrize(
    "change", [lambda b: b[:-1] + bytes([b[-1] ^ 1]), lambda b: b[:40], lambda _: b"", lambda b: b"\x02" + b[1:]]
)
def test_edited_bytes_are_refused(account: Account, change: Callable[[bytes], bytes]) -> None:
    overwrite(account, "number", change(stored(account, "number") or b""))
    with pytest.raises(TamperedError, match=r"^tests\.account\.number: "):
        _ = loaded(account).number


def test_a_value_of_another_row_is_refused(account: Account, alice: Owner) -> None:
    other = Account.objects.create(user=alice, number="OTHER")
    overwrite(account, "number", stored(other, "number"))
    with pytest.raises(TamperedError):
        _ = loaded(account).number


def test_a_value_of_another_column_is_refused(account: Account) -> None:
    overwrite(account, "number", stored(account, "routing"))
    with pytest.raises(TamperedError):
        _ = loaded(account).number


def test_a_row_that_was_given_to_another_owner_in_the_database_is_refused(account: Account, bob: Owner) -> None:
    Account.objects.update(user=bob)
    with pytest.raises(TamperedError):
        _ = loaded(account).number


def test_a_key_that_left_the_ring_is_named(account: Account, settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["1e" * 32]
    with pytest.raises(UnknownKeyError, match="FIELD_ENCRYPTION_KEYS"):
        _ = account.number


def test_a_new_primary_key_leaves_old_values_readable_and_seals_new_ones(account: Account, settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["1e" * 32, "0d" * 32]
    account.routing = "021000021"
    account.save()
    numbers, routings = stored(account, "number") or b"", stored(account, "routing") or b""
    assert (loaded(account).number, loaded(account).routing) == (SECRET, "021000021")
    assert numbers[1:5] != routings[1:5]


def test_a_bad_row_breaks_one_field_and_not_the_list(account: Account, alice: Owner) -> None:
    overwrite(account, "number", b"garbage")
    Account.objects.create(user=alice, number="GOOD")
    rows = {row.pk: row for row in Account.objects.all()}
    assert len(rows) == 2
    assert rows[account.pk].routing == "122105155"


def test_a_bad_value_does_not_keep_the_rest_of_its_row_from_being_saved(account: Account) -> None:
    overwrite(account, "number", b"garbage")
    row = loaded(account)
    row.nickname = "mine"
    row.save()
    assert (loaded(account).nickname, stored(account, "number")) == ("mine", b"garbage")


def test_a_bad_value_can_be_replaced(account: Account) -> None:
    overwrite(account, "number", b"garbage")
    row = loaded(account)
    row.number = SECRET
    row.save()
    assert loaded(account).number == SECRET


# --- laziness


@pytest.mark.usefixtures("account")
def test_a_list_that_does_not_read_the_field_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("mingus.kit.crypto.unseal")
    assert [row.nickname for row in Account.objects.all()] == [""]


def test_a_value_is_opened_once(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    assert account.number == SECRET
    monkeypatch.delattr("mingus.kit.crypto.unseal")
    assert account.number == SECRET


@pytest.mark.usefixtures("account")
def test_reading_a_list_takes_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        assert [row.number for row in Account.objects.all()] == [SECRET]


@pytest.mark.usefixtures("account")
def test_a_deferred_value_takes_one_more_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    row = Account.objects.defer("number").get()
    with django_assert_num_queries(1):
        assert row.number == SECRET


@pytest.mark.usefixtures("account")
def test_a_row_loaded_with_only_the_value_opens() -> None:
    assert Account.objects.only("number").get().number == SECRET


def test_saving_a_row_with_a_deferred_value_leaves_the_value_alone(account: Account) -> None:
    before = stored(account, "number")
    Account.objects.defer("number").get().save()
    assert stored(account, "number") == before


def test_refresh_from_db_brings_the_new_value(account: Account) -> None:
    assert account.number == SECRET
    row = loaded(account)
    row.number = "OTHER"
    row.save()
    account.refresh_from_db()
    assert account.number == "OTHER"


def test_a_deleted_attribute_is_loaded_again(account: Account) -> None:
    account.number = "unsaved"
    del account.number
    assert account.number == SECRET


def test_from_db_gives_a_sealed_row(account: Account) -> None:
    number = Account.objects.values_list("number", flat=True).get()
    row = Account.from_db("default", ["id", "user_id", "nickname", "number"], [account.pk, account.user_id, "", number])
    assert row.number == SECRET


# --- where it must not show


@pytest.mark.parametrize(
    "lookup", ["number", "number__exact", "number__in", "number__contains", "number__gt", "number__length"]
)
def test_it_refuses_to_be_searched(lookup: str) -> None:
    with pytest.raises(FieldError):
        Account.objects.filter(**{lookup: [SECRET]})


@pytest.mark.parametrize(("is_null", "count"), [(True, 0), (False, 1)])
@pytest.mark.usefixtures("account")
def test_it_can_be_asked_whether_there_is_a_value(is_null: bool, count: int) -> None:
    assert Account.objects.filter(number__isnull=is_null).count() == count


@pytest.mark.usefixtures("account")
def test_values_stay_sealed() -> None:
    (row,) = Account.objects.values("number", alias=models.F("routing"))
    assert str(row) == "{'number': <sealed>, 'alias': <sealed>}"
    assert f"{row['number']}" == "<sealed>"


@pytest.mark.usefixtures("account")
def test_json_refuses_a_sealed_value() -> None:
    with pytest.raises(TypeError):
        json.dumps(Account.objects.values_list("number", flat=True).get(), cls=DjangoJSONEncoder)


@pytest.mark.parametrize("style", ["json", "jsonl", "python", "xml"])
def test_no_dump_holds_a_secret(alice: Owner, style: str) -> None:
    canaries = [f"CANARY{place:04d}" for place in range(1000)]
    rows = Account.objects.bulk_create([Account(user=alice, number=canary, routing=canary) for canary in canaries])
    dump = str(serializers.serialize(style, Account.objects.all())) + str(serializers.serialize(style, rows))
    assert dump.count("sealed:") == 4 * len(canaries)
    assert "CANARY" not in dump


def test_no_dump_holds_a_value_that_was_not_saved(account: Account) -> None:
    account.number = "CANARY"
    assert '"number": "<sealed>"' in serializers.serialize("json", [account])


def test_a_dump_loads_again(account: Account) -> None:
    dump, before = serializers.serialize("json", [account]), stored(account, "number")
    Account.objects.all().delete()
    next(iter(serializers.deserialize("json", dump))).save()
    assert loaded(account).number == SECRET
    assert stored(account, "number") == before


def test_a_dump_of_a_value_that_was_not_saved_does_not_load(account: Account) -> None:
    account.number = "CANARY"
    dump = serializers.serialize("json", [account])
    with pytest.raises(SealError):
        next(iter(serializers.deserialize("json", dump))).save()


def test_a_secret_that_looks_like_a_dump_is_only_a_secret(account: Account) -> None:
    account.routing = "sealed:AQIDBA=="
    account.save()
    assert loaded(account).routing == "sealed:AQIDBA=="


def test_the_instance_shows_no_secret(account: Account) -> None:
    assert account.number == SECRET
    account.routing = "CANARY"
    shown = f"{vars(account)} {account!r} {account} {model_to_dict(account)}"
    assert "CANARY" not in shown
    assert SECRET not in shown
    assert "<sealed>" in shown


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


# --- copies, pickles


def test_a_pickle_of_a_row_nobody_read_holds_ciphertext(account: Account) -> None:
    pickled = pickle.dumps(account)
    assert SECRET.encode() not in pickled
    assert pickle.loads(pickled).number == SECRET


def test_a_pickle_of_a_row_that_was_read_holds_ciphertext(account: Account) -> None:
    assert account.number == SECRET
    pickled = pickle.dumps(account)
    assert SECRET.encode() not in pickled
    assert pickle.loads(pickled).number == SECRET


def test_a_pickle_of_a_changed_row_is_refused(account: Account) -> None:
    account.number = "CANARY"
    with pytest.raises(SealError, match="Save the row first"):
        pickle.dumps(account)


def test_a_pickle_of_a_changed_row_works_after_it_was_saved(account: Account) -> None:
    account.number = "CANARY"
    account.save()
    pickled = pickle.dumps(account)
    assert b"CANARY" not in pickled
    assert pickle.loads(pickled).number == "CANARY"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_is_validated_without_touching_the_original(account: Account, copied: Callable[[Account], Account]) -> None:
    other = copied(account)
    other.number = "OTHER"
    other.full_clean()
    assert (account.number, other.number) == (SECRET, "OTHER")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_changed_row_holds_the_change(account: Account, copied: Callable[[Account], Account]) -> None:
    account.number = "OTHER"
    other = copied(account)
    other.save()
    assert loaded(account).number == "OTHER"


def test_a_deep_copy_has_json_of_its_own() -> None:
    answer = loaded(Answer.objects.create(body={"a": [1]}))
    assert answer.body
    copy.deepcopy(answer).body["a"].append(2)
    assert answer.body == {"a": [1]}


# --- the field


def test_it_is_a_field_of_django_cryptography_and_of_its_base() -> None:
    field = field_of(Account, "number")
    assert isinstance(field, EncryptedMixin)
    assert isinstance(field, models.CharField)
    assert is_sealed(field)
    assert not is_sealed(field_of(Account, "nickname"))


def test_its_column_is_bytea() -> None:
    assert field_of(Account, "number").db_type(connection) == "bytea"


def test_a_migration_writes_it_as_the_model_does() -> None:
    code, imports = MigrationWriter.serialize(field_of(Answer, "text"))
    assert code == "mingus.kit.fields.encrypt(models.TextField(default=''), label='tests.answer.text')"
    assert imports == {"import mingus.kit.fields", "from django.db import models"}


@pytest.mark.parametrize("name", ["number", "routing"])
def test_a_deconstructed_field_is_built_again(name: str) -> None:
    field = field_of(Account, name)
    _, path, args, kwargs = field.deconstruct()
    again: Any = encrypt(*args, **kwargs)
    assert path == "mingus.kit.fields.encrypt"
    assert type(again) is type(field)
    assert again.deconstruct()[3] == field.clone().deconstruct()[3] == {"label": f"tests.account.{name}"}
    assert [base.deconstruct()[3] for base in again.deconstruct()[2]] == [base.deconstruct()[3] for base in args]


def test_a_renamed_table_and_column_keep_their_values(account: Account) -> None:
    with connection.schema_editor() as editor:
        editor.execute('ALTER TABLE contenttypes_account RENAME COLUMN "number" TO "iban"')
        editor.execute('ALTER TABLE contenttypes_account RENAME TO "renamed"')
    with isolate_apps("django.contrib.contenttypes"):

        class Renamed(Row):
            user = models.ForeignKey(Owner, on_delete=models.CASCADE)
            iban: Any = encrypt(models.CharField(max_length=34, null=True), label="tests.account.number")

            class Meta:
                app_label = "contenttypes"
                db_table = "renamed"

    assert Renamed.objects.get().iban == SECRET


@pytest.mark.usefixtures("account")
def test_a_value_of_a_field_that_had_another_type_is_refused_without_quoting_it() -> None:
    with isolate_apps("django.contrib.contenttypes"):

        class Retyped(Row):
            user = models.ForeignKey(Owner, on_delete=models.CASCADE)
            number: Any = encrypt(models.DateField(null=True), label="tests.account.number")

            class Meta(Row.Meta):
                abstract = False
                db_table = "contenttypes_account"

    with pytest.raises(SealError, match="sealed by a field of another type") as refusal:
        _ = Retyped.objects.get().number
    assert SECRET not in str(refusal.getrepr(chain=True))


def test_its_class_attribute_is_the_descriptor() -> None:
    assert Account.number.field is field_of(Account, "number")


def test_a_good_model_passes_its_checks() -> None:
    assert [*Account.check(), *Answer.check()] == []


@isolate_apps("django.contrib.contenttypes")
def test_a_label_must_be_given_and_used_once() -> None:
    class Wrong(models.Model):
        first: Any = encrypt(models.TextField(), label="tests.same")
        second: Any = encrypt(models.TextField(), label="tests.same")
        third: Any = encrypt(models.TextField(), label="")

        class Meta:
            app_label = "contenttypes"

    assert [error.id for error in Wrong.check()] == ["kit.E001"] * 3


@isolate_apps("django.contrib.contenttypes")
def test_it_cannot_be_unique() -> None:
    class Wrong(models.Model):
        text: Any = encrypt(models.CharField(max_length=9, unique=True), label="tests.unique")

        class Meta:
            app_label = "contenttypes"

    assert [error.id for error in Wrong.check()] == ["kit.E002"]


def test_a_sealed_value_equals_only_the_same_bytes() -> None:
    assert Sealed(b"a") == Sealed(b"a")
    assert Sealed(b"a") != Sealed(b"b")
    assert Sealed(b"a") != b"a"
    assert len({Sealed(b"a"), Sealed(b"a")}) == 1
