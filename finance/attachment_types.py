"""Recognition of PDF, PNG and JPEG files by their content, without decoding them.

A file has one type only: it begins with the type's signature, has its structure up to its end, and can't be read as a PDF or a
ZIP archive as well. It is never rendered on the server.
"""

import re
import zipfile
from collections.abc import Callable
from io import BytesIO
from mmap import mmap
from struct import unpack
from typing import IO
from zlib import crc32

from core.errors import DomainError

Content = bytes | mmap

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"
PDF_START = re.compile(rb"%PDF-[12]\.\d")
PDF_END = re.compile(rb"startxref\s+(\d{1,10})\s+%%EOF\s*\Z")
PDF_END_BYTES = 1024  # in which readers look for the end
PDF_START_BYTES = 1024  # in which readers look for the start
MAX_PNG_CHUNKS = 50_000
MAX_JPEG_MARKERS = 50_000
PNG_SIDE = 2**31 - 1
JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
JPEG_SCAN, JPEG_EOI = 0xDA, 0xD9
# A marker in the data of a scan: 0xFF that is followed by neither 0x00, a restart marker nor a fill byte
JPEG_MARKER = re.compile(rb"(?<!\xff)\xff+([^\x00\xd0-\xd7\xff])")  # begins where a run of \xff does, for linear time
KNOWN = "Send a PDF, PNG or JPEG file."


def invalid_file(code: str, sentence: str) -> DomainError:
    """Return the error for a file that is refused (status 400)."""
    return DomainError(code, sentence, field="file")


def media_type_of(content: Content) -> str:
    """Return `pdf`, `png` or `jpeg`. Raise DomainError for another type, and for a damaged or ambiguous file."""
    if not len(content):
        raise invalid_file("empty", "The file is empty. Send the file again.")
    media_type = next((name for name, (start, _) in TYPES.items() if start(content)), None)
    if media_type is None:
        raise invalid_file("unknown_type", f"The content is of another type. {KNOWN}")
    if not TYPES[media_type][1](content):
        name = media_type.upper()
        raise invalid_file("damaged", f"This {name} file is incomplete or damaged. Save it again as {name}, and send that.")
    has_pdf = media_type != "pdf" and b"%PDF-" in content[:PDF_START_BYTES]
    if has_pdf or _is_zip(content):
        raise invalid_file("ambiguous", f"The file can be read as two types. Save it again as {media_type.upper()}.")
    return media_type


def _is_png(content: Content) -> bool:
    """Return True for a header, data and an end, in chunks with valid checksums, after which nothing follows."""
    position, names = len(PNG_SIGNATURE), list[bytes]()
    with memoryview(content) as view:
        while position + 12 <= len(view) and len(names) < MAX_PNG_CHUNKS:
            length, name = unpack(">I4s", view[position : position + 8])
            end = position + 12 + length
            if end > len(view) or crc32(view[position + 4 : end - 4]) != unpack(">I", view[end - 4 : end])[0]:
                return False
            names.append(name)
            position = end
            if name == b"IEND":
                break
    if names[:1] != [b"IHDR"] or names[-1] != b"IEND" or b"IDAT" not in names or position != len(content):
        return False
    length, width, height = unpack(">I4xII", content[8:24])
    return bool(length == 13 and 0 < width <= PNG_SIDE and 0 < height <= PNG_SIDE)


def _is_jpeg(content: Content) -> bool:
    """Return True for a frame, a scan and an end. Data may follow: cameras add further images and short films."""
    position, has_frame, has_scan = len(JPEG_START), False, False
    for _ in range(MAX_JPEG_MARKERS):
        found = JPEG_MARKER.search(content, position) if has_scan else JPEG_MARKER.match(content, position)
        if found is None:
            return False
        marker = found[1][0]
        if marker == JPEG_EOI:
            return has_frame and has_scan
        length = int.from_bytes(content[found.end() : found.end() + 2], "big")
        position = found.end() + length
        if length < 2 or position > len(content):
            return False
        has_frame, has_scan = has_frame or marker in JPEG_FRAMES, has_scan or marker == JPEG_SCAN
    return False


def _is_pdf(content: Content) -> bool:
    """Return True if the file ends with a place inside of it, after which no text follows."""
    end = PDF_END.search(content[-PDF_END_BYTES:].rstrip(b"\x00"))
    return end is not None and int(end[1]) < len(content)


def _is_zip(content: Content) -> bool:
    """Return True if an archive ends where the file ends; readers of archives ignore what is before it."""
    file: IO[bytes] = BytesIO(content[-(2**16 + 22) :])
    return zipfile.is_zipfile(file)


TYPES: dict[str, tuple[Callable[[Content], bool], Callable[[Content], bool]]] = {
    "pdf": (lambda content: PDF_START.match(content) is not None, _is_pdf),
    "png": (lambda content: content[: len(PNG_SIGNATURE)] == PNG_SIGNATURE, _is_png),
    "jpeg": (lambda content: content[:3] == JPEG_START + b"\xff", _is_jpeg),
}
