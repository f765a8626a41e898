"""Texts of statements in languages, and the encodings that banks use for each."""

TEXTS = {
    "polish": ["Wypłata", "Zakupy Żabka", "Księgarnia Łódź", "Opłata miesięczna", "Zwrot należności"],
    "czech": ["Příjem řízek", "Nákup Žižkov", "Výběr", "Splátka úvěru", "Pojištění"],
    "hungarian": ["Könyvesbolt Győr", "Vásárlás Tűzoltó utca", "Átutalás", "Bérleti díj", "Gyógyszertár"],
    "french": ["Café à Orléans", "Virement reçu", "Crèche Les Étoiles", "Prélèvement", "Hêtre"],
    "german": ["Bäckerei Müller", "Straßenbahn", "Überweisung", "Grün", "Käse"],
    "spanish": ["Señor Núñez", "Nómina", "Gasolinera Peñón", "Farmacia Ángel", "Güell"],
    "danish": ["Rødgrød", "Ærø Færgen", "Århus Bøger", "Løn", "Bageri Blåbær"],
    "turkish": ["Ödeme İstanbul", "Maaş", "Güneş Market", "Çarşı Fırını", "Işık"],
    "simplified": ["超市购物消费", "工资收入转账", "信用卡还款", "咖啡店", "房租"],
    "traditional": ["超市購物", "工資收入", "信用卡還款", "咖啡店", "房租"],
    "japanese": ["スーパー買い物", "給与振込", "電気料金", "カフェ", "ガソリン"],
    "korean": ["슈퍼마켓 결제", "급여이체", "전기요금", "카페", "주유소"],
    "hebrew": ["סופרמרקט", "משכורת", "שכר דירה", "חשמל", "בית קפה"],
    "arabic": ["سوبر ماركت", "راتب", "إيجار", "كهرباء", "تحويل"],
    "russian": ["Магазин Пятёрочка", "Зарплата", "ОПЛАТА УСЛУГ", "Перевод", "Аптека"],
}
IN_USE = [
    ("polish", "cp1250"), ("polish", "iso8859-2"), ("czech", "cp1250"), ("czech", "iso8859-2"), ("hungarian", "cp1250"),
    ("hungarian", "iso8859-2"), ("french", "cp1252"), ("french", "iso8859-15"), ("german", "cp1252"), ("german", "iso8859-1"),
    ("spanish", "cp1252"), ("danish", "cp1252"), ("danish", "iso8859-15"), ("turkish", "cp1254"), ("simplified", "gb18030"),
    ("traditional", "big5"), ("japanese", "shift_jis"), ("japanese", "euc_jp"), ("korean", "euc_kr"), ("russian", "cp1251"),
    ("russian", "koi8-r"), ("arabic", "cp1256"),
]  # fmt: skip
