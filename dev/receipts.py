"""Small files for attachments, made without a library: a receipt as PDF, and images of one color as PNG and JPEG."""

import struct
import zlib

OBJECTS = (
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 226 340] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
    None,  # the contents
    "<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
)
ESCAPES = str.maketrans({"\\": r"\\", "(": r"\(", ")": r"\)"})
# The tables of a baseline JPEG of 8 x 8 gray pixels. All codes of its two Huffman tables have one bit.
JPEG_HEADER = "ffd8ffe000104a46494600010100000100010000ffdb0043"
JPEG_TABLES = "ffc0000b080008000801011100ffc40014" + "0001" + "00" * 15 + "00" + "ffc40014" + "1001" + "00" * 15 + "00"
JPEG_SCAN = "ffda0008010100003f003fffd9"


def pdf(*lines: str) -> bytes:
    """Return a receipt of one page with the lines of text."""
    text = " ".join(f"({line.translate(ESCAPES)}) Tj T*" for line in lines)
    contents = f"BT /F 10 Tf 14 TL 16 310 Td {text} ET".encode("cp1252", "replace")
    stream = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(contents), contents)
    body, places = b"%PDF-1.4\n", list[int]()
    for number, item in enumerate(OBJECTS, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, stream if item is None else item.encode())
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1) + table + trailer


def png(width: int = 8, height: int = 8, *, data: bytes | None = None) -> bytes:
    """Return a gray image. `data` replaces the compressed pixels, such as by random bytes for a large file."""
    pixels = zlib.compress((b"\x00" + b"\x80" * width) * height) if data is None else data
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")


def png_chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG file with its length and its checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def jpeg() -> bytes:
    """Return a gray image of 8 x 8 pixels."""
    return bytes.fromhex(JPEG_HEADER + "00" + "01" * 64 + JPEG_TABLES + JPEG_SCAN)
