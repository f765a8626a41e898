"""The base of the back office, on django-unfold.

Staff see every customer's rows as far as Django's permissions go, so some things are settled here once: a list never counts
or scans everybody's rows, a sealed or secret value can't be put on a page, data that is a record can only be read, and what a
service refuses comes back as its sentence.
"""

from mingus.kit.admin.actions import ReasonForm, asks_first, for_ticked
from mingus.kit.admin.base import BaseAdmin, shown_on
from mingus.kit.admin.filters import AutocompleteSelectFilter
from mingus.kit.admin.masking import masking, reveal
from mingus.kit.admin.money import money
from mingus.kit.admin.owned import BY_CUSTOMER, OwnedAdmin, customers, is_key, link, linked
from mingus.kit.admin.records import OwnedInline, OwnedRecordAdmin, RecordAdmin, RecordInline
from mingus.kit.admin.unfolded import action, display

__all__ = [
    "BY_CUSTOMER",
    "AutocompleteSelectFilter",
    "BaseAdmin",
    "OwnedAdmin",
    "OwnedInline",
    "OwnedRecordAdmin",
    "ReasonForm",
    "RecordAdmin",
    "RecordInline",
    "action",
    "asks_first",
    "customers",
    "display",
    "for_ticked",
    "is_key",
    "link",
    "linked",
    "masking",
    "money",
    "reveal",
    "shown_on",
]
