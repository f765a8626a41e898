"""MT940 and MT942 messages of our own making."""

NUMBER = "12030000/0000202051"


def line(amount: str = "D12,50", day: str = "260302", entry: str = "0302", rest: str = "NTRFNONREF//B4E07XM00J01") -> str:
    return f":61:{day}{entry}{amount}{rest}"


def message(
    *fields: str,
    opening: str = ":60F:C260301EUR100,00",
    closing: str = ":62F:C260302EUR87,50",
    number: str = NUMBER,
    before: str = "",
    after: str = "-\n",
) -> str:
    """Return a message with `fields` between its balances."""
    parts = [":20:STARTUMS", f":25:{number}", ":28C:00012/001", opening, *fields, closing]
    return before + "\n".join(filter(None, parts)) + "\n" + after
