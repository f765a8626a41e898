"""Background jobs in the back office."""

from django.contrib import admin
from django.http import HttpRequest
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from mingus.kit.admin import RecordAdmin, RecordInline, display

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

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> ProcrastinateJob | None:
        """The job without its arguments, which its name would quote."""
        job: ProcrastinateJob | None = super().get_object(request, object_id, from_field)
        if job is not None:
            job.args = {}
        return job

    @display(description="status", label={"todo": "info", "doing": "warning", "failed": "danger", "succeeded": "success"})
    def state(self, job: ProcrastinateJob) -> str:
        return job.status
