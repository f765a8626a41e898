"""OFX files with several accounts, which require a hint."""

from datetime import date

import pytest

from finance.statements.rows import AccountInfo, StatementError
from tests.finance.statements.parse_helpers import ofx, read, transaction


def _account(number: str, amount: str, kind: str = "CHECKING", day: str = "20250131", balance: str = "5") -> str:
    return (
        f"<STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>1<ACCTID>{number}<ACCTTYPE>{kind}</BANKACCTFROM>"
        f"<BANKTRANLIST>{transaction(amount)}</BANKTRANLIST>"
        f"<LEDGERBAL><BALAMT>{balance}<DTASOF>{day}</LEDGERBAL></STMTRS></STMTTRNRS>"
    )


TWO = f"<OFX>{_account('111-2222', '-1')}{_account('9998887777', '-2', 'SAVINGS')}</OFX>"


@pytest.mark.parametrize(
    ("hint", "amount"), [("2222", "-1.00"), ("111 2222", "-1.00"), ("7777", "-2.00"), ("DE009998887777", "-2.00")]
)
def test_the_hint_chooses_the_account(hint: str, amount: str) -> None:
    assert read(TWO, account_hint=hint).amounts == [amount]


def test_the_error_lists_the_accounts_with_masked_numbers() -> None:
    with pytest.raises(StatementError) as refusal:
        read(TWO)
    assert refusal.value.code == "several_accounts"
    assert "••••2222 (CHECKING), ••••7777 (SAVINGS)" in refusal.value.message
    assert "888" not in refusal.value.message


@pytest.mark.parametrize("hint", ["1234", "77", "0002222", "8887777888"])
def test_a_hint_without_a_matching_account_is_refused(hint: str) -> None:
    with pytest.raises(StatementError) as refusal:
        read(TWO, account_hint=hint)
    assert refusal.value.code == "account_not_in_file"


def test_the_same_last_four_twice_need_the_whole_number() -> None:
    twins = f"<OFX>{_account('1002222', '-1')}{_account('2002222', '-2')}</OFX>"
    with pytest.raises(StatementError) as refusal:
        read(twins, account_hint="2222")
    assert refusal.value.code == "several_accounts"
    assert read(twins, account_hint="2002222").amounts == ["-2.00"]


def test_a_single_account_needs_no_hint_to_fit() -> None:
    assert read(ofx(transaction()), account_hint="0000").amounts == ["-1.00"]


def test_two_statements_of_one_account_close_with_the_later_one() -> None:
    months = f"<OFX>{_account('1', '-2', day='20250228', balance='7')}{_account('1', '-1', day='20250131', balance='9')}</OFX>"
    reading = read(months)
    assert [(row.number, str(row.amount)) for row in reading.rows] == [(1, "-2.00"), (2, "-1.00")]
    assert str(reading.statement.balances.closing) == "7.00"


def test_the_accounts_of_the_file_are_listed_masked() -> None:
    assert read(TWO, account_hint="7777").statement.accounts == (
        AccountInfo("••••2222", "CHECKING", "USD"),
        AccountInfo("••••7777", "SAVINGS", "USD"),
    )


def _bank(kind: str, amount: str, number: str = "5551234", bank: str = "1", currency: str = "USD") -> str:
    account = _account(number, amount, kind).replace("<BANKID>1", f"<BANKID>{bank}")
    return account.replace("<CURDEF>USD", f"<CURDEF>{currency}").replace("<BALAMT>5", f"<BALAMT>{amount.strip('-')}0")


KINDS = f"<OFX>{_bank('CHECKING', '-1')}{_bank('SAVINGS', '-2')}{_bank('MONEYMRKT', '-3')}{_bank('SAVINGS', '-4', '9')}</OFX>"


def test_two_types_with_one_number_are_two_accounts() -> None:
    with pytest.raises(StatementError) as refusal:
        read(KINDS, account_hint="1234")
    assert refusal.value.code == "several_accounts"
    assert "••••1234 (CHECKING), ••••1234 (SAVINGS), ••••1234 (MONEYMRKT). " in refusal.value.message
    assert "“1234 SAVINGS”" in refusal.value.message


@pytest.mark.parametrize(
    ("hint", "amount"),
    [
        ("1234 SAVINGS", "-2.00"),
        ("savings 1234", "-2.00"),
        ("555-1234 moneymrkt", "-3.00"),
        ("CHECKING", "-1.00"),
        ("9 SAVINGS", "-4.00"),
    ],
)
def test_the_hint_may_name_the_type(hint: str, amount: str) -> None:
    reading = read(KINDS, account_hint=hint)
    assert reading.amounts == [amount]
    assert str(reading.statement.balances.closing) == f"{amount[1]}0.00"


@pytest.mark.parametrize(
    ("account_type", "amount"), [("checking", "-1.00"), ("savings", "-3.00"), ("credit", "-5.00"), ("investment", "-6.00")]
)
def test_the_type_of_the_users_account_decides(account_type: str, amount: str) -> None:
    card = _bank("", "-5").replace("STMTRS>", "CCSTMTRS>").replace("<ACCTTYPE>", "")
    broker = _bank("", "-6").replace("STMTRS>", "INVSTMTRS>").replace("<ACCTTYPE>", "")
    content = f"<OFX>{_bank('CHECKING', '-1')}{_bank('MONEYMRKT', '-3')}{card}{broker}</OFX>"
    assert read(content, account_hint="1234", account_type=account_type).amounts == [amount]
    assert read(content, account_type=account_type).amounts == [amount]


@pytest.mark.parametrize(("hint", "account_type"), [("1234", "savings"), ("1234", "loan"), ("", "savings"), ("SAVINGS", "")])
def test_a_type_of_two_accounts_decides_nothing(hint: str, account_type: str) -> None:
    with pytest.raises(StatementError) as refusal:
        read(KINDS, account_hint=hint, account_type=account_type)
    assert refusal.value.code == "several_accounts"


@pytest.mark.parametrize("hint", ["1234 CD", "CREDITCARD", "9999 CHECKING", "9 CHECKING"])
def test_a_type_that_the_file_lacks_is_refused(hint: str) -> None:
    with pytest.raises(StatementError) as refusal:
        read(KINDS, account_hint=hint, account_type="checking")
    assert refusal.value.code == "account_not_in_file"


def test_an_account_without_number_and_type_can_be_chosen() -> None:
    content = (
        f"<OFX>{_bank('CHECKING', '-1')}{_bank('', '-2', number='').replace('<ACCTID>', '').replace('<ACCTTYPE>', '')}</OFX>"
    )
    with pytest.raises(StatementError, match=r"•••• \(ACCOUNT\)"):
        read(content)
    assert read(content, account_hint="account").amounts == ["-2.00"]


def test_the_hint_goes_before_the_type_of_the_users_account() -> None:
    assert read(KINDS, account_hint="1234 CHECKING", account_type="savings").amounts == ["-1.00"]


def test_a_type_in_the_hint_must_fit_a_single_account() -> None:
    with pytest.raises(StatementError) as refusal:
        read(ofx(transaction()), account_hint="5678 SAVINGS")
    assert refusal.value.code == "account_not_in_file"


BANKS = f"<OFX>{_bank('CHECKING', '-1', bank='30020011')}{_bank('CHECKING', '-2', bank='40050022')}</OFX>"


@pytest.mark.parametrize(("hint", "amount"), [("30020011 5551234", "-1.00"), ("DE91400500220005551234", "-2.00")])
def test_the_bank_code_distinguishes_equal_numbers(hint: str, amount: str) -> None:
    assert read(BANKS, account_hint=hint).amounts == [amount]


def test_equal_numbers_of_two_banks_are_listed_with_the_code() -> None:
    with pytest.raises(StatementError) as refusal:
        read(BANKS, account_hint="1234")
    assert "••••1234 (CHECKING, bank 30020011, USD), ••••1234 (CHECKING, bank 40050022, USD)" in refusal.value.message


def test_a_branch_distinguishes_equal_numbers() -> None:
    branches = BANKS.replace("30020011", "1<BRANCHID>07").replace("40050022", "1<BRANCHID>08")
    assert read(branches, account_hint="108 5551234").amounts == ["-2.00"]


def test_a_missing_code_or_type_splits_no_account() -> None:
    first = _bank("CHECKING", "-1", bank="").replace("<BANKID>", "")
    second = _bank("", "-2").replace("<ACCTTYPE>", "")
    assert read(f"<OFX>{first}{second}</OFX>").amounts == ["-1.00", "-2.00"]


CURRENCIES = f"<OFX>{_bank('CHECKING', '-1', currency='EUR')}{_bank('CHECKING', '-2')}</OFX>"


@pytest.mark.parametrize(
    ("hint", "currency", "amount"), [("1234 eur", "GBP", "-1.00"), ("1234", "EUR", "-1.00"), ("", "USD", "-2.00")]
)
def test_two_currencies_of_one_number_are_two_accounts(hint: str, currency: str, amount: str) -> None:
    reading = read(CURRENCIES, account_hint=hint, default_currency=currency)
    assert reading.amounts == [amount]
    assert str(reading.statement.balances.closing) == f"{amount[1]}0.00"


def test_two_currencies_are_listed_if_the_users_is_another() -> None:
    with pytest.raises(StatementError, match=r"bank 1, EUR.*bank 1, USD"):
        read(CURRENCIES, account_hint="1234", default_currency="GBP")


@pytest.mark.parametrize(
    ("day", "found"),
    [
        ("20250228", date(2025, 2, 28)),
        ("20250228120000[-5:EST]", date(2025, 2, 28)),
        ("2025-02-28", date(2025, 2, 28)),
        ("20250230", None),
        ("", None),
    ],
)
def test_the_day_of_the_balance_is_read(day: str, found: date | None) -> None:
    balances = read(f"<OFX>{_account('1', '-1', day=day)}</OFX>").statement.balances
    assert (str(balances.closing), balances.closing_date) == ("5.00", found)


def test_an_account_without_a_currency_is_not_passed_over() -> None:
    content = f"<OFX>{_bank('CHECKING', '-1.00', number='', currency='')}{_bank('CREDITCARD', '-2.00')}</OFX>"
    with pytest.raises(StatementError) as refusal:
        read(content, default_currency="USD")
    assert refusal.value.code == "several_accounts"
