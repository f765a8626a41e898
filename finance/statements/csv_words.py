"""Words that banks write in the cells of CSV files, by meaning, compared by `word_key`."""

from finance.statements.csv_names import keys
from finance.statements.text import plain_key

_LENGTH = 40
_SIGNS = str.maketrans("−–—‒＋－", "----+-")


def word_key(cell: str) -> str:
    """Return the key of a word in a cell. A lone sign is its own key, because `plain_key` removes it."""
    return plain_key(cell[:_LENGTH]) or cell.strip().translate(_SIGNS)[:_LENGTH]


_DEBIT = """
        debit, dr, d, db, dbit, withdrawal, out, money out, outflow, outgoing, soll, s, belastung, lastschrift, debet, af,
        debito, debe, cargo, addebito, dare, saida, uttag, o, ut, ud, haevet, utgaende, otto, obciazenie, wydatek, odchozi,
        odepsano, terheles, t, kiadas, iesire, расход, списание, дебет, витрата, borc, gider, vydaj, ausgabe, ausgaben,
        ausgang, sortie, depense, salida, gasto, egreso, uscita, despesa, udgift, utgift, meno, cikan, b, χρεωση, deebet,
        支出, 支, 借, 借方, 借 dr, 出金, 출금, 지출, -"""
_CREDIT = """
        credit, cr, c, crdt, deposit, in, money in, inflow, incoming, haben, h, gutschrift, bij, credito, haber, abono,
        accredito, avere, entrada, insattning, i, inn, ind, indsat, inkommande, pano, kredit, k, uznanie, wplyw, prichozi,
        pripsano, jovairas, j, bevetel, intrare, приход, зачисление, поступление, кредит, надходження, alacak, gelir,
        prijem, einnahme, einnahmen, eingang, entree, recette, ingreso, entrata, receita, indtaegt, inntekt, tulo, giren, a,
        πιστωση, kreedit, 收入, 收, 贷, 贷方, 贷 cr, 入金, 입금, 수입, +"""
SIGN_WORDS: dict[str, int] = {word_key(word): sign for sign, words in ((-1, _DEBIT), (1, _CREDIT)) for word in words.split(",")}

# Most languages also call a payment to another person a transfer, so only words for transfers between own accounts are listed.
_KINDS = {
    "transfer": """
        transfer, xfer, internal transfer, account transfer, own transfer, umbuchung, virement interne, traspaso,
        giroconto, egen overforing, egen overforsel, przelew wlasny, prevod mezi vlastnimi ucty,
        перевод между своими счетами""",
    "fee": """
        fee, fees, service charge, bank fee, charge, gebuhr, gebuhren, entgelt, frais, comision, commissione, kosten,
        comissao, avgift, gebyr, oplata, prowizja, poplatek, dij, comision bancar, комиссия, комісія, masraf, 手续费,
        手数料, 수수료""",
    "refund": """
        refund, return, reversal, erstattung, ruckerstattung, remboursement, reembolso, rimborso, terugbetaling, estorno,
        aterbetalning, tilbagebetaling, refusjon, zwrot, vraceni, visszaterites, rambursare, возврат, повернення, iade,
        退款, 返金, 환불""",
}
KIND_WORDS: dict[str, str] = {word: kind for kind, words in _KINDS.items() for word in keys(words)}

PENDING_WORDS = frozenset(
    keys("""
        pending, unposted, authorised, authorized, authorisation, authorization, processing, in progress, on hold, hold,
        reserved, uncleared, unsettled, not posted, not booked, scheduled, vorgemerkt, vorgemerkte buchung,
        umsatz vorgemerkt, ausstehend, in bearbeitung, en attente, en cours, a venir, pendiente, retenido, en proceso,
        in attesa, autorizzato, non contabilizzato, in corso, in behandeling, gereserveerd, pendente, em processamento,
        reserverad, preliminar, ej bokford, kommande, reserveret, venter, afventer, ikke bogfort, reservert, ikke bokfort,
        varaus, katevaraus, odottaa, vireilla, oczekujaca, oczekujacy, oczekuje, blokada, w realizacji, ceka, cekajici,
        nezauctovano, blokace, blokovano, caka, nezauctovane, blokacia, fuggo, fuggoben, zarolt, foglalas, in asteptare,
        in procesare, в обработке, ожидает, ожидание, авторизация, в обробці, очікує, beklemede, provizyon, bekliyor,
        处理中, 未入账, 等待付款, 待入账, 交易处理中, 未確定, 速報, 미확정, 승인대기, 처리중""")
)
# Words for rows that moved no money; importing them would record expenses that never happened.
DEAD_WORDS = frozenset(
    keys("""
        declined, denied, failed, cancelled, canceled, rejected, reverted, voided, void, expired, abgelehnt, storniert,
        fehlgeschlagen, abgebrochen, refuse, annule, echoue, rechazado, anulado, cancelado, fallido, rifiutato, annullato,
        geweigerd, geannuleerd, mislukt, recusado, anulada, avvisad, avbruten, makulerad, afvist, slettet, avvist,
        kansellert, hylatty, peruttu, odrzucona, odrzucony, anulowana, anulowany, zamitnuto, zruseno, zamietnute, zrusene,
        elutasitva, elutasitott, sikertelen, torolt, respinsa, anulata, esuata, отклонено, отменено, отмена, неуспешно,
        відхилено, скасовано, reddedildi, iptal, iptal edildi, basarisiz, 交易关闭, 失败, 交易失败, 已关闭, 已撤销, 取消,
        취소, 실패, 승인취소""")
)
# In Venmo's requests, the first party gets the money from the second one.
REQUEST_WORDS = frozenset(keys("charge, request, money request"))
# PayPal's "Memo" rows, such as authorizations, do not change the balance.
MEMO_WORDS = frozenset(keys("memo, verrechnung, hinweis"))

# Lines of balances between the transactions, compared in lower case.
_BALANCES = """
        balance, opening balance, closing balance, balance brought forward, balance carried forward, brought forward,
        carried forward, turnover, algsaldo, käive, lõppsaldo, sākuma atlikums, apgrozījums, beigu atlikums,
        likutis pradžiai, apyvarta, likutis pabaigai, anfangssaldo, endsaldo, alter kontostand, neuer kontostand,
        saldo początkowe, saldo końcowe, solde initial, solde final, ancien solde, nouveau solde, saldo inicial,
        saldo final, saldo anterior, saldo do dia, s a l d o, saldo iniziale, saldo finale, beginsaldo, eindsaldo,
        ingående saldo, utgående saldo, inngående saldo, startsaldo, slutsaldo, počáteční zůstatek, konečný zůstatek,
        začiatočný zostatok, konečný zostatok, nyitó egyenleg, záró egyenleg, sold inițial, sold final, входящий остаток,
        исходящий остаток, devir bakiyesi, 期初余额, 期末余额, 前月繰越, 繰越残高, 이월잔액"""
BALANCE_WORDS = frozenset(map(str.strip, _BALANCES.split(",")))

_YES = """
        true, yes, y, 1, t, x, ja, j, wahr, oui, o, vrai, si, s, verdadero, verdad, vero, sim, verdadeiro, waar, sant, kylla,
        tak, prawda, ano, igen, da, да, так, evet, 是, はい, 예, cleared, reconciled, posted, booked, settled, gebucht"""
_NO = """
        false, no, n, 0, f, nein, falsch, non, faux, falso, nao, nee, onwaar, nej, nei, ei, falskt, nie, falsz, ne, nem, nu,
        нет, ні, hayir, 否, いいえ, 아니오, uncleared, unreconciled, unposted"""
FLAG_WORDS: dict[str, bool] = {word: flag for flag, words in ((True, _YES), (False, _NO)) for word in keys(words)}
