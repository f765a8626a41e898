"""Registry of the work that a job does with an upload. An app registers its kinds in a module `upload_kinds`."""

from collections.abc import Callable
from typing import Any, BinaryIO

from users.models import Upload
from users.models.uploads import UploadKind

Progress = Callable[[int], None]  # called with the progress in percent, as often as is convenient
Work = Callable[[Upload, BinaryIO, Progress], dict[str, Any]]

KINDS: dict[str, Work] = {}


def register(*kinds: UploadKind, work: Work) -> None:
    """Define what a job does with uploads of `kinds`: `work`, in one transaction and as the customer.

    It returns the result as JSON, and raises DomainError for a file that is refused. After any other exception it is called
    again.
    """
    KINDS.update(dict.fromkeys(kinds, work))
