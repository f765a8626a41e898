"""Admin pages of the devices for push notifications."""

from django.contrib import admin

from core.admin import BY_CUSTOMER, OwnedReadOnlyAdmin
from system.models import PushDevice


@admin.register(PushDevice)
class PushDeviceAdmin(OwnedReadOnlyAdmin):
    list_display = ("name", "owner", "last_sent_at", "created_at")
    list_filter = (BY_CUSTOMER,)
    list_display_links = ("name", "created_at")
    search_fields = ("name",)
    ordering_for_customer = ("-created_at", "-id")
