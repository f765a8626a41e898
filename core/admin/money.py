"""Format of amounts in the back office."""

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.html import format_html

from core.admin.masked_values import Hidden
from core.currencies import minor_units


def money(amount: Decimal | Hidden | None, currency: str, *, zero: str = "") -> str:
    """Format an amount with its currency as HTML, in tabular figures. `zero` is shown in place of 0."""
    if amount is None or isinstance(amount, Hidden):
        return "-" if amount is None else f"{amount}"
    if zero and not amount:
        return zero
    figures = number_format(amount, minor_units(currency), use_l10n=True, force_grouping=True).replace("-", "−")
    return format_html('<span class="mingus-money">{}&nbsp;{}</span>', figures, currency)
