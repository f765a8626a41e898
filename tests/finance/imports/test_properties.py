"""Property tests: files in any pieces and order store each transaction as often as it happened."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dev.factories import AccountFactory
from finance.models import FinancialTransaction, StatementImport, StatementImportRow
from finance.models.imports import ReviewReason
from finance.services import ImportResult, ReviewDecision, resolve_reviews
from tests import long_series
from tests.finance.imports.conftest import Bring, Undo
from tests.finance.imports.statement_files import Line, csv_of, ofx_of, rows_of
from users.models import User

pytestmark = [pytest.mark.usefixtures("_rows_parser"), pytest.mark.long]

# few values, so that equal and nearly equal rows are common; other kinds of files may state the next day
ANONYMOUS = st.builds(
    Line,
    day=st.sampled_from([date(2026, 3, 2), date(2026, 3, 5)]),
    amount=st.sampled_from(["-5.00", "-6.00"]),
    text=st.sampled_from(["Coffee House", "Tea Room"]),
)
NAMED = st.lists(ANONYMOUS, min_size=1, max_size=8).map(
    lambda lines: [replace(line, id=f"P{number}") for number, line in enumerate(lines)]
)
BASKET = st.lists(ANONYMOUS, max_size=6)

exhaustively = settings(
    deadline=None,
    max_examples=long_series.size(4, whole=12),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

Fresh = Callable[[], Callable[..., ImportResult]]


@pytest.fixture
def fresh(bring: Bring, alice: User) -> Fresh:
    """Return a factory of functions that import into a new account, as a test runs with many examples."""

    def fresh() -> Callable[..., ImportResult]:
        account = AccountFactory(user=alice)
        return lambda content, **options: bring(content, account=account, **options)

    return fresh


def stored(result: ImportResult) -> Counter:
    rows = FinancialTransaction.objects.filter(financial_profile_id=result.account)
    return Counter(rows.values_list("transaction_date", "amount", "description"))


def counted(lines: Iterable[Line]) -> Counter:
    return Counter((line.day, Decimal(line.amount), line.text) for line in lines)


def union_of(counters: Iterable[Counter]) -> Counter:
    """Return the maximum of the counts of each key."""
    return reduce(or_, counters, Counter())


def state(account: Any) -> list[dict[str, Any]]:
    return list(FinancialTransaction.objects.filter(financial_profile_id=account).order_by("pk").values())


@exhaustively
@given(files=st.lists(BASKET, min_size=1, max_size=4))
def test_rows_without_ids_count_as_in_the_file_with_most(fresh: Fresh, files: list[list[Line]]) -> None:
    bring = fresh()
    results = [bring(csv_of(*lines), format="csv") for lines in files]
    assert stored(results[0]) == union_of(map(counted, files))
    assert sum(result.created for result in results) == stored(results[0]).total()


@exhaustively
@given(lines=st.lists(ANONYMOUS, min_size=1, max_size=10), order=st.randoms(use_true_random=False))
def test_a_file_cut_into_days_imports_as_a_whole_file(fresh: Fresh, lines: list[Line], order: Any) -> None:
    days = sorted({line.day for line in lines})
    order.shuffle(days)
    bring = fresh()
    pieces = [bring(csv_of(*[line for line in lines if line.day == day])) for day in days]
    whole = bring(csv_of(*lines))
    assert stored(pieces[0]) == counted(lines)
    assert (whole.created, whole.duplicates) == (0, len(lines))


def resolve_all(account: Any, decision: ReviewDecision) -> None:
    for record in StatementImport.objects.filter(account_id=account, review__gt=0):
        for reason in record.review_reasons():
            assert resolve_reviews(record=record, reason=ReviewReason(reason), decision=decision).left == 0


@exhaustively
@given(lines=NAMED, data=st.data())
def test_rows_with_ids_are_stored_once_in_any_split(fresh: Fresh, lines: list[Line], data: st.DataObject) -> None:
    files = data.draw(st.lists(st.lists(st.sampled_from(lines), max_size=8), min_size=1, max_size=4))
    bring = fresh()
    results = [bring(ofx_of(*file)) for file in files]
    resolve_all(results[0].account, ReviewDecision.CREATE)  # rows of equal content whose ids seem to have changed
    assert stored(results[0]) == counted({line.id: line for file in files for line in file}.values())
    again = [bring(ofx_of(*file)) for file in files]
    assert sum(result.created + result.review for result in again) == 0


@exhaustively
@given(lines=NAMED, baskets=st.lists(BASKET, max_size=2), data=st.data())
def test_files_with_and_without_ids_agree_in_any_order(
    fresh: Fresh, lines: list[Line], baskets: list[list[Line]], data: st.DataObject
) -> None:
    named = data.draw(st.lists(st.lists(st.sampled_from(lines), max_size=8), min_size=1, max_size=2))
    files = data.draw(st.permutations([csv_of(*basket) for basket in baskets] + [ofx_of(*file) for file in named]))
    bring = fresh()
    results = [bring(content) for content in files]
    again = [bring(content) for content in files]
    assert sum(result.created + result.review for result in again) == 0
    resolve_all(results[0].account, ReviewDecision.CREATE)
    of_ids = counted({line.id: line for file in named for line in file}.values())
    # texts of another kind of file are not compared, so a row may stand for one of another text
    assert sums(stored(results[0])) >= union_of([sums(of_ids), *[sums(counted(basket)) for basket in baskets]])


def sums(counter: Counter) -> Counter:
    """Return the counts by day and amount."""
    total: Counter = Counter()
    for (day, amount, _), count in counter.items():
        total[day, amount] += count
    return total


REUSED = st.lists(st.builds(replace, ANONYMOUS, id=st.sampled_from(["P1", "P2", "P3"])), min_size=1, max_size=8)


@exhaustively
@given(files=st.lists(REUSED, min_size=1, max_size=3))
def test_each_content_of_an_id_is_stored_or_asked_about(fresh: Fresh, files: list[list[Line]]) -> None:
    bring = fresh()
    results = [bring(ofx_of(*file)) for file in files]
    again = [bring(ofx_of(*file)) for file in files]
    assert sum(result.created + result.review for result in again) == 0
    resolve_all(results[0].account, ReviewDecision.CREATE)
    assert stored(results[0]) == counted({line for file in files for line in file})


@exhaustively
@given(lines=st.lists(ANONYMOUS, min_size=1, max_size=8), order=st.randoms(use_true_random=False))
def test_permuted_statements_of_any_kind_are_stored_once(fresh: Fresh, lines: list[Line], order: Any) -> None:
    bring = fresh()
    results = []
    for kind in order.sample(["ofx", "csv", "camt", "qif"], 4):
        shuffled = order.sample(lines, len(lines))
        named = [replace(line, id=f"{kind}{number}") for number, line in enumerate(shuffled)]
        file = {"ofx": ofx_of(*named), "csv": csv_of(*shuffled), "qif": rows_of("qif", *shuffled)}
        results.append(bring(file.get(kind, rows_of(kind, *named))))
    assert [(result.created, result.review) for result in results] == [(len(lines), 0)] + [(0, 0)] * 3
    assert stored(results[0]) == counted(lines)


PENDING = st.tuples(NAMED, NAMED.map(lambda lines: tuple(replace(line, id=f"H{line.id}") for line in lines))).map(
    lambda pair: ofx_of(*pair[0], pending=pair[1])
)
ANY_FILE = st.one_of(BASKET.map(lambda lines: csv_of(*lines)), NAMED.map(lambda lines: ofx_of(*lines)), PENDING)


@exhaustively
@given(files=st.lists(ANY_FILE, min_size=1, max_size=3), last=ANY_FILE, deleted=st.integers(0, 3))
def test_a_dry_run_returns_the_result_of_the_real_run(fresh: Fresh, files: list[bytes], last: bytes, deleted: int) -> None:
    bring = fresh()
    account = [bring(content) for content in files][0].account
    chosen = FinancialTransaction.objects.filter(financial_profile_id=account).order_by("pk").values("pk")[:deleted]
    FinancialTransaction.objects.filter(pk__in=chosen).delete()
    before = state(account)
    dry = bring(last, dry_run=True)
    assert state(account) == before
    real = bring(last)
    rows = StatementImportRow.objects.filter(statement_import_id=real.id).order_by("number")
    assert [(row.verdict, row.reason) for row in dry.preview] == [(row.verdict, row.reason) for row in rows]
    assert replace(dry, id=real.id, dry_run=False, preview=[], first_rows=[]) == real
    assert (bring(last).created, bring(last).superseded, bring(last).review) == (0, 0, 0)


@exhaustively
@given(first=ANY_FILE, second=ANY_FILE)
def test_an_undone_import_leaves_the_account_as_it_was(fresh: Fresh, undo: Undo, first: bytes, second: bytes) -> None:
    bring = fresh()
    account = bring(first).account
    before = state(account)
    done = bring(second)
    undo(done)
    assert state(account) == before
    repeated = bring(second)
    counts = [(result.created, result.duplicates, result.superseded, result.review) for result in (done, repeated)]
    assert counts[0] == counts[1]
