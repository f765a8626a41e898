"""Registry of the models with data of users, and of their privacy policies.

Models of this project declare their policy themselves (`core.privacy.declarations`). Policies of models of libraries are
declared here. `users` must not import the apps above it, so this module names none of their models.
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

# By label. Models of apps that are not installed are ignored.
LIBRARIES: dict[str, Privacy] = {
    "account.EmailAddress": Privacy(
        export=True, erase=Erase.DELETE, restore=Restore.NEVER, reason="the customer's email addresses"
    ),
    "account.EmailConfirmation": internal("verification links in emails that were sent", owner="email_address__user"),
    "mfa.Authenticator": Privacy(
        export=True,
        erase=Erase.DELETE,
        restore=Restore.NEVER,
        reason="kind and date of the customer's second factors; their secrets are not exported",
        withheld=("data",),
    ),
    "users.User_groups": internal("permissions of staff; customers have none"),
    "users.User_user_permissions": internal("permissions of staff; customers have none"),
    "admin.LogEntry": Privacy(
        export=False,
        erase=Erase.KEEP,
        restore=Restore.NEVER,
        reason="actions of staff in the back office; names of erased rows are blanked",
    ),
}


def find_policy(model: AnyModel) -> Privacy | None:
    """Return the policy of a model; None if it has none."""
    return LIBRARIES.get(model._meta.label) or getattr(model, "privacy", None)


@cache
def models_with_policy() -> tuple[AnyModel, ...]:
    """Return the models with a policy, each after the models that its rows refer to."""
    found = sorted(
        (model for model in apps.get_models(include_auto_created=True) if find_policy(model)),
        key=lambda model: model._meta.label,
    )
    parents = {model: [target for target in targets_of(model) if target in found and target is not model] for model in found}
    return tuple(TopologicalSorter(parents).static_order())


def targets_of(model: AnyModel) -> list[AnyModel]:
    """Return the models that rows of `model` refer to."""
    policy = find_policy(model)
    loose = [apps.get_model(label) for label in (policy.loose_references.values() if policy else ())]
    columns = model._meta.concrete_fields
    linked = [field.related_model for field in columns if isinstance(field, models.ForeignKey)]
    named = [apps.get_model(field.refers_to) for field in columns if hasattr(field, "refers_to")]
    return sorted({*loose, *linked, *named}, key=lambda target: target._meta.label)


def policy_of(model: AnyModel) -> Privacy:
    """Return the policy of a model. Raise LookupError if it has none."""
    policy = find_policy(model)
    if policy is None:
        raise LookupError(f"{model.__name__} declares no privacy policy.")
    return policy


def rows_of(model: AnyModel, user: Any) -> QuerySet[Any]:
    """Return the rows of one user in a model with a policy. SECURITY: exports and erasures select rows by this."""
    return model._base_manager.filter(**{policy_of(model).owner: user.pk})


def is_owner(field: models.Field[Any, Any]) -> bool:
    """Return True if a field refers to the owner of its row."""
    return field.name == policy_of(field.model).owner


def other_users(model: AnyModel) -> list[models.Field[Any, Any]]:
    """Return the fields that refer to a user other than the owner, such as the assigned staff member."""
    links = [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    return [field for field in links if field.related_model is get_user_model() and not is_owner(field)]


@cache
def columns_of(model: AnyModel) -> tuple[models.Field[Any, Any], ...]:
    """Return the exported fields: all except the owner, the primary key (replaced by a number), generated and withheld ones."""
    hidden = {*policy_of(model).withheld, *getattr(model, "secret_fields", ())}
    columns = [field for field in model._meta.concrete_fields if not (field.primary_key or field.generated)]
    return tuple(field for field in columns if not (is_owner(field) or field.name in hidden))


def exported() -> list[AnyModel]:
    """Return the exported models, in the order of `models_with_policy`."""
    return [model for model in models_with_policy() if policy_of(model).export]


def restored(by: Restore) -> list[AnyModel]:
    """Return the models that an import restores; for an operator, these include records of the service."""
    allowed = (Restore.OWNER,) if by is Restore.OWNER else (Restore.OWNER, Restore.OPERATOR)
    return [model for model in exported() if policy_of(model).restore in allowed]
