"""Base classes of the back office, on django-unfold.

- Lists never count or scan the rows of all customers.
- An encrypted or secret value can't be put on a page.
- Records, such as audit events, are read-only.
- An error of a service is shown as its message.
"""

from core.admin.actions import ReasonForm, confirmed_action, for_selected_rows
from core.admin.base import BaseAdmin, HiddenActionsMixin, inline_on
from core.admin.customer_admin import BY_CUSTOMER, OwnedAdmin, amount_column, column, customers, is_key, link, linked
from core.admin.filters import AutocompleteSelectFilter, DaysFilter
from core.admin.masking import masking, reveal
from core.admin.money import money
from core.admin.readonly_admin import OwnedInline, OwnedReadOnlyAdmin, ReadOnlyAdmin, ReadOnlyInline
from core.admin.unfold_compat import action, display

__all__ = [
    "BY_CUSTOMER",
    "AutocompleteSelectFilter",
    "BaseAdmin",
    "DaysFilter",
    "HiddenActionsMixin",
    "OwnedAdmin",
    "OwnedInline",
    "OwnedReadOnlyAdmin",
    "ReasonForm",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "action",
    "amount_column",
    "column",
    "confirmed_action",
    "customers",
    "display",
    "for_selected_rows",
    "is_key",
    "link",
    "linked",
    "masking",
    "money",
    "reveal",
    "inline_on",
]
