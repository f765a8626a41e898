"""Serializer of attachments, and the form of their upload."""

from typing import Any, cast

from django.utils.datastructures import MultiValueDict
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from core.api.examples import EXAMPLE_ID, EXAMPLE_TIME
from core.api.serializers import BaseSerializer, OwnedKeyField, StrictSerializer
from core.models.base import BaseModel
from finance import services
from finance.attachment_names import MAX_NAME_LENGTH, clean_name
from finance.models import Attachment, FinancialTransaction

NAME_HELP = (
    "Name of the file, without folders, and without characters that are invisible or that file systems refuse. One without the "
    "ending of the file's type gets it. Default: the name that was sent with the file."
)


@extend_schema_serializer(description="A file of a transaction, such as a receipt. `download/` has its contents.")
class AttachmentSerializer(BaseSerializer):
    class Meta:
        model = Attachment
        example = {
            "id": EXAMPLE_ID,
            "transaction": EXAMPLE_ID,
            "name": "receipt.pdf",
            "media_type": "pdf",
            "size": 48213,
            "detached_at": None,
            "created_at": EXAMPLE_TIME,
            "updated_at": EXAMPLE_TIME,
        }

    def validate_name(self, name: str) -> str:
        return clean_name(name, cast("Attachment", self.instance).media_type)

    def validate_transaction(self, target: FinancialTransaction | None) -> FinancialTransaction | None:
        if target is None and cast("Attachment", self.instance).transaction_id is not None:
            raise serializers.ValidationError("An attachment needs a transaction. Delete it instead.", "null")
        return target

    def update(self, instance: BaseModel, validated_data: dict[str, Any]) -> BaseModel:
        """Save; a move to another transaction within the limit."""
        attachment, target = cast("Attachment", instance), validated_data.pop("transaction", None)
        if target is not None and target.pk != attachment.transaction_id:
            services.move_attachment(attachment, target=target)
        return super().update(attachment, validated_data)


class OneFileField(serializers.FileField):
    """A file of a multipart form, which has one file of this name only; Django would ignore the others."""

    default_error_messages = {
        "required": "Send the file as a part of a multipart form that is called `file`.",
        "empty": "The file is empty. Send the file again.",
        "several": "Send one file, and further ones with further requests.",
    }

    def get_value(self, dictionary: Any) -> Any:
        if isinstance(dictionary, MultiValueDict) and len(dictionary.getlist(str(self.field_name))) > 1:
            return dictionary.getlist(str(self.field_name))
        return super().get_value(dictionary)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, list):
            self.fail("several")
        return super().to_internal_value(data)


@extend_schema_serializer(description="A file, and the transaction that it belongs to.")
class AttachmentFormSerializer(StrictSerializer):
    transaction = OwnedKeyField(queryset=FinancialTransaction.objects.all(), help_text="The id of the transaction.")
    file = OneFileField(max_length=MAX_NAME_LENGTH, help_text="A PDF, PNG or JPEG file of at most 10,485,760 bytes.")
    name = serializers.CharField(max_length=MAX_NAME_LENGTH, required=False, help_text=NAME_HELP)
