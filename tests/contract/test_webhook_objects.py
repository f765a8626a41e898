"""The kinds of objects whose changes webhooks send, compared with the routes of the API."""

from django.apps import apps

from core.changes.types import change_types
from dev.routes import ROUTES
from users.webhooks.objects import EVENT_TYPES, OBJECTS

NOT_SENT = {
    "system_accessevent": "a log",
    "system_pushdevice": "a credential",
    "users_dataexport": "a copy of other rows for a week",
    "users_upload": "the progress of a job",
    "users_usersession": "a credential",
    "users_personalaccesstoken": "a credential",
    "users_webhookendpoint": "a message about it would be about itself",
    "users_webhookmessage": "likewise",
    "finance_statementimportrow": "a part of an import",
    "finance_deletedtransaction": "a deleted transaction, which is in the message about it",
    "analytics_useranalytics": "written with each use of the app",
    "analytics_featureusage": "likewise",
}


def test_changes_of_every_owned_object_are_sent() -> None:
    owned = {route.model._meta.db_table for route in ROUTES if route.is_owned}
    assert owned == {*OBJECTS.values(), *NOT_SENT}
    assert not NOT_SENT.keys() & set(OBJECTS.values())


def test_the_tables_exist_and_have_one_kind_each() -> None:
    tables = {model._meta.db_table for model in apps.get_models()}
    assert set(OBJECTS.values()) <= tables
    assert len(set(OBJECTS.values())) == len(OBJECTS) == len(EVENT_TYPES)


def test_the_kinds_are_those_of_the_endpoint_for_changes() -> None:
    tables = {name: kind.table for name, kind in change_types().items()}
    assert {name: table for name, table in tables.items() if table not in NOT_SENT} == OBJECTS
