"""The categories that a new user starts with."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from finance.models import Category
from finance.models.categories import CategoryKind
from finance.services.names import new_slug

INCOME, EXPENSE, TRANSFER = CategoryKind.INCOME, CategoryKind.EXPENSE, CategoryKind.TRANSFER


@dataclass(frozen=True, slots=True)
class Planned:
    name: str
    icon: str
    color: str
    kind: CategoryKind = EXPENSE
    children: tuple[str, ...] = ()


DEFAULT_CATEGORIES = (
    Planned("Income", "payments", "#2e7d32", INCOME, ("Salary", "Interest", "Other income")),
    Planned("Housing", "home", "#5d4037", EXPENSE, ("Rent", "Mortgage", "Utilities", "Phone and internet", "Furnishing")),
    Planned("Food", "restaurant", "#ef6c00", EXPENSE, ("Groceries", "Dining", "Coffee")),
    Planned("Transport", "directions-car", "#1565c0", EXPENSE, ("Fuel", "Public transport", "Parking", "Car maintenance")),
    Planned("Health", "favorite", "#c62828", EXPENSE, ("Medical", "Pharmacy", "Fitness")),
    Planned("Shopping", "shopping-cart", "#6a1b9a", EXPENSE, ("Clothing", "Electronics")),
    Planned("Entertainment", "theaters", "#ad1457", EXPENSE, ("Streaming", "Hobbies", "Books")),
    Planned("Travel", "flight", "#00838f"),
    Planned("Insurance", "shield", "#37474f"),
    Planned("Education", "school", "#283593"),
    Planned("Family", "family", "#558b2f", EXPENSE, ("Childcare", "Pets")),
    Planned("Personal care", "spa", "#d81b60"),
    Planned("Gifts and donations", "redeem", "#8e24aa"),
    Planned("Taxes", "receipt", "#4e342e"),
    Planned("Bank fees", "account-balance", "#455a64"),
    Planned("Debt payments", "credit-card", "#616161"),
    Planned("Transfers", "swap-horiz", "#757575", TRANSFER, ("Savings",)),
)


@transaction.atomic
def create_default_categories(user_id: UUID) -> list[Category]:
    """Create the default categories that the user does not have yet by name or slug, and return them. Idempotent."""
    known = Category.objects.filter(user_id=user_id)
    taken = set(known.values_list("slug", flat=True))
    parents = _create(user_id, [(item.name, item, None) for item in DEFAULT_CATEGORIES], taken)
    by_slug = {row.slug: row for row in Category.objects.filter(user_id=user_id)}
    children = [(child, item, by_slug.get(new_slug(item.name, ()))) for item in DEFAULT_CATEGORIES for child in item.children]
    return parents + _create(user_id, children, taken)


def _create(user_id: UUID, wanted: list[tuple[str, Planned, Category | None]], taken: set[str]) -> list[Category]:
    rows = [
        Category(
            user_id=user_id,
            name=name,
            slug=new_slug(name, ()),
            kind=item.kind,
            parent=parent,
            color=item.color,
            icon=item.icon if parent is None else "",
        )
        for name, item, parent in wanted
        if new_slug(name, ()) not in taken
    ]
    return Category.objects.bulk_create(rows, ignore_conflicts=True)
