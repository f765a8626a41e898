"""Factories of the system models."""

from uuid import uuid4

import factory
from factory.django import DjangoModelFactory

from dev.factories.times import day_from_now, days_from_now
from dev.factories.users import OwnedFactory, UserFactory
from system.models import (
    AccessEvent,
    AlertReceipt,
    AuditEvent,
    ImportantDate,
    NotificationPreference,
    NotificationType,
    PushDevice,
    SystemAlert,
)
from system.models.push_devices import digest_of


class AlertFactory(OwnedFactory):
    class Meta:
        model = SystemAlert

    alert_type = "user"
    severity = "medium"
    title = factory.Sequence(lambda number: f"Alert {number}")
    message = "Your statement is ready."


class BroadcastReceiptFactory(OwnedFactory):
    class Meta:
        model = AlertReceipt

    alert = factory.SubFactory(AlertFactory, user=None)
    read_at = days_from_now(-9)


class ImportantDateFactory(OwnedFactory):
    class Meta:
        model = ImportantDate

    date_name = factory.Sequence(lambda number: f"Date {number}")
    date_type = "financial"
    date_value = day_from_now(4)


class PreferenceFactory(OwnedFactory):
    class Meta:
        model = NotificationPreference
        django_get_or_create = ("user", "notification_type")  # a user has at most one of each type

    notification_type = factory.Sequence(lambda number: NotificationType.values[number % len(NotificationType.values)])


class PushDeviceFactory(OwnedFactory):
    class Meta:
        model = PushDevice

    name = factory.Sequence(lambda number: f"Phone {number}")
    endpoint_digest = factory.LazyAttribute(lambda row: digest_of(row.endpoint))
    subscription = factory.LazyAttribute(lambda row: {"endpoint": row.endpoint, "keys": {"p256dh": "B" * 87, "auth": "A" * 22}})

    class Params:
        endpoint = factory.LazyFunction(lambda: f"https://updates.push.services.mozilla.com/wpush/v2/{uuid4().hex}")


class AccessEventFactory(OwnedFactory):
    class Meta:
        model = AccessEvent

    staff = factory.SubFactory(UserFactory, is_staff=True)
    who = "Sam, support"
    action = "view"
    what = "users.userprofile"
    period = days_from_now(-9)


class AuditEventFactory(DjangoModelFactory):
    """The event that the database recorded for a new alert, because events cannot be inserted directly."""

    class Meta:
        model = AuditEvent

    @classmethod
    def _create(cls, model_class, *args, **kwargs):  # type: ignore[no-untyped-def]
        alert = AlertFactory(**kwargs)
        return model_class.objects.of_row("system_systemalert", alert.pk).get()
