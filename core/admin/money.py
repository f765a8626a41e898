"""How the back office writes amounts."""

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.html import format_html

from core.admin.masking import Hidden


def money(amount: Decimal | Hidden | None, currency: str) -> str:
    """An amount with its currency, in figures of one width so that a column can be read down."""
    if amount is None or isinstance(amount, Hidden):
        return "-" if amount is None else amount
    figures = number_format(amount, 2, use_l10n=True, force_grouping=True).replace("-", "−")
    return format_html('<span class="mingus-money">{}&nbsp;{}</span>', figures, currency)
