"""Registration of devices for push notifications, and the notifications of alerts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, transaction

from core import clock, jobs, rls
from core.errors import ConflictError, DomainError
from system import web_push
from system.models import AlertType, NotificationFrequency, NotificationPreference, NotificationType, PushDevice, SystemAlert
from system.models.push_devices import MAX_DEVICES, digest_of
from system.services.preferences import preference_for

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
NOT_CONFIGURED = "This server sends no push notifications. `available_channels` of the preferences lists the channels."
UNKNOWN_SERVICE = "This is not the endpoint of a known push service. Send what `pushManager.subscribe()` returns."
TOO_MANY = f"A user has at most {MAX_DEVICES} devices. Delete one that is not used any more."
TYPES = {
    AlertType.SECURITY: NotificationType.SECURITY,
    AlertType.BILLING: NotificationType.BILLING,
}


def require_configured() -> str:
    """Return the server's public key. Raise ConflictError if push notifications are not configured."""
    if not settings.WEB_PUSH_PRIVATE_KEY:
        raise ConflictError("push_not_configured", NOT_CONFIGURED)
    return web_push.public_key_of(settings.WEB_PUSH_PRIVATE_KEY)


@transaction.atomic
def register_device(*, user: Any, name: str, subscription: dict[str, Any], types: list[str]) -> PushDevice:
    """Store a device, or the new keys of a known one, and switch on push for the `types` of notifications.

    Raise DomainError for an endpoint that is not one of a known push service.
    """
    require_configured()
    if not web_push.is_push_service(subscription["endpoint"]):
        raise DomainError("unknown_push_service", UNKNOWN_SERVICE, field="subscription.endpoint")
    with connection.cursor() as cursor:  # parallel requests of a user wait, so that the number is right
        cursor.execute(LOCK, [f"push devices of {user.pk}"])
    digest = digest_of(subscription["endpoint"])
    device = PushDevice.objects.for_user(user).filter(endpoint_digest=digest).first()
    if device is None and PushDevice.objects.for_user(user).count() >= MAX_DEVICES:
        raise ConflictError("too_many_devices", TOO_MANY)
    device = device or PushDevice(user=user, endpoint_digest=digest)
    device.name, device.subscription = name, subscription
    device.save()
    for kind in types:
        NotificationPreference.objects.update_or_create(user=user, notification_type=kind, defaults={"push_enabled": True})
    return device


def enqueue_for(alerts: list[SystemAlert]) -> None:
    """Enqueue the push notifications of new alerts, for the users who have a device."""
    if not settings.WEB_PUSH_PRIVATE_KEY:
        return
    users = {alert.user_id for alert in alerts if alert.user_id}
    with_device = set(PushDevice.objects.filter(user__in=users).values_list("user_id", flat=True))
    for alert in alerts:
        if alert.user_id in with_device:
            jobs.enqueue(push_alert, user=str(alert.user_id), alert=str(alert.pk))


@jobs.task()
def push_alert(*, user: str, alert: str) -> None:
    """Enqueue a job for each device that gets an alert, at the end of the user's quiet hours."""
    with rls.as_customer(get_user_model()(pk=UUID(user))):
        devices, wait = devices_to_notify(alert_id=UUID(alert), user_id=UUID(user), now=clock.now())
    for device in devices:
        push_to_device.configure(schedule_at=wait).defer(user=user, alert=alert, device=str(device))


@jobs.task(retries=8)  # for eight minutes
def push_to_device(*, user: str, alert: str, device: str) -> None:
    """Send an alert to a device."""
    with rls.as_customer(get_user_model()(pk=UUID(user))):
        is_done = send_to_device(alert_id=UUID(alert), device_id=UUID(device), now=clock.now())
    if not is_done:
        raise web_push.PushError("The push service is busy or can't be reached. The job is retried.")


def devices_to_notify(*, alert_id: UUID, user_id: UUID, now: datetime) -> tuple[list[UUID], datetime | None]:
    """Return the keys of the devices that get an alert, and until when it must wait for the end of the quiet hours.

    There are none if the user has switched push off for its type, or has read the alert.
    """
    found = SystemAlert.objects.filter(pk=alert_id, user=user_id, is_read=False).first()
    if found is None or SystemAlert.is_expired.at(found, now):
        return [], None
    user = get_user_model().objects.select_related("profile").get(pk=user_id)
    preference = preference_for(user, TYPES.get(AlertType(found.alert_type), NotificationType.SYSTEM))
    if not preference.push_enabled or preference.frequency != NotificationFrequency.IMMEDIATE:
        return [], None
    return list(PushDevice.objects.for_user(user).values_list("pk", flat=True)), preference.quiet_until(now)


def send_to_device(*, alert_id: UUID, device_id: UUID, now: datetime) -> bool:
    """Send an alert to a device. Return False if the push service is to be asked again later. Delete a device that is gone."""
    device = PushDevice.objects.filter(pk=device_id).first()
    alert = SystemAlert.objects.filter(pk=alert_id).first()
    if device is None or alert is None:
        return True
    message = {"title": alert.title, "body": alert.message, "alert": str(alert.pk), "type": alert.alert_type}
    outcome = web_push.send(device.subscription, message, severity=alert.severity)
    if outcome == web_push.ENDED:
        device.delete()
    elif outcome == web_push.SENT:
        PushDevice.objects.filter(pk=device.pk).update(last_sent_at=now)
    return outcome != web_push.BUSY
