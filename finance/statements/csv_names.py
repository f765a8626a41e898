"""Column titles that banks use in CSV files, by field in order of preference, compared by `text.plain_key`."""

from finance.statements.text import plain_key


def keys(names: str) -> tuple[str, ...]:
    """Return the keys of comma-separated names."""
    return tuple(map(plain_key, names.split(",")))


# A date is the day of the transaction, a day without further meaning, the day of booking or, at last, the value day.
_TRANSACTION_DATES = """
        transaction date, trans date, tran date, txn date, date of transaction, transaction date utc, transaction time,
        purchase date, trade date, run date, transaktionsdatum, umsatzdatum, belegdatum, kaufdatum, date operation,
        date de l operation, date d operation, date op, dateop, date de transaction, date de la transaction,
        fecha operacion, fecha de operacion, fecha de la operacion, fecha transaccion, fecha de transaccion,
        data operazione, data transazione, transactiedatum, datum verrichting, uitvoeringsdatum, data da transacao,
        data transacao, data da operacao, data operacao, data da compra, transaktionsdag, inkopsdatum, kopdatum,
        transaktionsdato, kobsdato, transaksjonsdato, kjopsdato, utfort dato, tapahtumapaiva, ostopaiva, maksupaiva,
        data operacji, data transakcji, datum provedeni, datum transakce, datum a cas transakce, datum transakcie,
        tranzakcio datuma, tranzakcio napja, tranzakcio ideje, tranzakcio idopontja, data tranzactiei, data operatiunii,
        дата операции, дата транзакции, дата и время операции, дата операції, дата і час операції, дата транзакції,
        islem tarihi, ημερομηνια συναλλαγης, datum transakcije, 交易日期, 交易时间, 交易日, 交易創建時間, 交易创建时间,
        交易成功时间, 取引日, お取引日, 取扱日, ご利用日, 利用日, ご利用年月日, 거래일자, 거래일시, 거래일, 이용일,
        이용일자, 이용일시, 승인일, 승인일자"""
_PLAIN_DATES = """
        date, started date, created on, created, date created, created at, created utc, datetime, date time, timestamp,
        date processed, process date, entry date, datum, fecha, fecha movimiento, fecha y hora, data, data movimento,
        data do movimento, data mov, dato, pvm, paivamaara, paivays, datum a cas, tarih, дата, дата і час, дата и время,
        дата та час, kuupaev, datums, ημερομηνια, datum izvrsenja, 日期, 时间, 年月日, 日付, 計算日, 날짜, 일자"""
_BOOKING_DATES = """
        booking date, booked on, booked, posting date, posted date, post date, posted on, posted, date posted,
        completed date, date completed, settled date, settlement date, cleared date, clearing date, buchungstag,
        buchungsdatum, buchung, datum buchung, date comptable, date de comptabilisation, date comptabilisation,
        fecha contable, fecha asiento, fecha de cargo, data contabile, data registrazione, boekdatum, boekingsdatum,
        datum verrekening, data do lancamento, data lancamento, data de lancamento, bokforingsdag, bokforingsdatum,
        bokford, bokford datum, bokfort dato, bokfort, bokforingsdato, reskontradatum, bogforingsdato, bogfort,
        bogfort dato, posteringsdato, kirjauspaiva, kirjauspaivamaara, kirjattu, data ksiegowania, data zaksiegowania,
        data rozliczenia, datum zauctovani, datum zpracovani, datum zauctovania, datum spracovania, datum odepsani,
        konyveles datuma, konyvelesi datum, konyveles napja, konyvelve, teljesites datuma, data procesarii,
        data inregistrarii, data contabilizarii, data finalizarii tranzactiei, дата проводки, дата обработки,
        дата платежа, дата списания, дата проведення, muhasebe tarihi, kayit tarihi, datum knjizenja,
        记账日期, 记账日, 入账日期, 入账日, 银行记账日, 計上日, 記帳日"""
_VALUE_DATES = """
        value date, value dat, effective date, wertstellung, wertstellungsdatum, valutadatum, valuta, wert, valutatag,
        date de valeur, date valeur, date val, dateval, fecha valor, fecha de valor, data valuta, rentedatum, data valor,
        data efetiva, rantedag, valutadag, valordato, rentedato, valuteringsdato, arvopaiva, data waluty, datum valuty,
        datum splatnosti, ertknap, erteknap, data valutei, дата валютирования, дата валютування, valor, valor tarihi,
        datum valute, 起息日"""

_NAMES: dict[str, str] = {
    "date": ",".join((_TRANSACTION_DATES, _PLAIN_DATES, _BOOKING_DATES, _VALUE_DATES)),
    "posted_date": _BOOKING_DATES,
    "amount": """
        amount, transaction amount, net amount, billing amount, amount in account currency, amount of transaction, value,
        betrag, umsatz, buchungsbetrag, betrag in kontowahrung, montant, montant en euros, montant euros,
        montant de l operation, montant operation, importe, importe operacion, cantidad, monto, importo, importo operazione,
        bedrag, transactiebedrag, valor, montante, quantia, importancia, belopp, transaktionsbelopp, insattning uttag,
        belob, belop, maara, summa, kwota, kwota operacji, kwota transakcji, kwota w walucie rachunku,
        kwota transakcji waluta rachunku, castka, zauctovana castka, castka v mene uctu, objem, ciastka, suma,
        suma v mene uctu, suma tranzactiei, osszeg, tranzakcio osszege, konyvelt osszeg, valoare, сумма платежа, сумма,
        сумма в валюте счета, сумма пересчитанная в валюту счета, сумма операции в валюте счета, сумма операции, сума,
        сума в валюті картки,
        сума в валюті рахунку, сума операції, tutar, islem tutari, miktar, ποσο, iznos, znesek, 入账金额,
        记账金额, 人民币金额, 金额, 交易金额, 收支金额, 金額, 取引金額, 入出金, 入出金額, ご利用金額, 利用金額, 支払金額,
        支払総額, 금액, 거래금액, 이용금액, 승인금액, net, netto, neto, gross, brutto, brut, bruto, lordo""",
    "debit": """
        debit, debits, debit amount, amount debit, withdrawal, withdrawals, withdrawal amount, withdrawal amt, money out,
        amount out, paid out, outgoing, outflow, spent, dr, out, soll, belastung, lastschrift, ausgang, ausgaben,
        debit euros, debit montant, montant debit, cargo, cargos, debe, adeudo, importe cargo, retiro, retiros, addebito,
        addebiti, dare, uscite, uscita, af, afschrijving, debet, debito, debitos, saida, saidas, uttag, ut, utbetalning,
        belopp ut, haevet, ud, udbetaling, udgift, belop ut, ut av konto, ut fra konto, otto, panot ja otot, kredit ut,
        obciazenie, obciazenia, wydatki, wydatek, wyplaty, odepsano, odchozi, vydaj, vydaje, terheles, kiadas, iesiri,
        sume debitate, suma debit, расход, списание, дебет, витрати, видаток, borc, cikan, gider, χρεωση, isplata,
        breme, 支出, 支出金额, 交易金额 支出, 记账金额 支出, 借方金额, 借方发生额, 支取, 出金, 出金金額, 出金額,
        お支払金額, お支払い金額, 支払い金額, お引出し, お引き出し, 引出額, 払出金額, 출금액,
        출금, 출금금액, 찾으신금액, 지급금액""",
    "credit": """
        credit, credits, credit amount, amount credit, deposit, deposits, deposit amount, deposit amt, money in, amount in,
        paid in, incoming, inflow, received, cr, in, haben, gutschrift, eingang, einnahmen, credit euros, credit montant,
        montant credit, abono, abonos, haber, ingreso, ingresos, importe abono, deposito, depositos, accredito, accrediti,
        avere, entrate, entrata, bij, bijschrijving, credito, creditos, entrada, entradas, insattning, insattningar,
        inbetalning, belopp in, indsat, ind, indbetaling, indtaegt, belop inn, inn, inn pa konto, pano, uznanie, uznania,
        wplywy, wplyw, wplaty, pripsano, prichozi, prijem, prijmy, jovairas, bevetel, intrari, sume creditate,
        suma credit, приход, зачисление, поступление, кредит, надходження, alacak, giren, gelir, πιστωση, uplata, dobro,
        收入, 收入金额, 交易金额 收入, 记账金额 收入, 贷方金额, 贷方发生额, 存入, 入金, 入金金額, 入金額, お預り金額,
        お預かり金額, お預入れ, お預け入れ, 預入額, 受入金額, 입금액, 입금, 입금금액, 맡기신금액""",
    "description": """
        description, transaction description, booking text, details, transaction details, narrative, narration, particulars,
        memo, original description, remittance information, payment reference, text, verwendungszweck, buchungstext,
        beschreibung, buchungsdetails, umsatztext, transaktionsbeschreibung, bezeichnung, libelle, libelle operation,
        libelle de l operation, description operation, intitule, nature de l operation, concepto, descripcion, detalle,
        causale, descrizione, descrizione operazione, mededelingen, mededeling, omschrijving, omschrijving 1, descricao,
        descritivo, historico, rubrik, meddelande, beskrivning, transaktionstext, specifikation, tekst, beskrivelse,
        posteringstekst, forklaring, forklarende tekst, transaksjonstekst, melding, viesti, selitys, opis,
        opis operacji, opis transakcji,
        tytul, tytul operacji, tytulem, szczegoly, zprava pro prijemce, popis, popis transakce, zprava, sprava pre prijemcu,
        informacia pre prijemcu, kozlemeny, leiras, megnevezes, descriere, detalii, detalii tranzactie, explicatii,
        описание, описание операции, назначение платежа, назначение, деталі операції, опис операції, призначення платежу,
        опис, aciklama, islem aciklamasi, selgitus, paskirtis, περιγραφη, αιτιολογια, namen,
        摘要, 交易摘要, 交易说明, 交易描述, 交易名称, 商品说明, 商品名称, 商品, 附言, 備考, お取引内容, お取り扱い内容,
        取引内容, 入出金内容, 入出金先内容, 内容, 적요, 내용, 거래내용, 기재내용, title, label, desc""",
    "merchant_name": """
        merchant, merchant name, payee, payee name, name, counterparty, counterparty name, counter party, beneficiary,
        recipient, other party, partner, empfanger, zahlungsempfanger, beguenstigter zahlungspflichtiger,
        begunstigter zahlungspflichtiger, auftraggeber empfanger, auftraggeber begunstigter, name zahlungsbeteiligter,
        zahlungspflichtiger, gegenpartei, zahlungspflichtige r, zahlungsempfanger in, handler, partner name, partnername,
        beneficiaire, commercant, tiers, nom, contrepartie, beneficiario, comercio, nombre, beneficiario ordenante,
        esercente, controparte, nome, naam omschrijving, naam tegenpartij, tegenpartij, naam, begunstigde, handelaar,
        comerciante, destinatario, estabelecimento, mottagare, butik, namn, modtager, forretning, navn, mottaker,
        saaja maksaja, maksun saaja, saajan nimi, saaja, nimi, nadawca odbiorca, kontrahent, dane kontrahenta,
        nazwa kontrahenta, odbiorca, nazwa odbiorcy, nazev protiuctu, nazev protistrany, protistrana, obchodnik,
        nazov protiuctu, nazov partnera, partner neve, ellenoldali nev, ellenszamla neve, kedvezmenyezett, kereskedo,
        beneficiar, nume beneficiar, partener, контрагент, наименование контрагента, получатель, продавец, одержувач,
        отримувач, alici, isyeri, karsi taraf, saaja maksja, saaja maksja nimi, gavejas moketojas, prejemnik,
        primatelj, 对方户名, 对方账户名, 交易对方, 商户名称, 对手信息, 对方名称, 交易对手, 相手先, ご利用先, 利用先,
        ご利用店名, 利用店名, 利用店名 商品名, 거래처, 가맹점명, 이용가맹점, 이용하신곳, 의뢰인 수취인, 보낸분 받는분""",
    "payer": """
        payer, payer name, debtor, debtor name, sender, sender name, from, source name, remitter, ordering party,
        zahlungspflichtige r, zahlungspflichtiger, auftraggeber, auftraggeber in, absender, emetteur, donneur d ordre,
        ordenante, remitente, ordinante, mittente, betaler, opdrachtgever, pagador, remetente, avsandare, afsender,
        avsender, betalers navn, maksaja, maksajan nimi, nadawca, nazwa nadawcy, platce, odesilatel, platitel, odosielatel,
        megbizo, kuldo, ordonator, nume ordonator, platitor, плательщик, отправитель, платник, відправник, gonderen""",
    "payee": """
        payee, payee name, creditor, creditor name, recipient, recipient name, receiver, receiver name, to, target name,
        beneficiary, beneficiary name, zahlungsempfanger in, zahlungsempfanger, empfanger, empfanger in, begunstigter,
        beguenstigter, beneficiaire, destinataire, beneficiario, destinatario, begunstigde, ontvanger, mottagare,
        modtager, mottaker, mottakernavn, saaja, saajan nimi, odbiorca, nazwa odbiorcy, prijemce, prijemca,
        kedvezmenyezett, kedvezmenyezett neve, beneficiar, nume beneficiar, получатель, одержувач, отримувач, alici""",
    "provider_id": """
        id, transaction id, transactionid, trans id, fitid, fit id, transaction number, transaction no,
        reference number, unique id, bank id, balance transaction id, transaktions id, transaktionsnummer,
        transaktionskennung, transaktionscode, id transaction, identifiant, numero de transaction, code de transaction,
        id de transaccion, id transaccion, id transazione, codice transazione, identificativo, transactie id,
        volgnummer, volgnr, id da transacao, id transacao, identificador, arkistointitunnus,
        id operace, id pohybu, id transakce, id transakcie, tranzakcio azonosito,
        arhiveerimistunnus, 交易流水号, 流水号, 交易单号, 交易订单号, 交易号, 거래번호""",
    "currency": """
        currency, currency code, ccy, transaction currency, account currency, billing currency, iso currency code,
        wahrung, waehrung, buchungswahrung, devise, monnaie, monn, moneda, divisa, valuta, munt, muntsoort, valutacode, moeda,
        valuutta, waluta, waluta rachunku, mena, mena uctu, devizanem, penznem, deviza, szamla devizaneme, валюта платежа,
        валюта, валюта счета, валюта картки, para birimi, doviz cinsi, doviz, valuuta, valiuta, νομισμα, 币种, 币别, 货币,
        入账货币, 记账币种, 通貨, 통화""",
    "balance": """
        balance, running balance, runningbalance, current balance, cash balance, running bal, account balance,
        balance after transaction, closing balance,
        available balance, bal, saldo, kontostand, saldo nach buchung, neuer saldo, solde, solde apres operation,
        saldo disponible, saldo contable, saldo contabile, saldo disponibile, saldo na mutatie, saldo na boeking,
        saldo contabilistico, saldo disponivel, bokfort saldo, bogfort saldo, saldo efter transaktion, saldo po operacji,
        saldo po transakcji, zustatek, zostatok, egyenleg, konyvelt egyenleg, sold, sold contabil, остаток, баланс,
        остаток после операции, залишок, залишок після операції, залишок на кінець періоду, bakiye, kalan bakiye,
        υπολοιπο, stanje, 余额, 账户余额, 本次余额, 联机余额, 交易后余额, 残高, 差引残高, 取引後残高, 잔액, 거래후잔액,
        거래후 잔액""",
    "category": """
        category, transaction category, kategorie, categorie, categorie operation, categoria, rubriek, kategori,
        kategoria, kategorie transakce, категория, категорія, 分类, 交易类型, 交易分类, カテゴリ, 카테고리""",
    "status": """
        status, state, transaction status, posting status, info, buchungsstatus, umsatzstatus, statut, etat, estado,
        stato, situacao, tila, stav, allapot, statusz, stare, статус, состояние, стан, durum, 交易状态, 当前状态, 状态""",
    "pending": """
        pending, is pending, posted, is posted, booked, is booked, cleared, reconciled, settled, is settled, vorgemerkt,
        gebucht, en attente, pendiente, in attesa, in behandeling, geboekt, pendente, reserverad, reserveret, reservert,
        bokford, bogfort, bokfort""",
    "type": """
        debit credit, credit debit, dr cr, cr dr, debit or credit, credit debit indicator, credit debit code, cd indicator,
        soll haben, soll haben kennzeichen, s h, kennzeichen, sens, af bij, bij af, debet credit, d c, c d, balance impact,
        direction, money direction, type, transaction type, tran type, txn type, umsatzart, type operation,
        type d operation, tipo, tipo de movimiento, tipo movimiento, tipo operazione, tipo movimento, mutatiesoort, typ,
        typ transakcji, rodzaj transakcji, rodzaj operacji, smer platby, typ transakce, kredit debet, bevetel kiadas,
        terheles jovairas, irany, tipus, tip tranzactie, тип, тип операции, тип операції, islem turu, borc alacak, tip,
        deebet kreedit, deebet kreedit d c, d k, 收支, 借贷标志, 借贷, 借贷方向, 收 支, 入出金区分, 입출금구분, 구분""",
    "account": """
        auftragskonto, iban auftragskonto, own account, account number, account no, account id, accountid, account iban,
        customer account no, kliendi konto, account, account name, acct, source account, wallet, product, pocket, space,
        rekening, rekeningnummer, iban bban, iban rekening, compte, produit, numero de compte, cuenta, numero de cuenta, conto,
        numero conto, conta, numero da conta, konto, kontonamn, kontonavn, produkt, tilinumero, tili, rachunek,
        numer rachunku, cislo uctu, ucet, nazev uctu, szamlaszam, szamla neve, cont, numar cont, номер счета, счет,
        рахунок, hesap, hesap no, hesap numarasi, 账号, 账户, 本方账号, 口座番号, 口座, 계좌번호, 계좌,
        iban, bank account, kontonummer, kontonummer iban, kontonr, card number, card no, card, last four digits, cardno,
        card last 4 digits, kartennummer, karte, kredietkaart, carte, numero de carte, tarjeta, carta, cartao, kort,
        kortnummer, kortti, karta, numer karty, cislo karty, kartyaszam, номер карты, карта, картка, kart no,
        kart numarasi, 卡号, 卡号后四位, 卡号末四位, 借记卡号, カード, 카드번호, account type""",
}

COLUMN_NAMES: dict[str, tuple[str, ...]] = {field: keys(names) for field, names in _NAMES.items()}
VALUE_DATES = frozenset(keys(_VALUE_DATES))
# Titles of accounts that may be the other party's: the cells and the place of the column decide.
UNCERTAIN_ACCOUNTS = frozenset(COLUMN_NAMES["account"][COLUMN_NAMES["account"].index("iban") :])
# The net amount of PayPal and Stripe moves the balance; beside a tax instead of a fee, it is not what was paid.
NET = frozenset(keys("net, netto, neto, net amount"))
FEES = frozenset(
    keys("""
        fee, fees, gebuhr, gebuhren, entgelt, frais, commission, comision, tarifa, tariffa, commissione, kosten, taxa,
        tarifas, avgift, gebyr, oplata, prowizja, poplatek, комиссия, комісія, 手续费, 手数料, 수수료""")
)
# Titles of columns that say nothing but debit or credit.
SIGN_TITLES = frozenset(
    keys("""
        debit credit, credit debit, dr cr, cr dr, debit or credit, credit debit indicator, credit debit code, cd indicator,
        soll haben, soll haben kennzeichen, s h, sens, af bij, bij af, debet credit, d c, c d, money direction, smer platby,
        kredit debet, bevetel kiadas, terheles jovairas, borc alacak, deebet kreedit, deebet kreedit d c, d k, 收支, 借贷标志,
        借贷, 借贷方向, 收 支, 入出金区分, 입출금구분""")
)
PENDING_TITLES = frozenset(
    keys("""
        pending, is pending, vorgemerkt, en attente, pendiente, in attesa, in behandeling, pendente, reserverad,
        reserveret, reservert""")
)
