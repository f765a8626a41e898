"""Every owned list and single object of the API is a type of changes, or is left out for a reason."""

import pytest
from django.apps import apps

from core.api.viewsets import OwnedBaseViewSet
from core.audit.triggers import AuditTrigger
from core.changes.triggers import LogRelated
from core.changes.types import ChangeType, change_types
from core.fast_lists.list_states import SOURCES
from core.fast_lists.placeholders import OWNER
from dev.routes import ROUTES, Route

LEFT_OUT = {
    "changes/": "the changes themselves",
    "finance/deleted-transactions/": "their deletion is a change of the transaction; the stored copies are not logged",
    "finance/imports/<uuid:pk>/rows/": "the rows of a file, which are read with their import",
    "finance/rule-runs/": "edit runs, which are a type",
    "finance/transactions/search/": "the list of transactions",
    "system/push-devices/": "credentials of devices, whose last use is not logged",
    "users/me/uploads/": "deleted after a day, and its progress is not logged; a client polls the one that it waits for",
    "users/sessions/": "credentials, which depend on the session that asks",
    "users/tokens/": "credentials, whose last use is not logged",
    "webhooks/": "settings of the user's programs, whose state of delivery is not logged",
    "webhooks/messages/": "the deliveries of changes",
}
READ = [route for route in ROUTES if route.is_owned and route.methods.get("get") in ("list", "retrieve", "changes")]
COMPILED = [pytest.param(kind, id=name) for name, kind in change_types().items() if kind.sql_serializer]
RELATED = {
    (model._meta.db_table, related.table)
    for model in apps.get_models()
    for trigger in getattr(model._meta, "triggers", ())
    if isinstance(trigger, LogRelated)
    for related in trigger.related
}
"""Pairs of tables: a change of the first one is logged for the rows of the second one."""
NOT_LOGGED = {
    "users_user",  # only for the time zone, by which values depend on the current day
    "users_userprofile",
    "system_alertreceipt",  # of broadcasts, which are left out
}
TYPES = [pytest.param(kind, id=name) for name, kind in change_types().items()]


def is_read_whole(route: Route) -> bool:
    """Return True for a list, and for an object without a key, which its owner has once."""
    return route.is_list or not route.has_key


def test_each_list_and_single_object_is_a_type_or_left_out() -> None:
    viewsets = {kind.view_class for kind in change_types().values()}
    others = {str(route) for route in READ if is_read_whole(route) and route.view not in viewsets}
    served_twice = {"finance/transactions/search/"}
    assert others | served_twice == set(LEFT_OUT)


def test_each_type_has_a_table_of_its_own() -> None:
    tables = [kind.table for kind in change_types().values()]
    assert len(tables) == len(set(tables))


@pytest.mark.parametrize("kind", TYPES)
def test_each_change_of_a_type_is_logged(kind: ChangeType) -> None:
    assert any(isinstance(trigger, AuditTrigger) for trigger in kind.model._meta.triggers)
    assert kind.model.owner_path


@pytest.mark.parametrize("kind", TYPES)
def test_a_type_needs_no_other_permission_than_changes(kind: ChangeType) -> None:
    """SECURITY: the endpoint checks only the permissions that all owned views have, and who is closed to impersonation."""
    view = kind.view_class
    assert tuple(view.permission_classes) == tuple(OwnedBaseViewSet.permission_classes)
    assert kind.action not in view.permissions_by_action
    assert not view.depends_on_session


@pytest.mark.django_db
@pytest.mark.parametrize("kind", COMPILED)
def test_its_statements_name_the_owner(kind: ChangeType) -> None:
    """One for the access check of the viewset, and one that leaves out broadcasts."""
    for statement in (kind.statement_with_keys, kind.statement_after):
        assert statement.names.count(OWNER) >= 2


@pytest.mark.django_db
@pytest.mark.parametrize("kind", COMPILED)
def test_a_change_of_another_table_that_it_reads_is_logged(kind: ChangeType) -> None:
    sources = {name.decode().strip('"') for name in SOURCES.findall(kind.statement_with_keys.prepared_sql)}
    others = {name for name in sources if not name.startswith(("$", "U0."))} - {kind.table}
    assert others - {table for table, related in RELATED if related == kind.table} <= NOT_LOGGED


def test_no_object_refers_to_a_later_type() -> None:
    places = {kind.model: place for place, kind in enumerate(change_types().values())}
    later = [
        f"{kind.name}.{field.name}"
        for kind in change_types().values()
        for field in kind.model._meta.concrete_fields
        if field.name in kind.view_class.serializer_class().fields and places.get(field.related_model, -1) > places[kind.model]
    ]
    assert later == []
