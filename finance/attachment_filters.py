"""Filter set of the list of attachments."""

from core.api.filters.filtersets import StrictFilterSet
from finance.models import Attachment


class AttachmentFilter(StrictFilterSet):
    class Meta:
        model = Attachment
        fields = {
            "transaction": ["exact", "isnull"],
            "name": ["exact", "icontains"],
            "media_type": ["exact", "in"],
            "size": ["gte", "lte"],
            "detached_at": ["gte", "lte", "isnull"],
            "created_at": ["gte", "lte"],
            "updated_at": ["gte", "lte"],
        }
