"""Colleagues' roles as Django's groups: kept as `users.roles` declares them, and given to accounts."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from core import rls
from core.errors import ConflictError
from users.models import User
from users.roles import ADMINISTRATOR, CUSTOMER, EXTRA_VERBS, NO_ROLE_NAME, ROLES, StaffRole


def sync_groups(sender: AppConfig, apps: Apps = installed, **_: Any) -> None:
    """Give the groups what the table grants in one app; for Django's signal `post_migrate`, after it made the permissions.

    It runs as the owner of the tables, as migrations do. `migrate` with the name of an app may leave out the groups' own
    migration; then there is nobody to give anything to yet.
    """
    if "group" not in apps.all_models["auth"]:
        return
    with rls.as_login_role(), transaction.atomic():
        _make_extra_permissions(sender.label)
        Group.objects.bulk_create([Group(name=name) for name in ROLES], ignore_conflicts=True)
        _grant(sender.label)


def _grant(app: str) -> None:
    """Give each group its permissions of an app, and take the others of that app away."""
    there = list(Permission.objects.filter(content_type__app_label=app).select_related("content_type"))
    groups = list(Group.objects.filter(name__in=ROLES)) if there else []
    given = Group.permissions.through.objects.filter(group__in=groups, permission__in=there)
    has = set(given.values_list("group_id", "permission_id"))
    wanted = {(group.pk, item.pk) for group in groups for item in _permissions_of(ROLES[group.name], there, app)}
    for group, permission in has - wanted:
        given.filter(group_id=group, permission_id=permission).delete()
    through = Group.permissions.through
    through.objects.bulk_create([through(group_id=group, permission_id=item) for group, item in sorted(wanted - has)])


def _permissions_of(role: StaffRole, there: list[Permission], app: str) -> list[Permission]:
    names = role.permissions()
    return [item for item in there if role.is_everything or f"{app}.{item.codename}" in names]


def _make_extra_permissions(app: str) -> None:
    """Django makes a permission for each of its own verbs; this one for each of ours that the table uses."""
    extra = {
        (name, verb) for role in ROLES.values() for name, verbs in role.grants.items() for verb in set(verbs) & set(EXTRA_VERBS)
    }
    for name, verb in sorted(item for item in extra if item[0].startswith(f"{app}.")):
        model = name.split(".")[1]
        kind = ContentType.objects.filter(app_label=app, model=model).first()
        if kind is not None:
            defaults = {"name": f"Can {verb} {model}"}
            Permission.objects.get_or_create(content_type=kind, codename=f"{verb}_{model}", defaults=defaults)


def with_role(users: QuerySet[User]) -> QuerySet[User]:
    """Accounts with the name of their group as `group_name`, so that `role_of` need not ask for each."""
    groups = Group.objects.filter(user=OuterRef("pk"), name__in=ROLES).values("name")[:1]
    return users.annotate(group_name=Subquery(groups))


def role_of(user: User) -> str:
    """The name of an account's role: a colleague's, or the customer's."""
    if user.is_superuser or not user.is_staff:
        return ADMINISTRATOR if user.is_superuser else CUSTOMER
    if hasattr(user, "group_name"):
        return user.group_name or NO_ROLE_NAME
    group = user.groups.filter(name__in=ROLES).first()
    return group.name if group else NO_ROLE_NAME


@transaction.atomic
def assign_role(user: User, role: str, *, by: User | None = None) -> None:
    """Make an account a colleague's of that role, or a customer's again. `by` is the administrator who does it.

    Raises ConflictError when he would take the role from himself: somebody must be left who can give it back.
    """
    if by is not None and by.pk == user.pk and role != ADMINISTRATOR:
        raise ConflictError("own_role", "You can't take your own role away. Ask another administrator.")
    user.is_staff, user.is_superuser = role != CUSTOMER, role == ADMINISTRATOR
    user.save(update_fields=["is_staff", "is_superuser"])
    user.user_permissions.clear()
    user.groups.set(Group.objects.filter(name=role))
