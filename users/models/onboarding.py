"""Onboarding steps of a new customer."""

from django.db import models

from core import clock
from core.changes.triggers import Related, log_related
from core.models.base import OwnedModel, gin
from core.models.constraints import together
from core.models.fields import BoundedIntegerField, JSONObjectField, NonBlankCharField
from core.privacy.declarations import own
from core.privacy.masks import personal

TABLE = "users_onboardingprogress"
FIRST_STEPS = ("profile", "income", "expenses", "accounts", "goals", "health", "notifications", "plan")
PROFILE = Related("users_userprofile")  # which shows whether all steps are completed
log_profile = log_related(PROFILE, columns=("is_completed",))


class OnboardingProgress(OwnedModel):
    """One onboarding step of a customer, with the data that they entered."""

    step_name = NonBlankCharField(max_length=100, help_text="Name of the step for the client, unique among the user's steps.")
    step_order = BoundedIntegerField(min=1, help_text="Position in the list, from 1.")
    is_completed = models.BooleanField(default=False, help_text="True once the user has completed the step.")
    completed_at = models.DateTimeField(null=True, blank=True, help_text="When it was completed. Null if it is not.")
    step_data = JSONObjectField(help_text="Data that the user entered, as a JSON object.")

    privacy = own("data that the customer entered during onboarding", is_replaced=True)
    personal_fields = personal("step_data")

    class Meta(OwnedModel.Meta):
        verbose_name = "onboarding step"
        triggers = [*OwnedModel.Meta.triggers, *log_profile]
        ordering = ["step_order"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "step_name"],
                name=f"{TABLE}_step_name_unique",
                violation_error_message="You already have a step with this name.",
            ),
            together(TABLE, "is_completed", "completed_at"),
        ]
        indexes = [gin("users_onboarding", "step_data")]

    def __str__(self) -> str:
        return self.step_name

    def complete(self) -> None:
        """Mark the step as completed. A completed step retains its time of completion."""
        if not self.is_completed:
            self.is_completed, self.completed_at = True, clock.now()
            self.save(update_fields=["is_completed", "completed_at"])
