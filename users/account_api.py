"""The calls of the account API that are not allauth's own.

Asking for a new password only stores a job, so the answer can't show, not even by the time it takes, who has an account.
"""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.headless.account.views import RequestPasswordResetView
from allauth.headless.constants import Client
from allauth.headless.internal.restkit import inputs
from django.http import HttpRequest
from django.urls import path

from core import jobs
from users import tasks


class ResetInput(inputs.Input):
    email = inputs.EmailField()

    def clean_email(self) -> str:
        return str(get_adapter().clean_email(self.cleaned_data["email"].lower()))

    def save(self, request: HttpRequest) -> None:
        jobs.enqueue(tasks.send_reset_mail, email=self.cleaned_data["email"])


class RequestResetView(RequestPasswordResetView):
    """`POST /_allauth/<client>/v1/auth/password/request`."""

    input_class: Any = ResetInput


urlpatterns = [
    path(f"{client.value}/v1/auth/password/request", RequestResetView.as_api_view(client=client)) for client in Client
]
