"""A customer who changes all kinds of objects by random requests."""

import random
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

FINANCE = "/api/v1/finance/"
NAMES = ("Books", "Rent", "Café", "Trip", "Pets")
REFUSED = (400, 404, 409)  # what a random request may get
CSV = "Date,Description,Amount,Reference\n"


class Writer:
    """A client whose requests depend on a seed and on what the lists contain."""

    def __init__(self, client: APIClient, seed: int) -> None:
        self.client, self.random = client, random.Random(seed)
        self.done: dict[str, int] = {}

    def write(self) -> None:
        """Send one request, and count it if it was not refused."""
        names = [name for name in dir(self) if name.startswith("do_")]
        name = self.random.choice(names)
        response = getattr(self, name)()
        if response is not None:
            assert response.status_code < 300 or response.status_code in REFUSED, response.content
            self.done[name] = self.done.get(name, 0) + (response.status_code < 300)

    def any_of(self, route: str) -> dict[str, Any] | None:
        rows = self.client.get(f"{FINANCE}{route}/", {"limit": 50}).json()["results"]
        return self.random.choice(rows) if rows else None

    def id_of(self, route: str) -> str:
        row = self.any_of(route)
        return row["id"] if row else "00000000-0000-0000-0000-000000000000"

    def name(self) -> str:
        return f"{self.random.choice(NAMES)} {self.random.randrange(3)}"

    def amount(self) -> str:
        return f"-{self.random.randrange(1, 99)}.00"

    def post(self, path: str, body: Any = None) -> Any:
        return self.client.post(f"{FINANCE}{path}/", body or {})

    def patch(self, route: str, body: Any) -> Any:
        return self.client.patch(f"{FINANCE}{route}/{self.id_of(route)}/", body)

    def do_create_account(self) -> Any:
        body = {"profile_name": self.name(), "profile_type": "checking", "currency": "USD", "institution_name": "Bank"}
        return self.post("accounts", body | {"account_balance": "100.00", "balance_date": "2026-01-01"})

    def do_create_transaction(self) -> Any:
        body = {"transaction_type": "expense", "amount": self.amount(), "currency": "USD", "transaction_date": "2026-02-03"}
        names = {"category": self.name(), "payee": self.name(), "tags": [self.name()], "status": "completed"}
        return self.post("transactions", body | names | {"financial_profile": (self.any_of("accounts") or {}).get("id")})

    do_create_another = do_create_transaction

    def do_split(self) -> Any:
        parts = [{"amount": "-1.00", "category": self.name()}, {"amount": "-2.00", "category": self.name()}]
        return self.patch("transactions", {"amount": "-3.00", "category": "", "splits": parts})

    def do_unsplit(self) -> Any:
        return self.patch("transactions", {"splits": []})

    def do_refund(self) -> Any:
        body = {"transaction_type": "refund", "amount": "1.00", "currency": "USD", "transaction_date": "2026-02-04"}
        return self.post("transactions", body | {"refund_of": [self.id_of("transactions")]})

    def do_change_transaction(self) -> Any:
        choices = [{"amount": self.amount()}, {"payee": self.name()}, {"note": self.name()}, {"status": "failed"}]
        return self.patch("transactions", self.random.choice([*choices, {"financial_profile": self.id_of("accounts")}]))

    def do_delete_transaction(self) -> Any:
        return self.client.delete(f"{FINANCE}transactions/{self.id_of('transactions')}/")

    def do_restore(self) -> Any:
        return self.post(f"transactions/{self.id_of('deleted-transactions')}/restore")

    def do_bulk(self) -> Any:
        rows = [row["id"] for row in self.client.get(f"{FINANCE}transactions/", {"limit": 20}).json()["results"]]
        ids = self.random.sample(rows, min(3, len(rows)))
        return self.post("transactions/bulk", {"ids": ids, "patch": {"payee": self.name()}, "expected_count": len(ids)})

    def do_undo(self) -> Any:
        return self.post(f"edit-runs/{self.id_of('edit-runs')}/undo")

    def do_merge(self) -> Any:
        route = self.random.choice(["payees", "categories", "tags"])
        return self.post(f"{route}/{self.id_of(route)}/merge", {"into": self.id_of(route)})

    def do_rename(self) -> Any:
        return self.patch(self.random.choice(["categories", "tags"]), {"name": self.name()})

    def do_delete_name(self) -> Any:
        route = self.random.choice(["categories", "tags", "rules"])
        return self.client.delete(f"{FINANCE}{route}/{self.id_of(route)}/")

    def do_create_rule(self) -> Any:
        actions = [{"type": "set_payee", "value": self.name()}, {"type": "add_tag", "value": self.name()}]
        return self.post("rules", {"name": self.name(), "search": "amount<0", "actions": actions})

    def do_apply_rules(self) -> Any:
        return self.post("rules/apply")

    def do_import(self) -> Any:
        rows = [
            f"2026-03-0{self.random.randrange(1, 9)},{self.name()},{self.amount()},{self.random.random()}" for _ in range(3)
        ]
        file = SimpleUploadedFile("statement.csv", (CSV + "\n".join(rows)).encode())
        body = {"file": file, "account": self.id_of("accounts")}
        return self.client.post(f"{FINANCE}imports/", body, format="multipart")

    def do_undo_import(self) -> Any:
        return self.client.delete(f"{FINANCE}imports/{self.id_of('imports')}/")

    def do_transfer(self) -> Any:
        """Link the parts of a new pair on two accounts."""
        pair = {}
        for name, amount in (("outgoing", "-5.00"), ("incoming", "5.00")):
            body = {"transaction_type": "transfer", "amount": amount, "currency": "USD", "transaction_date": "2026-02-05"}
            pair[name] = self.post("transactions", body | {"financial_profile": self.id_of("accounts")}).json().get("id")
        return self.post("transfers", pair)

    def do_take_back(self) -> Any:
        return self.client.delete(f"{FINANCE}transfers/{self.id_of('transfers')}/")

    def do_create_due_date(self) -> Any:
        body = {"expense_name": self.name(), "expected_amount": "9.00", "currency": "USD", "due_date": "2026-04-01"}
        return self.post("expense-due-dates", body | {"expense_category": self.name(), "frequency": "monthly"})

    def do_pay(self) -> Any:
        return self.post(f"expense-due-dates/{self.id_of('expense-due-dates')}/pay")

    def do_complete_step(self) -> Any:
        [*steps] = self.client.get("/api/v1/users/onboarding/").json()["results"]
        step = self.random.choice(steps) if steps else {"id": self.id_of("tags")}
        return self.client.post(f"/api/v1/users/onboarding/{step['id']}/complete/")
