"""URLs of the account API that have views of our own, before allauth's."""

from allauth.headless.constants import Client
from django.urls import path

from users.account_api.addresses import EmailView, ResendView, UndoEmailChangeView, VerifyView
from users.account_api.factors import SecurityKeyView, TOTPView
from users.account_api.passwords import PasswordLoginView, PasswordView, RequestResetView, ResetView

VIEWS = {
    "account/authenticators/totp": TOTPView,
    "account/authenticators/webauthn": SecurityKeyView,
    "auth/login": PasswordLoginView,
    "auth/password/request": RequestResetView,
    "auth/password/reset": ResetView,
    "auth/email/verify": VerifyView,
    "auth/email/verify/resend": ResendView,
    "auth/email/undo": UndoEmailChangeView,
    "account/password/change": PasswordView,
    "account/email": EmailView,
}
urlpatterns = [
    path(f"{client.value}/v1/{name}", view.as_api_view(client=client)) for client in Client for name, view in VIEWS.items()
]
