"""Which models hold something of a user, and what is to become of it: the registry of models with their declarations.

Models of our own say it themselves (`core.privacy.declarations`); for those of libraries it is said here. `users` knows no app
above it, so nothing here names one of their models.
"""

from functools import cache
from graphlib import TopologicalSorter
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import QuerySet

from core.privacy.declarations import Erase, Privacy, Restore, internal

AnyModel = type[models.Model]

# By label; what is not installed is passed over.
LIBRARIES: dict[str, Privacy] = {
    "account.EmailAddress": Privacy(
        export=True, erase=Erase.DELETE, restore=Restore.NEVER, because="the addresses that he has shown to be his"
    ),
    "account.EmailConfirmation": internal("links in mails that are on their way", owner="email_address__user"),
    "mfa.Authenticator": Privacy(
        export=True,
        erase=Erase.DELETE,
        restore=Restore.NEVER,
        because="his second factors: of which kind, since when; what they are checked against stays here",
        withheld=("data",),
    ),
    "users.User_groups": internal("powers of colleagues; a customer has none"),
    "users.User_user_permissions": internal("powers of colleagues; a customer has none"),
    "admin.LogEntry": Privacy(
        export=False,
        erase=Erase.KEEP,
        restore=Restore.NEVER,
        because="what colleagues did in the back office; the names of rows that are erased are blanked in it",
    ),
}


def policy_of(model: AnyModel) -> Privacy | None:
    """What becomes of a model's rows; None when nobody has declared it."""
    return LIBRARIES.get(model._meta.label) or getattr(model, "privacy", None)


@cache
def declared() -> tuple[AnyModel, ...]:
    """The models with a policy, each after those that its rows refer to."""
    found = sorted(
        (model for model in apps.get_models(include_auto_created=True) if policy_of(model)), key=lambda model: model._meta.label
    )
    parents = {model: [target for target in targets_of(model) if target in found and target is not model] for model in found}
    return tuple(TopologicalSorter(parents).static_order())


def targets_of(model: AnyModel) -> list[AnyModel]:
    """The models that rows of `model` refer to."""
    policy = policy_of(model)
    loose = [apps.get_model(label) for label in (policy.loose_references.values() if policy else ())]
    linked = [field.related_model for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    return sorted({*loose, *linked}, key=lambda target: target._meta.label)


def stated(model: AnyModel) -> Privacy:
    """The policy of a model that `declared` gave."""
    policy = policy_of(model)
    if policy is None:
        raise LookupError(f"{model.__name__} declares no privacy policy.")
    return policy


def rows_of(model: AnyModel, user: Any) -> QuerySet[Any]:
    """The rows of one user in any model with a policy. SECURITY: what is exported and erased is chosen here."""
    return model._base_manager.filter(**{stated(model).owner: user.pk})


def is_owner(field: models.Field[Any, Any]) -> bool:
    """Whether a column says whose its row is."""
    return field.name == stated(field.model).owner


def other_users(model: AnyModel) -> list[models.Field[Any, Any]]:
    """Columns that name a user who is not the row's owner, such as the colleague whom it is assigned to."""
    links = [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    return [field for field in links if field.related_model is get_user_model() and not is_owner(field)]


@cache
def columns_of(model: AnyModel) -> tuple[models.Field[Any, Any], ...]:
    """The columns that an export holds: all but the owner, the key of a row (it gets a number), and what is withheld."""
    hidden = {*stated(model).withheld, *getattr(model, "secret_fields", ())}
    return tuple(
        field for field in model._meta.concrete_fields if not (field.primary_key or is_owner(field) or field.name in hidden)
    )


def exported() -> list[AnyModel]:
    """The models that an export holds, in the order of `declared`."""
    return [model for model in declared() if stated(model).export]


def restored(by: Restore) -> list[AnyModel]:
    """The models whose rows come back out of an export: to an operator also what the service recorded."""
    who = (Restore.OWNER,) if by is Restore.OWNER else (Restore.OWNER, Restore.OPERATOR)
    return [model for model in exported() if stated(model).restore in who]
