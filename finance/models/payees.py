"""Payees: the people and companies that money goes to and comes from."""

from django.db import models

from core.models.fields import NonBlankCharField
from core.privacy.declarations import own
from core.privacy.masks import personal
from finance.models.named import CurrentNameField, NamedModel, refuse_chains

TABLE = "finance_payee"
MAX_PAYEE_LENGTH = 100


class Payee(NamedModel):
    """A person or company that pays the user or is paid, under one name for all spellings of the bank."""

    name = NonBlankCharField(max_length=MAX_PAYEE_LENGTH, help_text="For the user. Unique without regard to case and accents.")

    current_name = CurrentNameField("name", MAX_PAYEE_LENGTH)

    unaudited_fields = (*NamedModel.unaudited_fields, "current_name")  # a merge is recorded
    privacy = own("people and companies that the customer pays or is paid by")
    personal_fields = personal("name")

    class Meta(NamedModel.Meta):
        triggers = [*NamedModel.Meta.triggers, refuse_chains(TABLE)]
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner"),
            models.UniqueConstraint(
                fields=["user", "folded"], name=f"{TABLE}_name_unique", violation_error_message="You already have this payee."
            ),
            models.UniqueConstraint(fields=["user", "current_name"], name=f"{TABLE}_current_name_owner"),  # for foreign keys
        ]
