"""A handler of uploads that refuses long file names, which Django would cut, or fail on when it names a temporary file."""

import os
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler

from core.errors import DomainError

MAX_NAME_LENGTH = 255  # of the columns that store names
MAX_EXTENSION_BYTES = 100  # Django appends the extension to the name of a temporary file, of at most 255 bytes in all


class FileNameError(DomainError, SuspiciousOperation):
    """A file name that is too long: a 400 with the field in the API, and a 400 in other forms."""


class FileNameHandler(FileUploadHandler):
    """A handler that only checks the name of each file. It must be the first one."""

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        if len(file_name) > MAX_NAME_LENGTH or len(os.path.splitext(file_name)[1].encode()) > MAX_EXTENSION_BYTES:
            remedy = f"Rename it to at most {MAX_NAME_LENGTH} characters with a short ending such as .csv."
            raise FileNameError("name_too_long", f"The name of the file is too long. {remedy}", field=field_name)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
