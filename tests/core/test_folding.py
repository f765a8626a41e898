import unicodedata

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from core.folding import fold, fold_all
from tests.long_series import size

ASSIGNED = [chr(code) for code in range(1, 0x110000) if unicodedata.category(chr(code)) not in {"Cn", "Cs"}]
TEXTS = st.text(st.sampled_from(ASSIGNED))

pytestmark = pytest.mark.django_db


def in_sql(texts: list[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_fold(each) FROM unnest(%s::text[]) WITH ORDINALITY AS t (each, n) ORDER BY n", [texts])
        return [row[0] for row in cursor]


def test_sql_and_python_fold_every_sign_alike() -> None:
    texts = [f"a{sign}b {sign}" for sign in ASSIGNED]
    folded = zip(ASSIGNED, in_sql(texts), map(fold, texts), strict=True)
    assert [each for each in folded if each[1] != each[2]] == []


@pytest.mark.long
def test_sql_and_python_fold_random_texts_alike() -> None:
    @settings(max_examples=size(sample=50, whole=2_000), deadline=None)
    @given(st.lists(TEXTS, min_size=1, max_size=50))
    def compare(texts: list[str]) -> None:
        assert in_sql(texts) == [fold(text) for text in texts]

    compare()


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Café CRÈME", "cafe creme"),
        ("STRASSE Straße ẞ", "strasse strasse ss"),
        ("İSTANBUL ısparta", "istanbul isparta"),
        ("Łódź Ærø", "lodz aero"),
        ("ΟΔΟΣ οδός", "οδοσ οδοσ"),
        ("ガソリン ｶﾞｿﾘﾝ", "カソリン カソリン"),
        ("ร้านกาแฟ", "รานกาแฟ"),
        ("قَهْوَة", "قهوة"),
        ("ﬁn 1\N{NO-BREAK SPACE}000", "fin 1 000"),
        ("soft\N{SOFT HYPHEN}hyphen", "softhyphen"),
        ("  McDonald's #12/34 -- 5% ", "mcdonald s 12 34 5"),
        ("☕ \t\n", ""),
    ],
)
def test_folded_text_has_no_case_accents_or_signs(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert in_sql([text]) == [folded]


def test_texts_are_separated_by_a_bar() -> None:
    texts = ["Corner Shop", "", "|", "Café"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_fold_all(%s), core_fold_all(%s), core_fold_all(NULL)", [texts, [None]])
        assert cursor.fetchone() == (fold_all(*texts), "  ", "  ")
    assert fold_all(*texts) == " corner shop |  |  | cafe "
