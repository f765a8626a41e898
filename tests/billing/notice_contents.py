"""The parts that every notice about money must have."""

import re

from system.models import AlertType, SystemAlert

AMOUNT = re.compile(r"\d[\d,]*(\.\d+)? [A-Z]{3}\b|[Nn]othing is charged")
DAY = re.compile(
    r"\b(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d{1,2} (January|February|March|April|May|June|July|August|September|October"
    r"|November|December) \d{4}\b"
)
# a page to open, or the request to make; or that nothing is to be done
REMEDY = re.compile(
    r"https?://|\(the (invoice's page|checkout)\)|\b(cancel|resume|add (another|a) card|change your card|subscribe"
    r"|undo the cancellation|make the change again|contact support|no further action|do not need to pay)\b",
    re.IGNORECASE,
)


def missing_in(message: str) -> list[str]:
    """Return the names of the parts that a message lacks."""
    parts = {"amount": AMOUNT, "day": DAY, "remedy": REMEDY}
    return [name for name, pattern in parts.items() if not pattern.search(message)]


def incomplete_notices() -> list[tuple[list[str], str, str]]:
    """Return what is missing in the notices that customers have got, with their titles and messages."""
    got = SystemAlert.objects.filter(alert_type=AlertType.BILLING, user__is_staff=False)
    found = {(title, message): missing_in(message) for title, message in got.values_list("title", "message")}
    return sorted((missing, title, message) for (title, message), missing in found.items() if missing)
