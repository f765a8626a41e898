"""Endpoints of the account API that replace allauth's own.

A request to reset a password only stores a job, so neither the response nor its timing reveals whether an account exists.
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
