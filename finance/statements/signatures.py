"""Detection of binary files by their first bytes, so that the error can name the type of the file."""

from finance.statements.rows import StatementError

REMEDY = "Export OFX, QFX, CAMT.053, MT940, QIF, CSV or an Excel workbook (.xlsx) from your bank."

_SIGNATURES = (
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"RIFF", "a WebP picture or a recording"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls) or one with a password"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3", "a database"),
    (b"\x7fELF", "a program"),
    (b"{\\rtf", "a text document (RTF)"),
)
_ZIPPED = (
    (b"xl/", "a broken Excel workbook (.xlsx)"),
    (b"word/", "a Word document"),
    (b"opendocument", "an OpenDocument text"),
)
_ISO_MEDIA = b"ftyp"
_BEGINNING_OF_PDF = 1_024
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1a")
# Rows are cleaned of single NULs later; a file is not text if it has more than 8 and more than 1 % control characters.
_MIN_CONTROL = 8
_SHARE_OF_CONTROL = 0.01


def refuse_binary(head: bytes) -> None:
    """Raise StatementError with the type of the file if `head`, its first bytes, is not text."""
    # some bytes may be before it (ISO 32000-1, annex H.3.4.1)
    if b"%PDF-" in head[:_BEGINNING_OF_PDF]:
        message = f"This is a PDF, which shows a statement but does not contain its data. {REMEDY}"
        raise StatementError("pdf_not_supported", message)
    kind = _kind_of(head)
    if kind:
        raise StatementError("not_a_statement", f"This is {kind}, not a bank statement. {REMEDY}")
    control = len(head) - len(head.translate(None, _CONTROL))
    if control > max(_MIN_CONTROL, len(head) * _SHARE_OF_CONTROL):
        raise StatementError("not_a_statement", f"This is a binary file, not a bank statement. {REMEDY}")


def _kind_of(head: bytes) -> str:
    if head.startswith(b"PK\x03\x04"):
        return next((kind for mark, kind in _ZIPPED if mark in head), "a zip archive")
    if head[4:8] == _ISO_MEDIA:
        return "a picture or a video"
    return next((kind for signature, kind in _SIGNATURES if head.startswith(signature)), "")
