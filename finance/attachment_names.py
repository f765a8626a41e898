"""File names of attachments, which are shown on a page and stored by any operating system."""

import re
import unicodedata

MAX_NAME_LENGTH = 255
ENDINGS = {"pdf": ("pdf",), "png": ("png",), "jpeg": ("jpg", "jpeg")}
# SECURITY: characters that file systems refuse, that end a header's line, that are invisible, or that change the direction of
# the text, so that "gpj.exe" is shown as "exe.jpg". The pattern is also that of a constraint of the database.
NOT_IN_NAMES = (
    r"[\u0001-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb"
    r'<>:"/\\|?*]'
)
_NOT_IN_NAMES = re.compile(NOT_IN_NAMES)
_SURROGATES = re.compile(r"[\ud800-\udfff\x00]+")


def clean_name(text: str, media_type: str) -> str:
    """Return the last part of a path as a file name with the ending of its type, "attachment" if nothing else remains.

    A name such as `invoice.pdf.exe` gets a further ending, so that no system runs the file.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", _SURROGATES.sub("", text)).rstrip("/\\"))[-1]
    name = " ".join(_NOT_IN_NAMES.sub(" ", last).split()).rstrip(" .")
    stem, dot, ending = name.rpartition(".")
    if not dot or ending.lower() not in ENDINGS[media_type]:
        stem, ending = name, ENDINGS[media_type][0]
    stem = (stem.strip(" .") or "attachment")[: MAX_NAME_LENGTH - len(ending) - 1]
    return f"{stem.rstrip(' .')}.{ending}"
