"""Roles are given by administrators, and the groups behind them are what the table says."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management.sql import emit_post_migrate_signal

from core.errors import ConflictError
from dev.factories import UserFactory
from users import staff_groups
from users.models import User
from users.roles import ROLES, SUPPORT, StaffRole

pytestmark = pytest.mark.django_db
GRANTED = [role for role in ROLES.values() if not role.is_everything]


def names_of(group: Group) -> set[str]:
    return {f"{app}.{name}" for app, name in group.permissions.values_list("content_type__app_label", "codename")}


@pytest.mark.parametrize("role", GRANTED, ids=lambda role: role.name)
def test_a_group_may_do_what_the_table_says_and_nothing_else(role: StaffRole) -> None:
    assert names_of(Group.objects.get(name=role.name)) == role.permissions()


def test_the_administrators_group_may_do_everything() -> None:
    assert Group.objects.get(name="administrator").permissions.count() == Permission.objects.count()


def test_what_was_changed_by_hand_is_gone_after_the_next_migration() -> None:
    group = Group.objects.get(name="support")
    group.permissions.set(Permission.objects.filter(codename="delete_user"))
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
    assert names_of(group) == SUPPORT.permissions()


@pytest.mark.parametrize("role", ROLES)
def test_an_administrator_gives_a_role_and_takes_it_back(role: str, administrator: User) -> None:
    carol = UserFactory.create()
    staff_groups.assign_role(carol, role, by=administrator)
    given = (staff_groups.role_of(User.objects.get(pk=carol.pk)), carol.is_staff)
    staff_groups.assign_role(carol, "customer", by=administrator)
    taken = (staff_groups.role_of(User.objects.get(pk=carol.pk)), carol.is_staff, carol.is_superuser, carol.groups.count())
    assert (given, taken) == ((role, True), ("customer", False, False, 0))


def test_nobody_takes_his_own_role_away(administrator: User) -> None:
    with pytest.raises(ConflictError):
        staff_groups.assign_role(administrator, "customer", by=administrator)


def test_a_colleague_without_a_role_is_called_one(staff_without_role: User) -> None:
    assert staff_groups.role_of(staff_without_role) == "colleague"


@pytest.fixture
def staff_without_role(db: None) -> User:
    return UserFactory.create(is_staff=True)
