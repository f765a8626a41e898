"""Admin pages of income projections."""

from django.contrib import admin

from core.admin import BY_CUSTOMER, DaysFilter, OwnedAdmin, ReadOnlyInline, display, inline_on, linked
from finance.models import IncomeProjection
from users.models import User


class ProjectionColumns:
    """Projection columns shared by the list and the customer's page."""

    @display(description="growth per year")
    def yearly(self, projection: IncomeProjection) -> str:
        rate = projection.annual_growth_rate
        return "-" if rate is None else f"{rate} %"


@inline_on(User)
class ProjectionInline(ProjectionColumns, ReadOnlyInline):
    model = IncomeProjection
    fields = ("day", "current_income", "projected_income_1_year", "projected_income_5_years", "yearly")
    day = linked("projection_date", "day")
    ordering = ("-projection_date", "-id")


@admin.register(IncomeProjection)
class ProjectionAdmin(ProjectionColumns, OwnedAdmin):
    list_display = (
        "projection_date",
        "owner",
        "current_income",
        "projected_income_1_year",
        "projected_income_3_years",
        "projected_income_5_years",
        "yearly",
        "confidence_level",
    )
    list_filter = (BY_CUSTOMER, ("projection_date", DaysFilter))
    ordering_for_customer = ("-projection_date", "-id")
    sortable_by_for_customer = ("projection_date",)
    csv_columns = (
        "id",
        "user__email",
        "projection_date",
        "current_income",
        "projected_income_1_year",
        "projected_income_3_years",
        "projected_income_5_years",
        "growth_rate",
        "confidence_level",
    )
