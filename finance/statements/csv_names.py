"""Column titles and words that banks use in CSV files, by field in order of preference, compared by `text.plain_key`.

Languages: English, German, French, Spanish, Italian, Dutch, Portuguese, Chinese, Japanese and Korean.
"""

from finance.statements.text import plain_key


def _keys(names: str) -> tuple[str, ...]:
    return tuple(map(plain_key, names.split(",")))


_NAMES: dict[str, str] = {
    "date": """
        transaction date, trans date, tran date, date of transaction, transaction date utc, date, started date,
        created on, booking date, booked on, booked, posting date, posted date, post date, posted on, posted,
        completed date, value date, transaktionsdatum, umsatzdatum, belegdatum, kaufdatum, datum, buchungstag,
        buchungsdatum, buchung, wertstellung, valutadatum, valuta, date operation, date de l operation,
        date d operation, date de transaction, date de la transaction, date comptable, date de comptabilisation,
        date de valeur, date valeur, fecha operacion, fecha de operacion, fecha de la operacion, fecha transaccion,
        fecha de transaccion, fecha movimiento, fecha, fecha contable, fecha valor, data operazione, data transazione,
        data contabile, data valuta, data, transactiedatum, boekdatum, boekingsdatum, rentedatum, data da transacao,
        data transacao, data do movimento, data movimento, data mov, data da operacao, data operacao,
        data do lancamento, data lancamento, data valor, 交易日期, 交易时间, 日期, 取引日, お取引日, 年月日, 日付,
        거래일자, 거래일시, 거래일, 날짜""",
    "posted_date": """
        posted date, posting date, post date, posted on, posted, booking date, completed date, buchungstag,
        buchungsdatum, date comptable, date de comptabilisation, fecha contable, data contabile, boekdatum,
        boekingsdatum, data do lancamento, 记账日期, 入账日期""",
    "amount": """
        amount, transaction amount, net amount, amount of transaction, value, betrag, umsatz, buchungsbetrag, montant,
        montant en euros, montant euros, montant de l operation, montant operation, importe, importe operacion,
        cantidad, monto, importo, importo operazione, bedrag, transactiebedrag, valor, montante, quantia, importancia,
        金额, 交易金额, 金額, 取引金額, 금액, 거래금액""",
    "debit": """
        debit, debits, debit amount, amount debit, withdrawal, withdrawals, withdrawal amount, money out, paid out,
        outgoing, soll, belastung, lastschrift, ausgang, ausgaben, debit euros, debit montant, montant debit, cargo,
        cargos, debe, adeudo, importe cargo, addebito, addebiti, dare, uscite, af, afschrijving, debet, debito, debitos,
        saida, saidas, 支出, 支出金额, 借方金额, 出金, 出金金額, お支払金額, お引出し, 출금액, 출금, 출금금액,
        찾으신금액""",
    "credit": """
        credit, credits, credit amount, amount credit, deposit, deposits, deposit amount, money in, paid in, incoming,
        haben, gutschrift, eingang, einnahmen, credit euros, credit montant, montant credit, abono, abonos, haber,
        ingreso, ingresos, importe abono, accredito, accrediti, avere, entrate, bij, bijschrijving, credito, creditos,
        entrada, entradas, 收入, 收入金额, 贷方金额, 入金, 入金金額, お預り金額, お預入れ, 입금액, 입금, 입금금액,
        맡기신금액""",
    "description": """
        description, transaction description, details, transaction details, narrative, narration, particulars, memo,
        original description, remittance information, payment reference, text, verwendungszweck, buchungstext,
        beschreibung, buchungsdetails, umsatztext, bezeichnung, libelle, libelle operation, libelle de l operation,
        description operation, intitule, nature de l operation, concepto, descripcion, detalle, causale, descrizione,
        descrizione operazione, mededelingen, mededeling, omschrijving, omschrijving 1, descricao, descritivo,
        historico, 摘要, 交易摘要, 附言, 備考, お取引内容, 取引内容, 内容, 적요, 내용, 거래내용, 기재내용""",
    "merchant_name": """
        merchant, merchant name, payee, payee name, name, counterparty, counterparty name, beneficiary, recipient,
        other party, empfanger, zahlungsempfanger, beguenstigter zahlungspflichtiger, begunstigter zahlungspflichtiger,
        auftraggeber empfanger, auftraggeber begunstigter, name zahlungsbeteiligter, zahlungspflichtiger, gegenpartei,
        zahlungspflichtige r, zahlungsempfanger in, handler, partner name, beneficiaire, commercant, tiers, nom,
        contrepartie, beneficiario, comercio, nombre, beneficiario ordenante, esercente, controparte, nome,
        naam omschrijving, naam tegenpartij, tegenpartij, naam, begunstigde, comerciante, destinatario, 对方户名,
        交易对方, 商户名称, 相手先, ご利用先, 거래처, 가맹점명, 의뢰인 수취인""",
    "provider_id": """
        id, transaction id, transactionid, trans id, fitid, fit id, transaction number, transaction no,
        reference number, unique id, bank id, transaktions id, transaktionsnummer, transaktionskennung, id transaction,
        identifiant, numero de transaction, id de transaccion, id transaccion, id transazione, identificativo,
        transactie id, volgnummer, id da transacao, id transacao, identificador, 交易流水号, 流水号, 거래번호""",
    "currency": """
        currency, currency code, ccy, transaction currency, account currency, wahrung, waehrung, devise, monnaie,
        moneda, divisa, valuta, munt, muntsoort, moeda, 币种, 货币, 通貨, 통화""",
    "balance": """
        balance, running balance, running bal, account balance, balance after transaction, available balance, saldo,
        kontostand, saldo nach buchung, neuer saldo, solde, solde apres operation, saldo disponible, saldo contable,
        saldo contabile, saldo disponibile, saldo na mutatie, saldo na boeking, saldo contabilistico, saldo disponivel,
        余额, 账户余额, 残高, 差引残高, 잔액, 거래후잔액""",
    "category": """
        category, transaction category, kategorie, categorie, categorie operation, categoria, rubriek, 分类, 交易类型,
        カテゴリ, 카테고리""",
    "status": """
        status, state, transaction status, posting status, info, buchungsstatus, umsatzstatus, statut, etat, estado,
        stato, situacao, 交易状态, 状态""",
    "type": """
        type, transaction type, tran type, debit credit, credit debit, dr cr, cr dr, debit or credit,
        credit debit indicator, credit debit code, soll haben, soll haben kennzeichen, s h, kennzeichen, umsatzart,
        sens, type operation, type d operation, tipo, tipo de movimiento, tipo movimiento, tipo operazione,
        tipo movimento, af bij, bij af, mutatiesoort, debet credit, 收支, 借贷标志, 收 支""",
}

COLUMN_NAMES: dict[str, tuple[str, ...]] = {field: _keys(names) for field, names in _NAMES.items()}

_DEBIT = """
        debit, dr, d, db, dbit, withdrawal, out, money out, soll, s, belastung, lastschrift, debet, af, debito, debe,
        cargo, addebito, dare, saida, 支出, 借, 出金, 출금"""
_CREDIT = """
        credit, cr, c, crdt, deposit, in, money in, haben, h, gutschrift, bij, credito, haber, abono, accredito, avere,
        entrada, 收入, 贷, 入金, 입금"""
SIGN_WORDS: dict[str, int] = {word: sign for sign, words in ((-1, _DEBIT), (1, _CREDIT)) for word in _keys(words)}

# Most languages also call a payment to another person a transfer, so only words for transfers between own accounts are listed.
_KINDS = {
    "transfer": """
        transfer, xfer, internal transfer, account transfer, own transfer, umbuchung, virement interne, traspaso,
        giroconto""",
    "fee": """
        fee, fees, service charge, bank fee, charge, gebuhr, gebuhren, entgelt, frais, comision, commissione, kosten,
        comissao""",
    "refund": """
        refund, return, reversal, erstattung, ruckerstattung, remboursement, reembolso, rimborso, terugbetaling, estorno""",
}
KIND_WORDS: dict[str, str] = {word: kind for kind, words in _KINDS.items() for word in _keys(words)}

PENDING_WORDS = frozenset(
    _keys("""
        pending, unposted, authorised, authorized, authorisation, authorization, processing, in progress, on hold,
        reserved, vorgemerkt, vorgemerkte buchung, umsatz vorgemerkt, ausstehend, en attente, a venir, pendiente,
        retenido, in attesa, non contabilizzato, in behandeling, gereserveerd, pendente, em processamento, 处理中,
        未入账""")
)
# Words for rows that moved no money; importing them would record expenses that never happened.
DEAD_WORDS = frozenset(
    _keys("""
        declined, failed, cancelled, canceled, rejected, reverted, voided, void, expired, abgelehnt, storniert,
        fehlgeschlagen, refuse, annule, echoue, rechazado, anulado, cancelado, fallido, rifiutato, annullato, geweigerd,
        geannuleerd, mislukt, recusado, anulada, 交易关闭, 失败, 취소""")
)
