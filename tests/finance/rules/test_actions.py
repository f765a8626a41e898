"""The effect of each action of a rule, and the fields that it leaves as they are."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from dev.factories import RefundShareFactory, TransactionFactory
from finance.models import Category, EditRun, FinancialTransaction, Rule, Tag
from finance.models.transactions import MAX_TAGS
from tests.finance.rules.conftest import FINANCE, RULE_RUNS, TRANSACTIONS, whole_state
from users.models import User

Send = Callable[..., Any]
SPLIT = [{"percent": "33.33", "category": "food"}, {"amount": "0.50", "note": "tip", "tags": ["a"]}, {}]


@pytest.mark.parametrize(
    ("action", "field", "after"),
    [
        (("set_category", "Eating out"), "category", "eating-out"),
        (("set_payee", "corner shop"), "payee", "corner shop"),
        (("add_tag", "new"), "tags", ["old", "other", "new"]),
        (("remove_tag", "OLD"), "tags", ["other"]),
        (("set_note", "n"), "note", "n"),
        (("mark_transfer", None), "transaction_type", "transfer"),
    ],
)
def test_an_action_sets_its_field_and_names_the_rule(
    send: Send, make_rule: Send, alice: User, action: Any, field: str, after: Any
) -> None:
    row = TransactionFactory(user=alice, description="lunch", tags=["old", "other"])
    TransactionFactory(user=alice, description="dinner", tags=["old"])
    url, before = make_rule("lunch", action), whole_state()
    preview = send(f"{url}preview/")
    assert (preview["count"], preview["change_count"], preview["skipped_count"], preview["next"]) == (1, 1, 0, None)
    assert preview["changes"] == [{"transaction": str(row.pk), "field": field, "before": getattr(row, field), "after": after}]
    assert whole_state() == before
    result = send(f"{url}apply/", {"expected_count": 1})
    row.refresh_from_db()
    assert getattr(row, field) == after
    source = {"transaction_type": "transfer"}.get(field, field)
    rule = Rule.objects.get()
    assert row.sources[source] == {"kind": "rule", "id": str(rule.pk), "version": 1}
    assert result["updated"] == 1
    [run] = result["runs"]
    assert (run["kind"], run["rule"], run["rule_version"], run["row_count"]) == ("rule", str(rule.pk), 1, 1)
    assert send(f"{url}preview/")["count"] == 0
    assert send(f"{url}apply/") == {"updated": 0, "runs": []}
    assert send(f"{RULE_RUNS}{run['id']}/undo/")["restored"] == 1
    assert whole_state() == before


def test_an_action_leaves_what_a_person_has_chosen(send: Send, make_rule: Send, as_alice: APIClient, alice: User) -> None:
    """Also an emptied field, and one with an accepted suggestion."""
    actions = [("set_category", "Food"), ("set_payee", "Shop"), ("add_tag", "t"), ("set_note", "n"), ("mark_transfer", None)]
    chosen, suggested, free = TransactionFactory.create_batch(3, user=alice, description="lunch")
    sent = {"category": "", "payee": "", "tags": [], "note": "", "transaction_type": "expense"}
    assert as_alice.patch(f"{TRANSACTIONS}{chosen.pk}/", sent).status_code == 200
    entry = {"kind": "suggestion", "id": None, "version": None}
    FinancialTransaction.objects.filter(pk=suggested.pk).update(sources={"category": entry})
    url = make_rule("lunch", *actions)
    preview = send(f"{url}preview/")
    assert (preview["count"], preview["change_count"], preview["skipped_count"]) == (2, 9, 6)
    fields = ("category", "payee", "note", "tags", "transaction_type")
    assert preview["skipped"] == [
        *({"transaction": str(chosen.pk), "field": field, "reason": "chosen_by_user"} for field in fields),
        {"transaction": str(suggested.pk), "field": "category", "reason": "chosen_by_user"},
    ]
    kept = FinancialTransaction.objects.filter(pk=chosen.pk).values().get()
    assert send(f"{url}apply/", {"expected_count": 2})["updated"] == 2
    assert FinancialTransaction.objects.filter(pk=chosen.pk).values().get() == kept
    suggested.refresh_from_db()
    assert (suggested.category, suggested.note, suggested.sources["category"]) == ("", "n", entry)
    free.refresh_from_db()
    assert (free.category, free.payee, free.tags, free.note) == ("food", "Shop", ["t"], "n")


@pytest.mark.parametrize(
    ("amount", "currency", "sizes"),
    [
        ("-10.00", "USD", ["-3.33", "-0.50", "-6.17"]),
        ("-1.01", "USD", ["-0.34", "-0.50", "-0.17"]),
        ("7.000", "KWD", ["2.333", "0.500", "4.167"]),
        ("-0.75", "USD", ["-0.25", "-0.50"]),  # nothing is left
        ("-0.76", "USD", ["-0.25", "-0.50", "-0.01"]),
        ("-0.40", "USD", ["-0.13", "-0.50"]),  # less than nothing
        ("100", "JPY", ["33", "0.50"]),  # a decimal that the currency does not have
    ],
)
def test_a_split_is_exact_in_the_minor_units(
    send: Send, make_rule: Send, alice: User, amount: str, currency: str, sizes: list[str]
) -> None:
    kind = "expense" if amount.startswith("-") else "income"
    row = TransactionFactory(
        user=alice, description="lunch", amount=amount, currency=currency, transaction_type=kind, category="old"
    )
    url, before = make_rule("lunch", ("split", SPLIT)), whole_state()
    preview, result = send(f"{url}preview/"), send(f"{url}apply/")
    row = FinancialTransaction.objects.get(pk=row.pk)
    if len(sizes) < 3:
        assert preview["skipped"] == [{"transaction": str(row.pk), "field": "splits", "reason": "not_divisible"}]
        assert (preview["count"], result["runs"], whole_state()) == (0, [], before)
        return
    named = [("food", "", []), ("", "tip", ["a"]), ("", "", [])]
    parts = [
        {"amount": size, "category": category, "note": note, "tags": tags}
        for size, (category, note, tags) in zip(sizes, named, strict=True)
    ]
    key = str(row.pk)
    assert preview["changes"] == [
        {"transaction": key, "field": "splits", "before": [], "after": parts},
        {"transaction": key, "field": "category", "before": "old", "after": ""},
    ]
    assert [{**part, "amount": str(part["amount"])} for part in row.splits] == parts
    assert sum(Decimal(size) for size in sizes) == row.amount
    assert (row.category, row.divided_by, row.sources["splits"]["kind"]) == ("", "splits", "rule")
    assert send(f"{url}preview/")["skipped_count"] == 0
    assert send(f"{RULE_RUNS}{result['runs'][0]['id']}/undo/")["restored"] == 1
    assert whole_state() == before


def test_what_is_divided_or_refunded_is_left_with_a_reason(
    send: Send, make_rule: Send, as_alice: APIClient, alice: User
) -> None:
    split = TransactionFactory(user=alice, description="lunch", amount="-9.00")
    as_alice.patch(f"{TRANSACTIONS}{split.pk}/", {"splits": [{"amount": "-4.00"}, {"amount": "-5.00"}]})
    share = RefundShareFactory(user=alice, refund__description="lunch", expense__description="lunch")
    transfer = TransactionFactory(user=alice, description="lunch", transaction_type="transfer")
    full = TransactionFactory(user=alice, description="lunch", tags=[str(number) for number in range(MAX_TAGS)])

    def reasons(*actions: Any) -> dict[str, str]:
        preview = send(f"{make_rule('lunch', *actions)}preview/")
        return {each["transaction"]: each["reason"] for each in preview["skipped"]}

    assert reasons(("set_category", "food")) == {str(split.pk): "is_split"}
    assert reasons(("add_tag", "new")) == {str(full.pk): "too_many_tags"}
    assert reasons(("mark_transfer", None)) == {
        str(split.pk): "is_split",
        str(share.refund_id): "is_refund",
        str(share.expense_id): "is_refunded",
    }
    assert reasons(("split", [{"percent": "50"}, {}])) == {
        str(split.pk): "chosen_by_user",
        str(share.refund_id): "is_refund",
        str(transfer.pk): "is_transfer",
    }
    split.refresh_from_db()
    split.sources = {}
    split.save()
    assert reasons(("split", [{"percent": "50"}, {}]))[str(split.pk)] == "is_split"


def test_every_reason_leaves_the_rows_in_an_apply(send: Send, make_rule: Send, alice: User) -> None:
    """The database would refuse what the plan does not leave."""
    RefundShareFactory(user=alice, refund__description="lunch", expense__description="lunch")
    TransactionFactory(user=alice, description="lunch", transaction_type="transfer")
    for number, action in enumerate((("mark_transfer", None), ("split", [{"percent": "50"}, {}]), ("add_tag", "x"))):
        url = make_rule("lunch", action, order=number)
        assert send(f"{url}preview/")["count"] == send(f"{url}apply/")["updated"] == (0, 1, 3)[number]
    assert EditRun.objects.count() == 2


def test_names_follow_renames_merges_and_deletions(send: Send, make_rule: Send, as_alice: APIClient, alice: User) -> None:
    row = TransactionFactory(user=alice, description="lunch", tags=["work"])
    search = '(Category:"Eating out" or -tag = "WORK*" or tag:work) or lunch'
    url = make_rule(search, ("set_category", "Eating out"), ("add_tag", "Meals"), ("remove_tag", "gone"))
    assert as_alice.get(url).json()["search"] == '(category:eating-out or -tag="work" or tag:"work") or lunch'
    ids = dict(Tag.objects.values_list("name", "pk"))
    category = Category.objects.get(slug="eating-out")
    as_alice.patch(f"{FINANCE}tags/{ids['Meals']}/", {"name": 'Food "\\ out'})
    as_alice.patch(f"{FINANCE}tags/{ids['work']}/", {"name": 'job "1"'})
    as_alice.patch(f"{FINANCE}categories/{category.pk}/", {"name": "Restaurants"})
    into = as_alice.post(f"{FINANCE}categories/", {"name": "Dining"}).json()
    send(f"{FINANCE}categories/{category.pk}/merge/", {"into": into["id"]})
    as_alice.delete(f"{FINANCE}tags/{ids['gone']}/")
    found = as_alice.get(url).json()
    assert found == as_alice.get(FINANCE + "rules/").json()["results"][0]
    assert found["search"] == '(category:eating-out or -tag="job \\"1\\"" or tag:"job \\"1\\"") or lunch'
    values = [(each["type"], each["value"]) for each in found["actions"]]
    assert values == [("set_category", "dining"), ("add_tag", 'Food "\\ out'), ("remove_tag", None)]
    send(f"{url}apply/")
    row.refresh_from_db()
    assert (row.category, row.tags) == ("dining", ['job "1"', 'Food "\\ out'])
