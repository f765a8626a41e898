"""Uploaded files that a job processes: stored in encrypted chunks, processed in one transaction, deleted at its end."""

from users.uploads.kinds import KINDS, Progress, register
from users.uploads.processing import accept, cancel, delete_old_uploads, process

__all__ = ["KINDS", "Progress", "accept", "cancel", "delete_old_uploads", "process", "register"]
