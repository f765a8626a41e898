"""Plans in the back office."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter

from billing import services, tasks
from billing.models import SubscriptionPlan
from core import jobs
from core.admin import BaseAdmin, amount_column


@admin.register(SubscriptionPlan)
class PlanAdmin(BaseAdmin):
    """Plans. Saving changed features or limits starts a job that updates the access of all subscribers."""

    list_display = ("name", "billing_cycle", "cost", "is_active", "description")
    list_filter = (("billing_cycle", ChoicesDropdownFilter), ("is_active", BooleanRadioFilter))
    search_fields = ("name", "description")
    ordering = ("price", "id")
    readonly_fields = ("stripe_product_id", "stripe_price_id")
    csv_columns = ("id", "name", "billing_cycle", "price", "currency", "is_active", "features", "limits")

    cost = amount_column("price", "price")

    def save_model(self, request: HttpRequest, obj: SubscriptionPlan, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if {"features", "limits"} & set(form.changed_data):
            jobs.enqueue(tasks.regrant_plan, plan_id=str(obj.pk))

    def delete_model(self, request: HttpRequest, obj: SubscriptionPlan) -> None:
        services.delete_plan(obj)
