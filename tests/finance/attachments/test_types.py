"""Types of attachments by their content, and files that are damaged, ambiguous or of another type."""

import mmap
import tempfile
import zipfile
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DomainError
from dev.receipts import jpeg, pdf, png, png_chunk
from finance.attachment_types import media_type_of

PDF, PNG, JPEG = pdf("Corner Shop", "Total 4.20"), png(), jpeg()
FILES = {"pdf": PDF, "png": PNG, "jpeg": JPEG}
HTML = b"<html><script>alert(1)</script></html>"
COMMENT = b"\xff\xfe\x00\x0a%PDF-1.4"
START = b"\x89PNG\r\n\x1a\n"


def packed() -> bytes:
    """Return a ZIP archive."""
    sink = BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("a.txt", "text")
    return sink.getvalue()


def refusal(content: bytes) -> str:
    with pytest.raises(DomainError) as refused:
        media_type_of(content)
    assert (refused.value.field, refused.value.status) == ("file", 400)
    return refused.value.code


@pytest.mark.parametrize("media_type", FILES)
def test_a_type_is_recognized(media_type: str) -> None:
    assert media_type_of(FILES[media_type]) == media_type


def test_a_mapped_file_is_recognized() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(PNG)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            assert media_type_of(content) == "png"


@pytest.mark.parametrize(
    "content",
    [HTML, b"GIF89a", b"RIFF0000WEBP", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"MZ", packed(), b"\x00", HTML + PDF],
)
def test_another_type_is_refused(content: bytes) -> None:
    assert refusal(content) == "unknown_type"


def test_an_empty_file_is_refused() -> None:
    assert refusal(b"") == "empty"


@pytest.mark.parametrize("media_type", FILES)
def test_every_truncated_file_is_refused(media_type: str) -> None:
    whole = FILES[media_type].rstrip()
    assert {refusal(whole[:length]) for length in range(1, len(whole))} <= {"damaged", "unknown_type"}


@pytest.mark.parametrize(
    "content",
    [
        START + png_chunk(b"IEND", b""),  # no header
        PNG.replace(b"IDAT", b"IDAX"),  # a wrong checksum
        START + png_chunk(b"IHDR", bytes(13)) + png_chunk(b"IDAT", b"x") + png_chunk(b"IEND", b""),  # no pixels
        START + png_chunk(b"IHDR", PNG[16:29]) + png_chunk(b"IEND", b""),  # no data
        START + png_chunk(b"IHDR", PNG[16:29]) + b"\xff\xff\xff\xffIDAT",  # a length beyond the end
        PNG + HTML,
        PDF + HTML,
        PDF.replace(b"startxref", b"startxxxx"),
        pdf("x").rpartition(b"startxref")[0] + b"startxref\n99999\n%%EOF",  # a place outside of the file
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xe0\x00\x00\xff\xd9",  # a segment without a length
        JPEG[:20] + b"\xff\xd9",
    ],
)
def test_a_damaged_file_is_refused(content: bytes) -> None:
    assert refusal(content) == "damaged"


@pytest.mark.parametrize(
    "content",
    [
        JPEG[:2] + COMMENT + JPEG[2:],
        START + png_chunk(b"IHDR", PNG[16:29]) + png_chunk(b"tEXt", b"a\x00%PDF-1.4") + PNG[33:],
        JPEG + packed(),
    ],
)
def test_a_file_of_two_types_is_refused(content: bytes) -> None:
    assert refusal(content) == "ambiguous"


@pytest.mark.parametrize("content", [PDF + b"\r\n\x00\x00", PDF.rstrip(), JPEG + JPEG, JPEG + bytes(500)])
def test_a_common_ending_is_allowed(content: bytes) -> None:
    assert media_type_of(content) in FILES


@given(st.sampled_from([b"", *(file[:size] for file in FILES.values() for size in (3, 8, 24, 40))]), st.binary(max_size=300))
def test_any_bytes_have_a_type_or_are_refused(start: bytes, rest: bytes) -> None:
    with suppress(DomainError):
        assert media_type_of(start + rest) in FILES
