"""The data dictionary and the code agree: registry, catalogue, router, serializers and admin."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction

from core.encryption.fields import is_encrypted
from dev.routes import ROUTES, Route, make
from tests.contract.dictionary import Contract, Entry, contracts
from users.models import User

CONTRACTS = contracts()
ENTRIES = [entry for contract in CONTRACTS for entry in contract.entries]
CHOICES = [entry for entry in ENTRIES if entry.choices]
BEYOND = [(entry, value) for entry in ENTRIES for value in entry.beyond]
WITHIN = [(entry, value) for entry in ENTRIES for value in entry.within]
ACTIONS = [(contract, action) for contract in CONTRACTS for action in contract.actions]

CLASSES: dict[str, tuple[type[models.Field[Any, Any]], ...]] = {
    "char": (models.CharField,),
    "text": (models.TextField,),
    "int": (models.IntegerField,),
    "decimal": (models.DecimalField,),
    "bool": (models.BooleanField,),
    "date": (models.DateField,),
    "datetime": (models.DateTimeField,),
    "time": (models.TimeField,),
    "json": (models.JSONField,),
    "enc": (models.CharField,),
    "fk": (models.ForeignKey,),
}
COLUMNS = {
    "char": "character varying",
    "text": "text",
    "int": "integer",
    "decimal": "numeric",
    "bool": "boolean",
    "date": "date",
    "datetime": "timestamp with time zone",
    "time": "time without time zone",
    "json": "jsonb",
    "enc": "bytea",
    "fk": "uuid",
}
# What the code has beyond the dictionary, each said to be so in its model's docstring.
NEXT = {"next_occurrence"}  # the first occurrence that is not settled, so that lists can sort by the next due date
INDEX = {"account_number_index"}  # finds an account by its number, which is sealed
BEYOND_THE_DICTIONARY = {"UserIncomeDueDate": NEXT, "UserExpenseDueDate": NEXT, "EncryptedFinancialProfile": INDEX}

each_model = pytest.mark.parametrize("contract", CONTRACTS, ids=str)
each_field = pytest.mark.parametrize("entry", ENTRIES, ids=str)


def field_of(entry: Entry) -> Any:
    return entry.model._meta.get_field(entry.name)


def route_of(contract: Contract) -> Route:
    """The model's address, where its list or its one row is."""
    [route] = [route for route in ROUTES if route.pattern == f"api/v1/{contract.route}/"]
    return route


def test_there_are_24_models() -> None:
    assert len(CONTRACTS) == 24


@each_model
def test_a_model_has_the_fields_of_the_dictionary_and_no_others(contract: Contract) -> None:
    ours = {"id", "created_at", "updated_at", "user", "password", "is_superuser"}
    extra: set[str] = BEYOND_THE_DICTIONARY.get(str(contract), set())
    found = {field.name for field in contract.model._meta.concrete_fields} - (ours if contract.owner else ours - {"user"})
    assert found - extra == {entry.name for entry in contract.entries}


@each_field
def test_a_field_has_its_type_and_size(entry: Entry) -> None:
    field = field_of(entry)
    sizes = {"char": field.max_length, "decimal": (getattr(field, "max_digits", 0), getattr(field, "decimal_places", 0))}
    assert isinstance(field, CLASSES[entry.type])
    assert str(sizes.get(entry.type, "")).strip("()").replace(" ", "") == (entry.size if entry.type in sizes else "")


@each_field
def test_a_field_may_be_absent_or_not(entry: Entry) -> None:
    field = field_of(entry)
    is_text = isinstance(field, models.CharField | models.TextField) and not is_encrypted(field) and not field.unique
    assert field.null is (entry.is_optional and not is_text) or (field.null and field.unique)
    assert field.blank is entry.is_optional or entry.type in ("json", "bool") or field.has_default()


@each_field
def test_a_field_has_its_default(entry: Entry) -> None:
    said = {"true": "True", "false": "False"}.get(entry.default or "", entry.default)
    field = field_of(entry)
    given = str(field.default) if field.has_default() and not callable(field.default) else None
    assert given == said


@each_field
def test_the_catalogue_has_the_column(entry: Entry) -> None:
    sql = "SELECT data_type, is_nullable FROM information_schema.columns WHERE table_name = %s AND column_name = %s"
    with connection.cursor() as cursor:
        cursor.execute(sql, [entry.model._meta.db_table, field_of(entry).column])
        assert cursor.fetchone() == (COLUMNS[entry.type], "YES" if field_of(entry).null else "NO")


test_the_catalogue_has_the_column = pytest.mark.django_db(test_the_catalogue_has_the_column)


@pytest.mark.parametrize("entry", CHOICES, ids=str)
def test_a_field_has_its_choices(entry: Entry) -> None:
    assert [value for value, _ in field_of(entry).choices] == entry.choices


@pytest.mark.parametrize(("entry", "value"), WITHIN, ids=str)
def test_a_bound_is_allowed(entry: Entry, value: Decimal) -> None:
    field_of(entry).run_validators(value)


@pytest.mark.parametrize(("entry", "value"), BEYOND, ids=str)
def test_what_is_beyond_a_bound_gets_a_sentence(entry: Entry, value: Decimal) -> None:
    with pytest.raises(ValidationError):
        field_of(entry).run_validators(value)


@pytest.mark.parametrize(("entry", "value"), BEYOND, ids=str)
def test_what_is_beyond_a_bound_is_refused_by_the_database(entry: Entry, value: Decimal, alice: User) -> None:
    [row] = make(entry.model, 1, alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.model._base_manager.filter(pk=row.pk).update(**{entry.name: value})


@each_model
def test_a_model_has_its_derived_values(contract: Contract) -> None:
    assert set(contract.model.derived) == set(contract.derived)


@each_model
def test_a_model_has_its_route(contract: Contract) -> None:
    assert route_of(contract).model is contract.model
    assert "get" in route_of(contract).methods


@each_model
def test_the_api_shows_every_field_and_derived_value(contract: Contract) -> None:
    fields = route_of(contract).view.serializer_class().fields
    hidden = {"login_attempts", "locked_until"}  # the account's own lock: only whether it is_locked
    shown = {name for name, field in fields.items() if not field.write_only}
    sealed = {entry.name for entry in contract.entries if entry.type == "enc"}
    assert {entry.name for entry in contract.entries} - sealed - hidden | set(contract.derived) <= shown
    assert all(fields[name].write_only for name in sealed)
    assert all(fields[name].read_only for name in contract.derived)


@pytest.mark.parametrize(("contract", "action"), ACTIONS, ids=str)
def test_an_action_has_an_address(contract: Contract, action: str) -> None:
    base = f"api/v1/{contract.route}/"
    assert {f"{base}{action}/", f"{base}<uuid:pk>/{action}/"} & {route.pattern for route in ROUTES}


@each_model
def test_a_model_has_its_page_in_the_back_office(contract: Contract) -> None:
    assert contract.model in admin.site._registry


@each_model
def test_an_owned_model_goes_with_its_owner(contract: Contract) -> None:
    field = contract.model._meta.get_field("user") if contract.owner else None
    assert (field is None) is (contract.owner == "")
    assert field is None or (field.remote_field.on_delete is models.CASCADE and field.null is ("?" in contract.owner))
    assert field is None or field.one_to_one is ("o2o" in contract.owner)
