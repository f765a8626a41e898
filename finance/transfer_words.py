"""Words in the texts of bank statements that tell transfers between own accounts from other payments, in several languages.

They are compared in the folded form of `core.folding`, as whole words or phrases; those in scripts without spaces as parts.
"""

from collections.abc import Iterable

from core.folding import fold

OWN_TRANSFER = (
    "own account, own accounts, internal transfer, transfer between accounts, between accounts, account transfer, "
    "to savings, from savings, to checking, from checking, self transfer, xfer, sweep, top up, topup, savings "
    "transfer, move money, umbuchung, eigenübertrag, übertrag, uebertrag, kontoübertrag, eigenes konto, eigene "
    "konten, eigenüberweisung, sparrate, tagesgeld, virement interne, vir interne, compte à compte, entre comptes, "
    "entre mes comptes, virement épargne, vers livret, depuis livret, livret, traspaso, transferencia interna, "
    "cuentas propias, entre cuentas, cuenta propia, giroconto, girofondo, conto proprio, conti propri, entre "
    "contas, contas próprias, mesma titularidade, poupança, eigen rekening, spaarrekening, interne overboeking, "
    "naar spaarrekening, przelew własny, własny, własne, rachunek własny, konto oszczędnościowe, egen överföring, "
    "eget konto, egna konton, sparkonto, egen konto, sparekonto, egne konti, opsparing, oma siirto, omat tilit, oma "
    "tili, säästötili, vlastní převod, vlastními účty, vlastní účet, saját számla, saját számlák, hesaplar arası, "
    "kendi hesabım, virman, между своими счетами, собственных средств, 資金移動, 自分の口座, 转存, 本人转账, 내계좌"
)
TRANSFER = (
    "transfer, transfers, transf, trf, tfr, xfer, deposit, withdrawal, standing order, überweisung, ueberweisung, "
    "dauerauftrag, gutschrift, virement, vir, transferencia, bonifico, overboeking, przelew, överföring, "
    "overføring, overførsel, siirto, tilisiirto, převod, átutalás, havale, eft, перевод, 振込, 转账, 이체, e transfer, "
    "neft, imps, sto, saving, savings, saver, isa, sparen, sparbuch, épargne, ahorro, ahorros, risparmio, risparmi, "
    "spaar, spaargeld, oszczędności, sparande, säästö"
)
CARD_PAYMENT = (
    "payment thank you, thank you for your payment, autopay, credit card payment, card payment received, payment "
    "received, cc payment, crd autopay, cardmember, kreditkartenabrechnung, kreditkarte ausgleich, abrechnung "
    "kreditkarte, kreditkartenausgleich, règlement carte, relevé carte, prélèvement carte, pago tarjeta, pago de "
    "tarjeta, liquidación tarjeta, saldo carta, addebito carta, estratto carta, aflossing creditcard, spłata karty, "
    "kortbetalning faktura, loan payment, loan repayment, mortgage payment, tilgung, darlehen, échéance prêt, cuota "
    "préstamo, hypotheek, rata kredytu"
)
PURCHASE = (
    "pos, purchase, card purchase, debit card, kartenzahlung, girocard, paiement cb, paiement carte, cb, achat, "
    "compra, pagamento pos, betaalautomaat, pinbetaling, płatność kartą, zakup, kortköp, korttiosto, korttimaksu, "
    "visa, mastercard, restaurant, restaurante, ristorante, ravintola, restauracja, restaurang, cafe, coffee, "
    "kaffee, bar, pizzeria, trattoria, bistro, brasserie, imbiss, grill, burger, sushi, supermarket, supermarkt, "
    "supermarché, supermercado, market, grocery, groceries, bakery, bäckerei, boulangerie, panadería, pharmacy, "
    "apotheke, pharmacie, farmacia, apteka, hotel, store, shop, boutique, fuel, petrol, tankstelle, gas station, "
    "gasolinera, cinema, kino, theater, theatre, taxi, parking, ticket, tickets, books, bookstore, buchhandlung, "
    "librairie, pharma, hardware, baumarkt, electronics, clothing, fashion, mode, amazon, netflix, spotify, ebay, "
    "ikea, lidl, aldi, rewe, edeka, carrefour, mercadona, tesco, walmart, costco, uber"
)
REFUND = (
    "refund, refunded, return, returned, reversal, chargeback, cashback, credit note, erstattung, rückerstattung, "
    "retoure, storno, remboursement, avoir, devolución, reembolso, rimborso, restituzione, terugbetaling, retour, "
    "zwrot, återbetalning, refundering, hyvitys, palautus, vrácení, visszatérítés, iade, возврат, 返金, 退款, "
    "reimbursement, expenses, auslagen, note de frais, spesen"
)
EARNINGS = (
    "salary, payroll, wages, direct dep, direct deposit, pension, gehalt, lohn, bezüge, salaire, paie, nómina, "
    "sueldo, stipendio, emolumenti, salário, ordenado, salaris, loon, wynagrodzenie, pensja, lön, lønn, løn, "
    "palkka, mzda, výplata, fizetés, munkabér, maaş, зарплата, 給与, 給料, 工资, dividend, dividende, interest, zinsen, "
    "intérêts, intereses, interessi, bonus, benefit, kindergeld, allocations, tax refund, honorar, honoraires, "
    "invoice"
)
BILL = (
    "rent, miete, loyer, alquiler, affitto, huur, czynsz, hyra, vuokra, nájem, insurance, versicherung, assurance, "
    "seguro, assicurazione, verzekering, ubezpieczenie, rechnung, facture, factura, fattura, factuur, faktura, "
    "lasku, electric, electricity, strom, gas, water, utility, utilities, tax, steuer, impôt, impuesto, telefon, "
    "gym, subscription, abo, tuition, school, kita, donation, spende, don, membership, mitgliedsbeitrag, "
    "cotisation, fee, bestellung, commande, pedido, zamówienie, lastschrift, prélèvement, recibo, domiciliación, "
    "incasso, polecenie zapłaty"
)
PAYBACK = (
    "dinner, lunch, brunch, breakfast, drinks, beer, pizza, gift, present, birthday, concert, trip, holiday, "
    "vacation, split, share, my share, half, iou, owed, pay back, payback, thanks, thank you, thx, abendessen, "
    "essen, geschenk, geburtstag, konzert, urlaub, anteil, hälfte, danke, dîner, resto, cadeau, anniversaire, "
    "vacances, part, moitié, merci, cena, comida, regalo, cumpleaños, vacaciones, mitad, gracias, pranzo, "
    "compleanno, vacanza, metà, grazie, etentje, cadeautje, verjaardag, bedankt, kolacja, prezent, urodziny, "
    "dzięki, middag, present, födelsedag, tack, lahja, kiitos, večeře, dárek, ajándék, vacsora, jantar, almoço, "
    "presente, obrigado, sold, verkauf, kleinanzeigen, vinted, flohmarkt, babysitting"
)
BETWEEN_PEOPLE = (
    "zelle, venmo, cash app, paypal, bizum, swish, twint, mobilepay, vipps, blik, tikkie, lydia, satispay, pix, "
    "wero, paylib, interac, mb way, payconiq"
)
GENERIC = (  # of banks' and accounts' names, which identify none
    "bank, banque, banco, banca, account, konto, compte, cuenta, conto, the, first, national, credit, union, card, "
    "cards, savings, checking, current, giro, girokonto, my, main, joint, example, group, de, la, of, and, cash, "
    "online, direct"
)
BANK_WORDS = (  # of any text of a bank, without names
    "sepa, ach, debit, credit, payment, transaction, online, mobile, banking, internet, electronic, instant, wire, "
    "memo, ref, reference, id, nr, no, number, date, value, from, to, by, for, via, the, and, in, out, incoming, "
    "outgoing, received, sent, account, acct, acc, bank, autodeposit, eur, usd, gbp, chf, sek, nok, dkk, pln, czk, "
    "huf, jpy, cad, aud, zahlung, erhalten, konto, girokonto, von, an, auf, vom, zum, verwendungszweck, betreff, "
    "echtzeit, eingang, ausgang, belastung, eingehend, recu, reçu, émis, emis, inst, instantané, compte, vers, "
    "depuis, votre, mon, faveur, motif, recibida, enviada, recibido, enviado, desde, cuenta, hacia, inmediata, "
    "concepto, ricevuto, inviato, istantaneo, accredito, addebito, conto, altro, dal, verso, favore, causale, "
    "recebida, enviada, conta, para, ontvangen, naar, van, betaling, rekening, betaalrekening, omschrijving, "
    "przychodzący, wychodzący, konta, rachunek, tytułem, från, till, konto, insättning, uttag, betalning, fra, til, "
    "pmt, pymt, web, rcvd, recd, faster, payments, fps, bacs, chaps, bgc, giro, receipt, serv, trans, regular, "
    "full, balance, innskudd, uttak, tililtä, tilille, mr, mrs, ms, hr, herr, frau, mme, ou, dhr, mevr, epay, crd, "
    "入金, 出金"
)
LONGEST_PHRASE = 4
FIRST_WITHOUT_SPACES = "\u3000"  # scripts of East Asia follow


class WordList:
    """Folded words and phrases of a list that is separated by commas."""

    def __init__(self, text: str) -> None:
        folded = [fold(each) for each in text.split(",")]
        self.parts = [each for each in folded if each >= FIRST_WITHOUT_SPACES]
        self.phrases = frozenset(each for each in folded if each < FIRST_WITHOUT_SPACES)

    def is_in(self, text: str, phrases: Iterable[str]) -> bool:
        """Return True if a phrase is one of the list, or the text contains one that is written without spaces."""
        return not self.phrases.isdisjoint(phrases) or (not text.isascii() and any(part in text for part in self.parts))


def phrases_of(words: list[str]) -> set[str]:
    """Return each sequence of up to LONGEST_PHRASE words."""
    found = set(words)
    for length in range(2, LONGEST_PHRASE + 1):
        found.update(" ".join(words[start : start + length]) for start in range(len(words) - length + 1))
    return found
