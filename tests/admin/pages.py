"""URLs and rows of every model in the back office, so that tests cover the next model without a change."""

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from core.mail import deliver
from dev.factories import FACTORIES, UserFactory

REGISTERED: list[type[Model]] = sorted(admin.site._registry, key=lambda model: model._meta.label)


def page_url(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def make(model: type[Model], number: int = 1) -> Any:
    """Store rows of any registered model, each with an owner of its own, and return the last one."""
    rows = [_make_one(model) for _ in range(number)]
    return rows[-1]


def _make_one(model: type[Model]) -> Any:
    if model is EmailAddress:
        user: Any = UserFactory()
        return EmailAddress.objects.create(user=user, email=user.email)
    if model is Group:
        return Group.objects.create(name=f"group {Group.objects.count()}")
    if model is ProcrastinateJob:
        return ProcrastinateJob.objects.get(pk=deliver.defer(encrypted="c2VjcmV0"))
    return FACTORIES[model]()


def name(model: type[Model]) -> str:
    return model.__name__
