"""Accounts of different types with one number in a file: the type of the account to import into selects one."""

import pytest

from core.errors import DomainError
from dev.factories import AccountFactory
from finance.models import FinancialTransaction
from tests.finance.imports.conftest import Bring
from tests.finance.imports.statement_files import Line, ofx_of
from users.models import User


def _both(*, other: str = "SAVINGS") -> bytes:
    """Return a file with a checking account and another one with the same number."""
    one = ofx_of(Line(id="P1"), account="00016789", balance="10.00")
    second = ofx_of(Line(id="P2", amount="-7.00"), account="00016789", balance="20.00").replace(b"CHECKING", other.encode())
    return one.replace(b"</BANKMSGSRSV1></OFX>", b"") + second[second.index(b"<STMTTRNRS>") :]


@pytest.mark.parametrize(("account_type", "id"), [("checking", "P1"), ("savings", "P2")])
def test_the_type_selects_the_account(bring: Bring, alice: User, account_type: str, id: str) -> None:
    into = AccountFactory(user=alice, profile_type=account_type, account_number="00016789")
    bring(_both(), account=into)
    assert FinancialTransaction.objects.get().reference_number == id


def test_a_hint_with_the_type_selects_the_account(bring: Bring, alice: User) -> None:
    into = AccountFactory(user=alice, profile_type="checking", account_number="00016789")
    bring(_both(), account=into, account_hint="6789 SAVINGS")
    assert FinancialTransaction.objects.get().reference_number == "P2"


def test_two_that_fit_are_refused_with_the_list(bring: Bring, alice: User) -> None:
    into = AccountFactory(user=alice, profile_type="savings", account_number="00016789")
    content = _both(other="MONEYMRKT").replace(b"CHECKING", b"SAVINGS")
    with pytest.raises(DomainError, match=r"6789 \(SAVINGS\), ••••6789 \(MONEYMRKT\)") as refusal:
        bring(content, account=into)
    assert refusal.value.code == "several_accounts"
    assert not FinancialTransaction.objects.exists()
