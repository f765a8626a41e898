"""Types of accounts by their names, as a proposal that a person can change."""

from finance.statements.text import plain_key

# The first type of which a word is in the name. Mortgages are loans, and a savings account may be at a “Credit Union”.
WORDS = (
    ("mortgage", ("mortgage", "hypothek", "hypotheque", "hipoteca", "mutuo", "hypotheek", "home loan")),
    ("loan", ("loan", "loans", "kredit", "darlehen", "pret", "prestamo", "prestito", "lening", "emprestimo", "debt")),
    (
        "investment",
        (
            *("investment", "investments", "investing", "brokerage", "401k", "403b", "ira", "roth", "pension", "retirement"),
            *("depot", "isa", "stocks", "shares", "portfolio", "529", "rrsp", "tfsa", "vanguard", "fidelity", "schwab"),
        ),
    ),
    ("savings", ("savings", "saving", "saver", "sparkonto", "tagesgeld", "epargne", "livret", "ahorro", "ahorros", "spaar")),
    (
        "credit",
        (
            *("credit card", "creditcard", "card", "visa", "mastercard", "amex", "american express", "discover"),
            *("kreditkarte", "carte de credit", "tarjeta", "carta di credito"),
        ),
    ),
)
DEFAULT = "checking"


def type_of_account(name: str) -> str:
    """Return the `profile_type` that a name suggests; `checking` if it suggests none."""
    words = f" {plain_key(name)} "
    return next((kind for kind, known in WORDS if any(f" {word} " in words for word in known)), DEFAULT)
