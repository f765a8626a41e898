"""Staff roles as Django groups: synced with `users.roles`, and assigned to accounts."""

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
    """Sync the groups' permissions of one app; a receiver of `post_migrate`, which runs after Django creates permissions.

    It runs as the owner of the tables, as migrations do. If `migrate` was called for one app, the table of groups may not
    exist yet; then there is nothing to sync.
    """
    if "group" not in apps.all_models["auth"]:
        return
    with rls.as_login_role(), transaction.atomic():
        _create_extra_permissions(sender.label)
        Group.objects.bulk_create([Group(name=name) for name in ROLES], ignore_conflicts=True)
        _grant(sender.label)


def _grant(app: str) -> None:
    """Grant each group its permissions of an app, and revoke its other permissions of that app."""
    existing = list(Permission.objects.filter(content_type__app_label=app).select_related("content_type"))
    groups = list(Group.objects.filter(name__in=ROLES)) if existing else []
    granted = Group.permissions.through.objects.filter(group__in=groups, permission__in=existing)
    current = set(granted.values_list("group_id", "permission_id"))
    wanted = {(group.pk, item.pk) for group in groups for item in _permissions_of(ROLES[group.name], existing, app)}
    for group, permission in current - wanted:
        granted.filter(group_id=group, permission_id=permission).delete()
    through = Group.permissions.through
    through.objects.bulk_create([through(group_id=group, permission_id=item) for group, item in sorted(wanted - current)])


def _permissions_of(role: StaffRole, existing: list[Permission], app: str) -> list[Permission]:
    names = role.permissions()
    return [item for item in existing if role.is_everything or f"{app}.{item.codename}" in names]


def _create_extra_permissions(app: str) -> None:
    """Create the permissions of EXTRA_VERBS that the roles use; Django creates those of its own verbs."""
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
    """Annotate accounts with the name of their group as `group_name`, so that `role_of` needs no query for each."""
    groups = Group.objects.filter(user=OuterRef("pk"), name__in=ROLES).values("name")[:1]
    return users.annotate(group_name=Subquery(groups))


def role_of(user: User) -> str:
    """Return the name of an account's role, which is `customer` for customers."""
    if user.is_superuser or not user.is_staff:
        return ADMINISTRATOR if user.is_superuser else CUSTOMER
    if hasattr(user, "group_name"):
        return user.group_name or NO_ROLE_NAME
    group = user.groups.filter(name__in=ROLES).first()
    return group.name if group else NO_ROLE_NAME


@transaction.atomic
def assign_role(user: User, role: str, *, by: User | None = None) -> None:
    """Set the role of an account: a staff role, or `customer`. `by` is the administrator who sets it.

    Raises ConflictError if `by` would lose their own role: one administrator must remain, who can assign roles.
    """
    if by is not None and by.pk == user.pk and role != ADMINISTRATOR:
        raise ConflictError("own_role", "You can't remove your own role. Ask another administrator.")
    user.is_staff, user.is_superuser = role != CUSTOMER, role == ADMINISTRATOR
    user.save(update_fields=["is_staff", "is_superuser"])
    user.user_permissions.clear()
    user.groups.set(Group.objects.filter(name=role))
