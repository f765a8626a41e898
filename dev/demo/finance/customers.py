"""The finances of the three demo customers. All shops and banks are fictional."""

from datetime import date
from decimal import Decimal as D  # noqa: N817 - keeps the tables below readable

from dev.demo.finance.generator import (
    CardPayment,
    DemoAccount,
    DemoFinances,
    DemoStatement,
    DemoTransfer,
    RegularPayment,
    SpendingHabit,
    every_other_week,
    monthly,
)

ROUTING = "123456780"

ALICE = DemoFinances(
    currency="USD",
    accounts=(
        DemoAccount("checking", "Everyday checking", "checking", "Harbor Example Bank", D("5240.44"), "000912345678", ROUTING),
        DemoAccount(
            "savings", "Emergency fund", "savings", "Harbor Example Bank", D(8200), "000912345777", ROUTING, None, D("0.0410")
        ),
        DemoAccount(
            "card", "Travel card", "credit", "Meridian Cards", D("-1240.15"), "4000001234567899", "", D(12000), D("0.2149")
        ),
        DemoAccount("loan", "Student loan", "loan", "Campus Lending", D("-18600.00"), "CL5501882", "", None, D("0.0550")),
        DemoAccount("wallet", "Weekend wallet", "checking", "Pocket Prepaid", D(0), "PP00417733"),
    ),
    regulars=(
        RegularPayment(every_other_week(date(2025, 1, 3)), "checking", "income", D("2874.60"), "salary", "Larkspur Software"),
        RegularPayment(monthly(15, 3), "checking", "income", D("6400.00"), "bonus", "Larkspur Software"),
        RegularPayment(monthly(11, 4), "checking", "income", D("912.00"), "tax refund", "US Treasury"),
        RegularPayment(monthly(28), "savings", "income", D("31.40"), "interest", "Harbor Example Bank", D(4)),
        RegularPayment(monthly(1), "checking", "expense", D("-2450.00"), "rent", "Chelsea Homes"),
        RegularPayment(monthly(12), "checking", "expense", D("-96.00"), "utilities", "Metro Electric & Gas", D(38)),
        RegularPayment(monthly(15), "checking", "expense", D("-70.00"), "utilities", "Lightline Internet"),
        RegularPayment(monthly(20), "card", "expense", D("-55.00"), "phone", "Bluebird Mobile"),
        RegularPayment(monthly(3), "card", "expense", D("-89.00"), "fitness", "Forge Gym"),
        RegularPayment(monthly(5), "card", "expense", D("-15.49"), "subscriptions", "Streamly"),
        RegularPayment(monthly(8), "card", "expense", D("-10.99"), "subscriptions", "Tuneful"),
        RegularPayment(monthly(22), "card", "expense", D("-2.99"), "subscriptions", "Cloudbox"),
        RegularPayment(monthly(9, 2, 7, 12), "card", "expense", D("-428.00"), "travel", "Skylane Air", D(160)),
        RegularPayment(monthly(14, 5, 11), "card", "expense", D("-129.95"), "clothing", "Thread & Needle"),
        RegularPayment(monthly(19, 5, 11), "card", "refund", D("64.95"), "clothing", "Thread & Needle"),
        RegularPayment(monthly(27, 1, 4, 7, 10), "checking", "fee", D("-3.50"), "fees", "ATM fee"),
    ),
    habits=(
        SpendingHabit("checking", "groceries", 1.7, 22, 128, ("Greenway Market", "Corner Pantry", "Union Farmers")),
        SpendingHabit("card", "dining", 3.0, 9, 78, ("Noodle Yard", "Trattoria Lina", "Taco Norte", "The Copper Pot"), True),
        SpendingHabit("card", "coffee", 3.5, 3.75, 8.5, ("Second Street Coffee", "Bean Common")),
        SpendingHabit("card", "transport", 4.5, 2.9, 5.8, ("City Transit",)),
        SpendingHabit("card", "transport", 0.6, 11, 42, ("Hail Cab",), True),
        SpendingHabit("card", "health", 0.3, 8, 64, ("Parkside Pharmacy",)),
        SpendingHabit("card", "shopping", 0.5, 14, 140, ("Paper & Ink", "Homeward", "Parcel Store")),
        SpendingHabit("checking", "cash", 0.25, 40, 120, ("ATM withdrawal",)),
    ),
    transfers=(
        DemoTransfer(monthly(2), "checking", "savings", D(900), "Transfer to emergency fund"),
        DemoTransfer(monthly(18), "checking", "loan", D(320), "Student loan payment"),
    ),
    card_payments=(CardPayment(25, "checking", "card"),),
    statement=DemoStatement(
        "wallet", "csv", D(420), SpendingHabit("wallet", "", 2.2, 6, 44, ("RIVERSIDE CINEMA", "PIER ARCADE", "BOOKSTALL 9"))
    ),
)

BOB = DemoFinances(
    currency="USD",
    accounts=(
        DemoAccount("joint", "Joint checking", "checking", "Lakefront Credit Union", D("3904.18"), "40077120093", ROUTING),
        DemoAccount("business", "Baker Electric", "checking", "Lakefront Credit Union", D("6980.00"), "40077120111", ROUTING),
        DemoAccount(
            "card", "Cash-back card", "credit", "Meridian Cards", D("-2460.72"), "4000009876543210", "", D(8000), D("0.1999")
        ),
        DemoAccount("house", "Mortgage", "mortgage", "Prairie Home Loans", D("-214300.00"), "PHL884102", "", None, D("0.0388")),
        DemoAccount("van", "Van fuel card", "credit", "Route Cards", D(0), "RC20093311", "", D(1500)),
    ),
    regulars=(
        RegularPayment(
            every_other_week(date(2025, 1, 8)),
            "business",
            "income",
            D("1930.00"),
            "invoices",
            "Lincoln Square Builders",
            D(900),
        ),
        RegularPayment(
            every_other_week(date(2025, 1, 14)), "business", "income", D("1480.00"), "invoices", "Residential customers", D(760)
        ),
        RegularPayment(
            monthly(26, 3, 5, 6, 9, 11), "business", "income", D("1900.00"), "invoices", "Irving Park School", D(300)
        ),
        RegularPayment(monthly(1), "joint", "expense", D("-640.00"), "childcare", "Little Oaks"),
        RegularPayment(monthly(6), "joint", "expense", D("-148.00"), "utilities", "Lake Power", D(52)),
        RegularPayment(monthly(9), "joint", "expense", D("-64.00"), "utilities", "City Water", D(9)),
        RegularPayment(monthly(17), "joint", "expense", D("-85.00"), "utilities", "Lightline Internet"),
        RegularPayment(monthly(21), "joint", "expense", D("-231.00"), "insurance", "Steady Mutual"),
        RegularPayment(monthly(4), "card", "expense", D("-22.99"), "subscriptions", "Streamly family"),
        RegularPayment(monthly(13), "business", "expense", D("-119.00"), "insurance", "Trade Cover"),
        RegularPayment(monthly(15, 1, 4, 6, 9), "business", "expense", D("-2350.00"), "taxes", "US Treasury", D(180)),
        RegularPayment(monthly(24, 3, 10), "card", "refund", D("86.40"), "tools", "Volt Supply"),
        RegularPayment(monthly(23, 2, 8), "joint", "fee", D("-34.00"), "fees", "Overdraft fee"),
        RegularPayment(monthly(12, 7), "card", "expense", D("-1180.00"), "travel", "Lake Cabins"),
        RegularPayment(monthly(20, 12), "card", "expense", D("-412.00"), "gifts", "Toy Wagon", D(60)),
    ),
    habits=(
        SpendingHabit("joint", "groceries", 2.4, 38, 190, ("Family Foods", "Prairie Market", "Bulk Barn")),
        SpendingHabit("card", "dining", 1.2, 18, 96, ("Deep Dish Dan's", "Pancake Corner", "Burger Depot"), True),
        SpendingHabit("card", "fuel", 1.6, 34, 82, ("Route 14 Fuel", "Gas Depot")),
        SpendingHabit("business", "tools", 1.3, 22, 340, ("Volt Supply", "Wire & Conduit")),
        SpendingHabit("card", "children", 0.8, 12, 90, ("School Shop", "Soccer Club", "Kids' Corner")),
        SpendingHabit("joint", "health", 0.35, 20, 140, ("Ravenswood Dental", "Parkside Pharmacy")),
        SpendingHabit("card", "home", 0.4, 18, 210, ("Homeward", "Garden & Grain")),
    ),
    transfers=(
        DemoTransfer(monthly(5), "joint", "house", D("1720.00"), "Mortgage payment"),
        DemoTransfer(monthly(3), "business", "joint", D("2950.00"), "Owner's draw"),
        DemoTransfer(monthly(18), "business", "joint", D("2950.00"), "Owner's draw"),
    ),
    card_payments=(CardPayment(27, "joint", "card"),),
    statement=DemoStatement(
        "van", "ofx", D(180), SpendingHabit("van", "", 1.6, 38, 88, ("ROUTE 14 FUEL #221", "GAS DEPOT 0087", "TOLLWAY I-90"))
    ),
)

CHIARA = DemoFinances(
    currency="EUR",
    accounts=(
        DemoAccount("conto", "Conto corrente", "checking", "Banca del Tevere", D("1840.25"), "IT60X0542811101000000123456"),
        DemoAccount("deposito", "Conto deposito", "savings", "Banca del Tevere", D("3650.00"), "IT60X0542811101000000123479"),
        DemoAccount("fondo", "Fondo indicizzato", "investment", "Tiber Invest", D("5200.00"), "TI884120"),
        DemoAccount("viaggi", "Conto viaggi", "checking", "Banca del Tevere", D(0), "IT60X0542811101000000123483"),
        DemoAccount(
            "carta",
            "Carta di credito",
            "credit",
            "Banca del Tevere",
            D("-712.40"),
            "4000005555012345",
            "",
            D(1500),
            D("0.1390"),
        ),
    ),
    regulars=(
        RegularPayment(monthly(27), "conto", "income", D("1612.00"), "salary", "Edizioni Ginestra"),
        RegularPayment(monthly(18, 12), "conto", "income", D("1540.00"), "salary", "Edizioni Ginestra, tredicesima"),
        RegularPayment(monthly(14, 2, 5, 8, 10), "conto", "income", D("340.00"), "freelance", "Studio Aurelia", D(120)),
        RegularPayment(monthly(3), "conto", "expense", D("-560.00"), "rent", "Affitto Via dei Serpenti"),
        RegularPayment(monthly(1), "conto", "expense", D("-35.00"), "transport", "Trasporti Roma, abbonamento"),
        RegularPayment(monthly(11, 1, 3, 5, 7, 9, 11), "conto", "expense", D("-74.00"), "utilities", "Luce e Gas Lazio", D(26)),
        RegularPayment(monthly(16), "conto", "expense", D("-24.90"), "utilities", "Fibra Veloce"),
        RegularPayment(monthly(8), "carta", "expense", D("-7.99"), "phone", "Mobile Chiaro"),
        RegularPayment(monthly(12), "carta", "expense", D("-12.99"), "subscriptions", "Streamly"),
        RegularPayment(monthly(30, 3, 6, 9, 12), "conto", "fee", D("-8.55"), "fees", "Imposta di bollo"),
        RegularPayment(monthly(6, 8), "carta", "expense", D("-318.00"), "travel", "Treni e Mare"),
        RegularPayment(monthly(21, 1, 7), "carta", "refund", D("39.90"), "clothing", "Saldi & Co"),
        RegularPayment(monthly(17, 1, 7), "carta", "expense", D("-119.80"), "clothing", "Saldi & Co"),
    ),
    habits=(
        SpendingHabit("conto", "groceries", 2.1, 8, 62, ("Mercato Monti", "Alimentari Rossi", "Spesa Buona")),
        SpendingHabit("carta", "dining", 2.1, 9, 44, ("Trattoria da Nino", "Pizzeria Ai Fori", "Osteria Angelino"), True),
        SpendingHabit("conto", "coffee", 4.0, 1.2, 4.5, ("Bar Centrale", "Caffè Cavour")),
        SpendingHabit("carta", "books", 0.5, 7, 34, ("Libreria Minerva",)),
        SpendingHabit("carta", "health", 0.25, 6, 48, ("Farmacia Santa Maria",)),
        SpendingHabit("carta", "leisure", 0.9, 6, 40, ("Cinema Aquila", "Museo Civico"), True),
    ),
    transfers=(
        DemoTransfer(monthly(28), "conto", "deposito", D(150), "Risparmio mensile"),
        DemoTransfer(monthly(29), "conto", "fondo", D(80), "Piano di accumulo"),
    ),
    card_payments=(CardPayment(10, "conto", "carta"),),
    statement=DemoStatement(
        "viaggi",
        "italian",
        D(260),
        SpendingHabit("viaggi", "", 1.5, 7, 52, ("TRENITALIA.EX", "OSTELLO SUL LAGO", "MUSEO CIVICO")),
    ),
)

DEMO_FINANCES = {"alice@mingus.example": ALICE, "bob@mingus.example": BOB, "chiara@mingus.example": CHIARA}
