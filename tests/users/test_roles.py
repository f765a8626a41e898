"""Roles assigned by administrators, and the permissions of their groups."""

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
def test_a_group_has_exactly_the_permissions_of_the_table(role: StaffRole) -> None:
    assert names_of(Group.objects.get(name=role.name)) == role.permissions()


def test_the_administrators_group_has_all_permissions() -> None:
    assert Group.objects.get(name="administrator").permissions.count() == Permission.objects.count()


def test_manual_changes_are_reset_by_the_next_migration() -> None:
    group = Group.objects.get(name="support")
    group.permissions.set(Permission.objects.filter(codename="delete_user"))
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
    assert names_of(group) == SUPPORT.permissions()


@pytest.mark.parametrize("role", ROLES)
def test_an_administrator_assigns_and_removes_a_role(role: str, administrator: User) -> None:
    carol = UserFactory.create()
    staff_groups.assign_role(carol, role, by=administrator)
    assigned = (staff_groups.role_of(User.objects.get(pk=carol.pk)), carol.is_staff)
    staff_groups.assign_role(carol, "customer", by=administrator)
    removed = (staff_groups.role_of(User.objects.get(pk=carol.pk)), carol.is_staff, carol.is_superuser, carol.groups.count())
    assert (assigned, removed) == ((role, True), ("customer", False, False, 0))


def test_administrators_cannot_remove_their_own_role(administrator: User) -> None:
    with pytest.raises(ConflictError):
        staff_groups.assign_role(administrator, "customer", by=administrator)


def test_a_staff_member_without_a_role_has_a_fallback(staff_without_role: User) -> None:
    assert staff_groups.role_of(staff_without_role) == "no role"


@pytest.fixture
def staff_without_role(db: None) -> User:
    return UserFactory.create(is_staff=True)
