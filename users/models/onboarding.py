"""The steps a new customer takes until the product knows enough to be useful."""

from django.db import models

from core import clock
from core.models.base import OwnedModel, gin
from core.models.constraints import together
from core.models.fields import BoundedIntegerField, JSONObjectField, NonBlankCharField
from core.privacy.declarations import own
from core.privacy.masks import personal

TABLE = "users_onboardingprogress"
FIRST_STEPS = ("profile", "income", "expenses", "accounts", "goals", "health", "notifications", "plan")


class OnboardingProgress(OwnedModel):
    """One step of a customer's way in, and what he answered there."""

    step_name = NonBlankCharField(max_length=100)
    step_order = BoundedIntegerField(min=1)
    is_completed = models.BooleanField(default=False)
    completed_at = models.DateTimeField(null=True, blank=True)
    step_data = JSONObjectField()

    privacy = own("what he answered on his way in", is_replaced=True)
    personal_fields = personal("step_data")

    class Meta(OwnedModel.Meta):
        verbose_name_plural = "onboarding progress"
        ordering = ["step_order"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "step_name"],
                name=f"{TABLE}_step_name_unique",
                violation_error_message="You already have a step of this name.",
            ),
            together(TABLE, "is_completed", "completed_at"),
        ]
        indexes = [gin("users_onboarding", "step_data")]

    def __str__(self) -> str:
        return self.step_name

    def complete(self) -> None:
        """Tick the step off; a step that was done before keeps its instant."""
        if not self.is_completed:
            self.is_completed, self.completed_at = True, clock.now()
            self.save(update_fields=["is_completed", "completed_at"])
