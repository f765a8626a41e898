"""Admin page of attachments, without their contents."""

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from core.admin import BY_CUSTOMER, OwnedReadOnlyAdmin
from finance.models import Attachment


@admin.register(Attachment)
class AttachmentAdmin(OwnedReadOnlyAdmin):
    list_display = ("name", "owner", "media_type", "size", "detached_at", "created_at")
    list_filter = (BY_CUSTOMER, ("media_type", ChoicesDropdownFilter))
    list_display_links = ("name", "created_at")
    search_fields = ("name",)
    ordering_for_customer = ("-created_at", "-id")
