"""Journeys of programs that follow a user's data: by the list of changes, and by webhooks."""

import pytest
from standardwebhooks import Webhook

from tests.journeys.stranger import PASSWORD, Stranger, run_jobs
from tests.webhooks.conftest import authority, names, reachable, receiver, use_settings
from tests.webhooks.receiver import Receiver

__all__ = ["authority", "names", "reachable", "receiver", "use_settings"]
BODY = {"transaction_type": "expense", "amount": "-4.50", "transaction_date": "2026-03-05", "currency": "USD"}


class Copy:
    """The copy of a user's data that a phone keeps, by type and id."""

    def __init__(self, owner: Stranger) -> None:
        self.owner, self.cursor = owner, ""
        self.objects: dict[str, dict[str, object]] = {}

    def sync(self) -> None:
        has_more = True
        while has_more:
            query = {"types": "category,transaction"} | ({"cursor": self.cursor} if self.cursor else {})
            page = self.owner.get("changes/", **query)
            for change in page["changes"]:
                self.objects.pop(change["id"], None)
                if change["action"] == "upsert":
                    self.objects[change["id"]] = change["object"]
            self.cursor, has_more = page["cursor"], page["has_more"]


@pytest.mark.django_db(transaction=True)  # a change is logged when it is committed
def test_keep_a_copy_on_a_phone() -> None:
    carol = Stranger().sign_up()
    copy = Copy(carol)
    copy.sync()
    first = carol.post("finance/transactions/", **BODY, note="first")
    second = carol.post("finance/transactions/", **BODY, note="second")
    copy.sync()
    assert copy.objects[first["id"]]["note"] == "first"
    carol.call("patch", f"finance/transactions/{first['id']}/", note="changed")
    carol.call("delete", f"finance/transactions/{second['id']}/", 204)
    copy.sync()
    assert copy.objects[first["id"]]["note"] == "changed"
    lists = [*carol.all("finance/transactions/"), *carol.all("finance/categories/")]
    assert copy.objects == {row["id"]: row for row in lists}
    assert carol.get("changes/", 400, cursor="nonsense")["errors"][0]["attr"] == "cursor"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("reachable")
def test_react_to_changes_by_a_webhook(receiver: Receiver) -> None:
    carol = Stranger().sign_up()
    carol.post("webhooks/", 403, name="Home server", url=receiver.url)
    carol.account("auth/reauthenticate", password=PASSWORD)
    webhook = carol.post("webhooks/", name="Home server", url=receiver.url, event_types=["transaction.changed"])
    written = carol.post("finance/transactions/", **BODY)
    run_jobs()
    [request] = receiver.received
    event = Webhook(webhook["secret"]).verify(request.body, request.headers)
    assert (event["type"], event["data"]["ids"]) == ("transaction.changed", [written["id"]])
    [message] = carol.all("webhooks/messages/")
    assert carol.get(f"webhooks/messages/{message['id']}/")["attempts"][0]["response_status"] == 200
    carol.call("delete", f"webhooks/{webhook['id']}/", 204)
