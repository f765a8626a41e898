"""The data dictionary, compared with the models, the database, the routes, the serializers and the admin."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction

from core.encryption.fields import is_encrypted
from core.models.references import NameReferenceField, NameReferencesField
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
    "name": (NameReferenceField,),
    "names": (NameReferencesField,),
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
    "name": "character varying",
    "names": "ARRAY",
}
# Columns that are not in the dictionary, each explained in its model's docstring.
NEXT = {"next_occurrence"}  # the first unpaid occurrence, so that lists can sort by the next due date
INDEX = {"account_number_index"}  # finds an account by its encrypted number
FOLDED = {"folded"}  # the name without case and accents, by which a row is found
BEYOND_THE_DICTIONARY = {
    "Category": FOLDED | {"current_slug"},  # what foreign keys refer to: NULL if the row was merged
    "Tag": FOLDED,
    "Payee": FOLDED | {"current_name"},
    "FinancialTransaction": {"search_text"},
    "TransactionSplit": {"search_text"},
    "UserIncomeDueDate": NEXT,
    "UserExpenseDueDate": NEXT,
    "EncryptedFinancialProfile": INDEX,
}

each_model = pytest.mark.parametrize("contract", CONTRACTS, ids=str)
each_field = pytest.mark.parametrize("entry", ENTRIES, ids=str)


def field_of(entry: Entry) -> Any:
    return entry.model._meta.get_field(entry.name)


def route_of(contract: Contract) -> Route:
    """Return the route of the model's list or only row."""
    [route] = [route for route in ROUTES if route.pattern == f"api/v1/{contract.route}/"]
    return route


def test_there_are_24_models_of_the_design_and_nine_more() -> None:
    assert len(CONTRACTS) == 24 + 9


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
def test_a_field_is_optional_or_required(entry: Entry) -> None:
    field = field_of(entry)
    texts = models.CharField | models.TextField | NameReferencesField
    is_text = isinstance(field, texts) and entry.type != "name" and not is_encrypted(field) and not field.unique
    assert field.null is (entry.is_optional and not is_text) or (field.null and field.unique)
    assert field.blank is entry.is_optional or entry.type in ("json", "bool") or field.has_default()


@each_field
def test_a_field_has_its_default(entry: Entry) -> None:
    expected = {"true": "True", "false": "False"}.get(entry.default or "", entry.default)
    field = field_of(entry)
    actual = str(field.default) or None if field.has_default() and not callable(field.default) else None
    assert actual == expected


@pytest.mark.django_db
@each_field
def test_the_database_has_the_column(entry: Entry) -> None:
    sql = "SELECT data_type, is_nullable FROM information_schema.columns WHERE table_name = %s AND column_name = %s"
    with connection.cursor() as cursor:
        cursor.execute(sql, [entry.model._meta.db_table, field_of(entry).column])
        assert cursor.fetchone() == (COLUMNS[entry.type], "YES" if field_of(entry).null else "NO")


@pytest.mark.parametrize("entry", CHOICES, ids=str)
def test_a_field_has_its_choices(entry: Entry) -> None:
    assert [value for value, _ in field_of(entry).choices] == entry.choices


@pytest.mark.parametrize(("entry", "value"), WITHIN, ids=str)
def test_a_bound_is_allowed(entry: Entry, value: Decimal) -> None:
    field_of(entry).run_validators(value)


@pytest.mark.parametrize(("entry", "value"), BEYOND, ids=str)
def test_a_value_beyond_a_bound_is_a_validation_error(entry: Entry, value: Decimal) -> None:
    with pytest.raises(ValidationError):
        field_of(entry).run_validators(value)


@pytest.mark.parametrize(("entry", "value"), BEYOND, ids=str)
def test_a_value_beyond_a_bound_is_refused_by_the_database(entry: Entry, value: Decimal, alice: User) -> None:
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
    hidden = {"login_attempts", "locked_until", "last_totp_step"}  # the API shows only `is_locked`
    hidden |= {"new_email", "new_email_expires_at"}  # and `pending_email`
    hidden |= {"merged_into"}  # and no merged rows
    shown = {name for name, field in fields.items() if not field.write_only}
    encrypted = {entry.name for entry in contract.entries if entry.type == "enc"}
    assert {entry.name for entry in contract.entries} - encrypted - hidden | set(contract.derived) <= shown
    assert all(fields[name].write_only for name in encrypted & fields.keys())
    writable = {"amount_owed"}  # sent in place of `account_balance`
    assert {name for name in contract.derived if not fields[name].read_only} <= writable


@pytest.mark.parametrize(("contract", "action"), ACTIONS, ids=str)
def test_an_action_has_a_route(contract: Contract, action: str) -> None:
    base = f"api/v1/{contract.route}/"
    assert {f"{base}{action}/", f"{base}<uuid:pk>/{action}/"} & {route.pattern for route in ROUTES}


@each_model
def test_a_model_has_its_page_in_the_back_office(contract: Contract) -> None:
    assert contract.model in admin.site._registry


@each_model
def test_an_owned_model_is_deleted_with_its_owner(contract: Contract) -> None:
    field = contract.model._meta.get_field("user") if contract.owner else None
    assert (field is None) is (contract.owner == "")
    assert field is None or (field.remote_field.on_delete is models.CASCADE and field.null is ("?" in contract.owner))
    assert field is None or field.one_to_one is ("o2o" in contract.owner)
