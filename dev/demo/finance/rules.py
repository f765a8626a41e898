"""Rules of the demo customers, one of which has run."""

from typing import Any

from core import clock
from dev.demo.rows import save_checked
from finance.models import Rule
from finance.services import apply_rules
from finance.services.rule_names import with_ids

SPLIT: list[dict[str, Any]] = [
    {"percent": "80", "amount": None, "category": "Household", "note": "", "tags": []},
    {"percent": None, "amount": None, "category": "Gifts", "note": "", "tags": []},
]
# name, search, actions, whether it is active
RULES: tuple[tuple[str, str, list[tuple[str, Any]], bool], ...] = (
    ("Small treats", "category:coffee or (category:dining amount<15)", [("add_tag", "treats")], True),
    (
        "Large expenses",
        "type:expense amount>300 -category:rent",
        [("set_note", "Check the budget"), ("add_tag", "large")],
        True,
    ),
    ("Gifts in the shopping", "category:shopping amount>80", [("split", SPLIT)], False),
)


def load(user: Any) -> None:
    """Create the rules and apply the first one, unless the user has some."""
    if Rule.objects.for_user(user).exists():
        return
    rules = [
        save_checked(
            Rule(
                user=user,
                name=name,
                search=search,
                actions=with_ids(user.pk, [{"type": kind, "value": value} for kind, value in actions]),
                order=10 * number,
                is_active=is_active,
            )
        )
        for number, (name, search, actions, is_active) in enumerate(RULES, 1)
    ]
    apply_rules(rules[:1], now=clock.now())
