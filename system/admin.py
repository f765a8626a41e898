"""Background jobs in the back office."""

from django.contrib import admin
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from mingus.kit.admin import RecordAdmin, RecordInline

admin.site.unregister(ProcrastinateJob)


class EventInline(RecordInline):
    model = ProcrastinateEvent
    fields = ("type", "at")
    ordering = ("-id",)
    template_after = None
    show_change_link = False


@admin.register(ProcrastinateJob)
class JobAdmin(RecordAdmin):
    """Jobs that wait, run or failed; those that succeeded are gone. SECURITY: arguments may be personal, so none are shown."""

    list_display = ("task_name", "state", "attempts", "scheduled_at", "queue_name")
    list_filter = (("status", ChoicesDropdownFilter),)
    fields = ("task_name", "status", "attempts", "scheduled_at", "queue_name", "priority")
    csv_columns = ("id", "task_name", "status", "attempts", "scheduled_at")
    inlines = (EventInline,)

    @display(description="status", label={"todo": "info", "doing": "warning", "failed": "danger", "succeeded": "success"})
    def state(self, job: ProcrastinateJob) -> str:
        return job.status
