"""Attachments of transactions, such as receipts, with their encrypted contents in chunks."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pgtrigger
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import LessThanOrEqual

from core.encryption.fields import encrypt
from core.encryption.key_ring import TamperedError
from core.models.base import OwnedModel, same_owner_foreign_key, touch
from core.models.constraints import rule
from core.models.fields import BoundedIntegerField, ChoiceField
from core.privacy.declarations import internal, own
from core.privacy.masks import initials, personal
from finance.attachment_names import ENDINGS, MAX_NAME_LENGTH, NOT_IN_NAMES
from finance.attachment_types import Content, invalid_file, media_type_of
from finance.models.transactions import FinancialTransaction

TABLE = "finance_attachment"
CHUNKS = "finance_attachmentchunk"
MAX_BYTES = 10 * 1024**2
MAX_BYTES_OF_USER = 100 * 1024**2
MAX_OF_USER = 10_000
MAX_OF_TRANSACTION = 30
CHUNK_BYTES = 512 * 1024
ENCRYPTED_CHUNK_BYTES = CHUNK_BYTES + 33  # version, key, nonce and tag, see core.encryption.key_ring
LOCK = "attachments"  # with the user's id, held while an attachment is added or moved
INVALID_NAME = "A name has the ending of the file's type, and no characters that are invisible or that file systems refuse."
ENDS_AS_ITS_TYPE = Q(
    *(Q(media_type=kind, name__iregex=rf"\.({'|'.join(ENDINGS[kind])})$") for kind in ENDINGS), _connector=Q.OR
)
CONTENT_LENGTH = Func(F("content"), function="octet_length", output_field=models.IntegerField())
LARGE_CHUNK = f"A chunk has at most {ENCRYPTED_CHUNK_BYTES:,} bytes."


class MediaType(models.TextChoices):
    PDF = "pdf", "PDF"
    PNG = "png", "PNG"
    JPEG = "jpeg", "JPEG"


# A restored attachment of an export keeps its time. Nothing else can change it while there is no transaction.
keep_detached_at = pgtrigger.Trigger(
    name="keep_detached_at",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("transaction_id", "detached_at"),
    func="""
        IF NEW.transaction_id IS NOT NULL THEN
            NEW.detached_at = NULL;
        ELSIF TG_OP = 'INSERT' THEN
            NEW.detached_at = coalesce(NEW.detached_at, now());
        ELSE
            NEW.detached_at = coalesce(OLD.detached_at, now());
        END IF;
        RETURN NEW;""",
)

# The service takes the same lock, and refuses before with a message. A parallel upload of the user waits for the lock, and then
# counts the rows of the transaction that held it, because each statement of a function has a new snapshot.
refuse_too_many = pgtrigger.Trigger(
    name="refuse_too_many",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("transaction_id", "size", "user_id"),
    func=f"""
        IF TG_OP = 'UPDATE' AND NEW.size <= OLD.size AND NEW.user_id = OLD.user_id
            AND (NEW.transaction_id IS NULL OR NEW.transaction_id = OLD.transaction_id)
        THEN
            RETURN NEW;
        END IF;
        PERFORM pg_advisory_xact_lock(hashtextextended('{LOCK} ' || NEW.user_id, 0));
        IF (SELECT coalesce(sum(size), 0) + NEW.size > {MAX_BYTES_OF_USER} OR count(*) >= {MAX_OF_USER}
              FROM {TABLE} WHERE user_id = NEW.user_id AND id <> NEW.id)
        THEN
            RAISE check_violation USING CONSTRAINT = '{TABLE}_size_of_user', TABLE = TG_TABLE_NAME,
                MESSAGE = 'The user has too many attachments, or too large ones.';
        END IF;
        IF {MAX_OF_TRANSACTION} <= (
            SELECT count(*) FROM {TABLE}
             WHERE user_id = NEW.user_id AND transaction_id = NEW.transaction_id AND id <> NEW.id)
        THEN
            RAISE check_violation USING CONSTRAINT = '{TABLE}_transaction_number', TABLE = TG_TABLE_NAME,
                MESSAGE = 'The transaction has too many attachments.';
        END IF;
        RETURN NEW;""",  # noqa: S608 - numbers and names of ours
)


class Attachment(OwnedModel):
    """A file of a transaction. It remains for 30 days when the transaction is deleted, so that a restore can link it again.

    A foreign key in the database clears `transaction`, and a trigger then sets `detached_at`. The contents are in `chunks`.
    """

    transaction = same_owner_foreign_key(
        FinancialTransaction,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="attachments",
        help_text="The id of the transaction. Null: it was deleted.",
    )
    name = models.CharField(max_length=MAX_NAME_LENGTH, help_text="File name, with the ending of the file's type.")
    media_type = ChoiceField(MediaType, max_length=10, editable=False, help_text="Type of the file, by its content.")
    size = BoundedIntegerField(min=1, max=MAX_BYTES, editable=False, help_text="Size of the file in bytes.")
    # SECURITY: a readable digest would tell who has a known file, also after the erasure, in the audit log and in backups
    sha256: Any = encrypt(models.CharField(max_length=64, editable=False), label="finance.attachment.sha256")
    detached_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Time when the transaction was deleted. The attachment is deleted 30 days later. Null: it has one.",
    )

    privacy = own(
        "receipts and other files of the customer's transactions; the export contains them as files", max_file_bytes=MAX_BYTES
    )
    personal_fields = personal(name=initials)
    redacted_fields = ("name",)

    class Meta(OwnedModel.Meta):
        triggers = [*OwnedModel.Meta.triggers, keep_detached_at, refuse_too_many]
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner"),
            rule(f"{TABLE}_name_characters", ~Q(name__regex=NOT_IN_NAMES) & ENDS_AS_ITS_TYPE, INVALID_NAME),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="finance_attachment_newest"),
            models.Index(fields=["user", "transaction", "-created_at", "-id"], name="finance_attachment_tx"),
            models.Index(
                fields=["user", "detached_at"], name="finance_attachment_detached", condition=Q(detached_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def file_ending(self) -> str:
        """Return the usual ending of the file's type."""
        return ENDINGS[self.media_type][0]

    def describe(self, content: Content) -> None:
        """Set type, size and digest from the contents, or raise DomainError if they are not an allowed file."""
        if len(content) > MAX_BYTES:
            raise invalid_file("too_large", f"A file may have at most {MAX_BYTES:,} bytes. Send a smaller one.")
        self.media_type, self.size = media_type_of(content), len(content)
        self.sha256 = sha256(content).hexdigest()

    def store_chunks(self, content: Content) -> None:
        """Store the contents of a new attachment, encrypted."""
        for number, start in enumerate(range(0, len(content), CHUNK_BYTES)):
            part = content[start : start + CHUNK_BYTES]
            AttachmentChunk(user_id=self.user_id, attachment=self, number=number, content=part).save(force_insert=True)

    def store_file(self, content: bytes) -> None:
        """Store the file of an imported row. Raise DomainError if it is not the one that the row describes."""
        described = (self.media_type, self.size, self.sha256)
        self.describe(content)
        if described != (self.media_type, self.size, self.sha256):
            raise invalid_file("other_file", "The file is not the one that its row describes.")
        self.store_chunks(content)

    def read_file(self) -> Iterator[bytes]:
        """Yield the contents in chunks. Raise EncryptionError before the last one if they are not those that were stored."""
        digest, chunks = sha256(), AttachmentChunk.objects.filter(user_id=self.user_id, attachment_id=self.pk)
        for start in range(0, self.size, CHUNK_BYTES):
            chunk = chunks.filter(number=start // CHUNK_BYTES).first()
            content = chunk.content if chunk else b""
            digest.update(content)
            if not content or (start + CHUNK_BYTES >= self.size and digest.hexdigest() != self.sha256):
                raise TamperedError("An attachment's chunks were changed, moved or deleted. Restore them from a backup.")
            yield content


class AttachmentChunk(OwnedModel):
    """A chunk of an attachment, encrypted with the owner's data key.

    A file is read one chunk at a time, so a download needs little memory. The foreign key in the database deletes the chunks.
    """

    attachment = same_owner_foreign_key(Attachment, on_delete=models.DO_NOTHING, related_name="chunks")
    number = BoundedIntegerField(min=0, max=MAX_BYTES // CHUNK_BYTES - 1, editable=False)
    content: Any = encrypt(models.BinaryField(), label="finance.attachment_chunk.content")

    privacy = internal("the encrypted contents of attachments, deleted with them")

    class Meta(OwnedModel.Meta):
        triggers = [touch]  # unaudited: the log would keep the file for years
        constraints = [
            models.UniqueConstraint(fields=["user", "attachment", "number"], name=f"{CHUNKS}_number_unique"),
            rule(f"{CHUNKS}_content_size", Q(LessThanOrEqual(CONTENT_LENGTH, ENCRYPTED_CHUNK_BYTES)), LARGE_CHUNK),
        ]

    def __str__(self) -> str:
        return f"chunk {self.number}"
