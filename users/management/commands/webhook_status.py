"""The command `webhook_status`, which prints the state of all webhooks for operators."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count, Min, Q

from core import clock
from users.models import WebhookEndpoint, WebhookMessage
from users.models.webhooks import MessageStatus

DAY = timedelta(days=1)


class Command(BaseCommand):
    help = "Print how many webhooks are enabled, failing and disabled, and how many messages wait, were delivered and given up."

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        endpoints = WebhookEndpoint.objects.aggregate(
            enabled=Count("pk", filter=Q(is_enabled=True)),
            failing=Count("pk", filter=Q(is_enabled=True, failing_since__isnull=False)),
            disabled=Count("pk", filter=Q(is_enabled=False)),
        )
        recent = Q(updated_at__gt=now - DAY)
        messages = WebhookMessage.objects.aggregate(
            waiting=Count("pk", filter=Q(status=MessageStatus.PENDING)),
            delivered=Count("pk", filter=recent & Q(status=MessageStatus.DELIVERED)),
            failed=Count("pk", filter=recent & Q(status=MessageStatus.FAILED)),
        )
        due = WebhookMessage.objects.due(now).aggregate(oldest=Min("next_attempt_at"))["oldest"]
        late = round((now - due).total_seconds()) if due else 0
        self.stdout.write(
            "Webhooks: {enabled:,} enabled, {failing:,} of them failing, {disabled:,} disabled.".format(**endpoints)
        )
        self.stdout.write(f"Messages: {messages['waiting']:,} waiting, the oldest due for {late:,} s.")
        self.stdout.write("In 24 hours: {delivered:,} delivered, {failed:,} given up.".format(**messages))
