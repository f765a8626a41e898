"""The base of the back office, on django-unfold.

Staff see every customer's rows as far as Django's permissions go, so some things are settled here once: a list never counts
or scans everybody's rows, a sealed or secret value can't be put on a page, data that is a record can only be read, and what a
service refuses comes back as its sentence.
"""

from core.admin.actions import ReasonForm, confirmed_action, for_selected_rows
from core.admin.base import BaseAdmin, inline_on
from core.admin.customer_admin import BY_CUSTOMER, OwnedAdmin, column, customers, is_key, link, linked
from core.admin.filters import AutocompleteSelectFilter
from core.admin.masking import masking, reveal
from core.admin.money import money
from core.admin.readonly_admin import OwnedInline, OwnedReadOnlyAdmin, ReadOnlyAdmin, ReadOnlyInline
from core.admin.unfold_compat import action, display

__all__ = [
    "BY_CUSTOMER",
    "AutocompleteSelectFilter",
    "BaseAdmin",
    "OwnedAdmin",
    "OwnedInline",
    "OwnedReadOnlyAdmin",
    "ReasonForm",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "action",
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
