"""CAMT.052, 053 and 054: entries of all versions, directions, parties, balances and accounts."""

import pytest

from finance.statements.rows import StatementError
from tests.finance.statements.camt_files import OTHER_IBAN, OWN_IBAN, Entry, document, entry, party, statement
from tests.finance.statements.parse_helpers import read

ENTRIES = (entry(), entry(Entry("20.00", text="Refund", payee="Green Mail Order", id="REF-0002")))


@pytest.mark.parametrize("kind", ["052", "053", "054"])
@pytest.mark.parametrize("version", [*range(2, 15)])
def test_every_version_is_read(kind: str, version: int) -> None:
    entries = [entry(version=version), entry(Entry("20.00", payee="Green Mail Order", id="REF-0002"), version=version)]
    reading = read(document(statement(*entries, kind=kind), kind=kind, version=version))
    assert reading.statement.format == "camt"
    assert reading.errors == []
    assert [(row.number, str(row.amount), row.merchant_name) for row in reading.rows] == [
        (1, "-12.50", "Grocer Blue"),
        (2, "20.00", "Green Mail Order"),
    ]


def test_every_field_of_an_entry_is_read() -> None:
    [row] = read(document(statement(entry()))).rows
    assert (row.date.isoformat(), row.currency, row.description) == ("2026-03-02", "EUR", "Invoice 17")
    assert (row.provider_id, row.posted_date, row.is_pending, row.transaction_type) == ("REF-0001", row.date, False, "expense")


@pytest.mark.parametrize(
    "content", [document(statement(*ENTRIES)).replace("<", "<c:").replace("<c:/", "</c:").replace("<c:?", "<?")]
)
def test_a_prefix_of_the_namespace_is_read(content: str) -> None:
    assert read(content.replace("xmlns=", "xmlns:c=")).amounts == ["-12.50", "20.00"]


@pytest.mark.parametrize("before", ["", "\ufeff", "\n  ", "<!-- a comment -->"])
def test_text_before_the_document_is_ignored(before: str) -> None:
    content = document(statement(*ENTRIES))
    content = content.replace("<Document", f"{before}<Document") if "!--" in before else before + content
    assert read(content).amounts == ["-12.50", "20.00"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "cp1252"])
def test_the_encoding_is_that_of_the_bytes(encoding: str) -> None:
    content = document(statement(entry(Entry(payee="Bäckerei Süß"))))
    declared = content.replace("UTF-8", encoding) if encoding != "cp1252" else content
    assert read(declared.encode(encoding)).rows[0].merchant_name == "Bäckerei Süß"


@pytest.mark.parametrize(
    ("direction", "flag", "amount", "kind"),
    [
        ("DBIT", "", "-12.50", "expense"),
        ("CRDT", "", "12.50", "income"),
        ("CRDT", "<RvslInd>true</RvslInd>", "12.50", "refund"),
        ("CRDT", "<RvslInd>1</RvslInd>", "12.50", "refund"),
        ("DBIT", "<RvslInd>true</RvslInd>", "-12.50", "expense"),
        ("DBIT", "<RvslInd>false</RvslInd>", "-12.50", "expense"),
        ("CRDT", "<RvslInd>0</RvslInd>", "12.50", "income"),
    ],
)
def test_the_direction_is_the_booked_one(direction: str, flag: str, amount: str, kind: str) -> None:
    content = document(statement(entry(Entry(extra=flag)))).replace("DBIT", direction)
    [row] = read(content).rows
    assert (str(row.amount), row.transaction_type) == (amount, kind)


@pytest.mark.parametrize("version", [6, 8])
@pytest.mark.parametrize(("status", "is_pending"), [("BOOK", False), ("PDNG", True), ("FUTR", True)])
def test_a_pending_entry_is_pending(status: str, is_pending: bool, version: int) -> None:
    [row] = read(document(statement(entry(Entry(status=status), version=version)), version=version)).rows
    assert (row.is_pending, row.posted_date is None) == (is_pending, is_pending)


def test_an_entry_for_information_is_left_out_with_a_warning() -> None:
    reading = read(document(statement(entry(), entry(Entry(status="INFO")))))
    assert reading.amounts == ["-12.50"]
    assert [(warning.code, warning.message[:1]) for warning in reading.statement.warnings] == [("left_out", "1")]


@pytest.mark.parametrize(
    ("parties", "payee"),
    [
        (party("Dbtr", "Ada Holder", OWN_IBAN) + party("Cdtr", "Grocer Blue", OTHER_IBAN), "Grocer Blue"),
        (party("Cdtr", "Ada Holder", OWN_IBAN) + party("Dbtr", "Grocer Blue", OTHER_IBAN), "Grocer Blue"),
        ("<Dbtr><Nm>ADA HOLDER</Nm></Dbtr><Cdtr><Nm>Grocer Blue</Nm></Cdtr>", "Grocer Blue"),
        ("<Dbtr><Nm>Ada Holder</Nm></Dbtr>", ""),
        ("<Cdtr><Nm>Ada Holder</Nm></Cdtr>", ""),
        (party("Dbtr", "A. Holder", OWN_IBAN), ""),
        ("<UltmtCdtr><Nm>Grocer Blue</Nm></UltmtCdtr>", "Grocer Blue"),
        ("<Cdtr><Agt><FinInstnId><Nm>Red Bank</Nm></FinInstnId></Agt></Cdtr>", "Red Bank"),
        ("<Cdtr><Nm>Fish &amp;amp; Chips</Nm></Cdtr>", "Fish & Chips"),
        ("", ""),
    ],
)
def test_the_payee_is_the_other_party(parties: str, payee: str) -> None:
    content = document(statement(entry()))
    start, end = content.index("<RltdPties>") + len("<RltdPties>"), content.index("</RltdPties>")
    [row] = read(content[:start] + parties + content[end:]).rows
    assert row.merchant_name == payee


def test_the_payee_of_a_reversed_debit_is_its_creditor() -> None:
    parties = party("Dbtr", "A. Holder", "") + party("Cdtr", "Grocer Blue", "")
    reversed_debit = entry(Entry("12.50", extra="<RvslInd>true</RvslInd>"))
    start, end = reversed_debit.index("<RltdPties>") + len("<RltdPties>"), reversed_debit.index("</RltdPties>")
    [row] = read(document(statement(reversed_debit[:start] + parties + reversed_debit[end:]))).rows
    assert row.merchant_name == "Grocer Blue"


@pytest.mark.parametrize(
    ("remittance", "description"),
    [
        ("<RmtInf><Ustrd>One</Ustrd><Ustrd>two</Ustrd></RmtInf>", "One two"),
        ("<RmtInf><Strd><CdtrRefInf><Ref>RF18 5390</Ref></CdtrRefInf></Strd></RmtInf>", "RF18 5390"),
        ("<RmtInf><Ustrd>Rent</Ustrd><Strd><AddtlRmtInf>March</AddtlRmtInf></Strd></RmtInf>", "Rent March"),
        ("<AddtlTxInf>Card payment</AddtlTxInf>", "Card payment"),
        ("", "Grocer Blue"),
    ],
)
def test_the_description_is_the_remittance_information(remittance: str, description: str) -> None:
    content = document(statement(entry())).replace("<RmtInf><Ustrd>Invoice 17</Ustrd></RmtInf>", remittance)
    assert read(content).rows[0].description == description


def test_the_banks_text_is_used_without_remittance() -> None:
    content = document(statement(entry())).replace("<RmtInf><Ustrd>Invoice 17</Ustrd></RmtInf>", "")
    content = content.replace("</Ntry>", "<AddtlNtryInf>CARD PAYMENT</AddtlNtryInf></Ntry>")
    assert read(content).rows[0].description == "CARD PAYMENT"


def test_a_batch_is_one_row_of_the_booked_amount() -> None:
    detail = '<TxDtls><Amt Ccy="USD">4.00</Amt><RltdPties><Cdtr><Nm>Payee {0}</Nm></Cdtr></RltdPties></TxDtls>'
    content = document(statement(entry()))
    start, end = content.index("<TxDtls>"), content.index("</TxDtls>") + len("</TxDtls>")
    [row] = read(content[:start] + "".join(map(detail.format, range(30_000))) + content[end:]).rows
    assert (str(row.amount), row.currency, row.merchant_name) == ("-12.50", "EUR", "")


@pytest.mark.parametrize(
    ("references", "id"),
    [
        ("<AcctSvcrRef>2026-1</AcctSvcrRef>", "2026-1"),
        ("<AcctSvcrRef>NONREF</AcctSvcrRef>", ""),
        ("<AcctSvcrRef>000000</AcctSvcrRef>", ""),
        ("<NtryRef>7</NtryRef>", ""),
        ("<NtryRef>2026030200001</NtryRef>", "2026030200001"),
        ("", ""),
    ],
)
def test_the_id_is_the_banks_reference(references: str, id: str) -> None:
    content = document(statement(entry())).replace("<AcctSvcrRef>REF-0001</AcctSvcrRef>", references)
    assert read(content).rows[0].provider_id == id


def test_the_reference_of_a_single_payment_is_the_id() -> None:
    content = document(statement(entry())).replace("<AcctSvcrRef>REF-0001</AcctSvcrRef>", "")
    assert read(content.replace("<Refs>", "<Refs><AcctSvcrRef>T-55</AcctSvcrRef>")).rows[0].provider_id == "T-55"


@pytest.mark.parametrize(
    ("dates", "day"),
    [
        ("<BookgDt><Dt>2026-03-02</Dt></BookgDt><ValDt><Dt>2026-03-09</Dt></ValDt>", "2026-03-02"),
        ("<BookgDt><DtTm>2026-03-02T23:59:59+05:30</DtTm></BookgDt>", "2026-03-02"),
        ("<BookgDt><Dt>2026-03-02+01:00</Dt></BookgDt>", "2026-03-02"),
        ("<ValDt><Dt>2026-03-09</Dt></ValDt>", "2026-03-09"),
    ],
)
def test_the_day_is_that_of_booking(dates: str, day: str) -> None:
    content = document(statement(entry())).replace(
        "<BookgDt><Dt>2026-03-02</Dt></BookgDt><ValDt><Dt>2026-03-09</Dt></ValDt>", dates
    )
    assert read(content).dates == [day]


@pytest.mark.parametrize(
    ("old", "new", "field", "code"),
    [
        ("12.50</Amt>", "12,50</Amt>", "amount", "bad_amount"),
        ("12.50</Amt>", "-12.50</Amt>", "amount", "bad_amount"),
        ("12.50</Amt>", "NaN</Amt>", "amount", "bad_amount"),
        ("12.50</Amt>", "0.00</Amt>", "amount", "zero_amount"),
        ("12.50</Amt>", "1.005</Amt>", "amount", "too_many_decimals"),
        ("12.50</Amt>", "</Amt>", "amount", "missing_amount"),
        ('Ccy="EUR">12', 'Ccy="QQQ">12', "currency", "unknown_currency"),
        ("<CdtDbtInd>DBIT</CdtDbtInd>", "", "amount", "unknown_sign"),
        ("<CdtDbtInd>DBIT", "<CdtDbtInd>BOTH", "amount", "unknown_sign"),
        ("<Dt>2026-03-02</Dt>", "<Dt>2026-02-30</Dt>", "date", "bad_date"),
        ("<Dt>2026-03-02</Dt>", "<Dt>02.03.2026</Dt>", "date", "bad_date"),
        ("<BookgDt><Dt>2026-03-02</Dt></BookgDt><ValDt><Dt>2026-03-09</Dt></ValDt>", "", "date", "missing_date"),
    ],
)
def test_a_broken_entry_does_not_affect_others(old: str, new: str, field: str, code: str) -> None:
    broken = entry().replace(old, new)
    reading = read(document(statement(entry(), broken, entry())))
    assert [row.number for row in reading.rows] == [1, 3]
    assert [(error.number, error.field, error.code) for error in reading.errors] == [(2, field, code)]


def test_a_truncated_document_keeps_its_complete_entries() -> None:
    content = document(statement(entry(), entry()))
    reading = read(content[: content.rindex("<CdtDbtInd>")])
    assert reading.amounts == ["-12.50"]
    assert reading.codes == [(2, "truncated")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (document(), "no_statement"),
        (document().replace("</Document>", ""), "broken_markup"),
        (document(statement(entry())).replace("<Document", '<!DOCTYPE a [<!ENTITY b "c">]><Document'), "forbidden_markup"),
        (
            document(statement(entry())).replace("<Document", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><Document'),
            "forbidden_markup",
        ),
        (document(statement(entry())).replace("<Sts>", "<a>" * 100 + "</a>" * 100 + "<Sts>"), "too_complex"),
        (document(statement(entry())).replace("<Sts>", "<a/>" * 60_000 + "<Sts>"), "too_complex"),
        (document(statement(entry())).replace("<GrpHdr>", "<a/>" * 60_000 + "<GrpHdr>"), "too_complex"),
    ],
)
def test_a_hostile_or_empty_document_is_refused(content: str, code: str) -> None:
    with pytest.raises(StatementError) as refusal:
        read(content)
    assert refusal.value.code == code


def test_an_unknown_entity_is_not_expanded() -> None:
    assert read(document(statement(entry(), entry(Entry(payee="&x;"))))).codes == [(2, "truncated")]
