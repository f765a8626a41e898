"""The steps a new customer takes until the product knows enough to be useful."""

from django.core.validators import MinValueValidator
from django.db import models

from core import clock
from core.models.base import OwnedModel, gin
from core.models.constraints import between, json_shape, not_blank, together
from core.models.validators import validate_json_object
from core.privacy.declarations import own
from core.privacy.masks import personal

TABLE = "users_onboardingprogress"
FIRST_STEPS = ("profile", "income", "expenses", "accounts", "goals", "health", "notifications", "plan")


class OnboardingProgress(OwnedModel):
    """One step of a customer's way in, and what he answered there."""

    step_name = models.CharField(max_length=100)
    step_order = models.IntegerField(validators=[MinValueValidator(1)])
    is_completed = models.BooleanField(default=False)
    completed_at = models.DateTimeField(null=True, blank=True)
    step_data = models.JSONField(default=dict, blank=True, validators=[validate_json_object])

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
            not_blank(TABLE, "step_name"),
            between(TABLE, "step_order", 1),
            together(TABLE, "is_completed", "completed_at"),
            json_shape(TABLE, "step_data", "object"),
        ]
        indexes = [gin("users_onboarding", "step_data")]

    def __str__(self) -> str:
        return self.step_name

    def complete(self) -> None:
        """Tick the step off; a step that was done before keeps its instant."""
        if not self.is_completed:
            self.is_completed, self.completed_at = True, clock.now()
            self.save(update_fields=["is_completed", "completed_at"])
