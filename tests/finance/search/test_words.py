"""Words of searches: what is literal, scripts, and wildcards."""

import pytest

from dev.factories import TransactionFactory
from tests.finance.search.conftest import Find
from users.models import User


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("McDonald's 12:30 - 5%", "McDonald's 12:30 - 5%"),
        ("A&B #42 1/2", "A&B #42 1/2"),
        ("AMZN(DE) Mktp", "AMZN(DE)"),
        ("AMZN(DE) Mktp", "(amzn(de) mktp)"),
        ("pay 5) now", "5)"),
        ('a 5" pipe', '5" pipe'),
        ('say "hi" now', r'"say \"hi\""'),
        (r"a\b", r'"a\\b"'),
        ("see https://example.com/a?b=c", "https://example.com/a?b=c"),
        ("tea or coffee", '"tea or coffee"'),
        ("this and that", "this AND that"),
        ("twenty-one", "twenty-one"),
        ("a -- b", "a -- b"),
        ("x_y", "x_y"),
        ("50% off", "50%"),
        ("soft\N{SOFT HYPHEN}hyphen", "softhyphen"),
        ("organic", "or*"),
        ("coffee", "coffee ☕"),
        ("coffee", "coffee or ☕"),
    ],
)
def test_signs_of_a_word_are_text(find: Find, alice: User, text: str, search: str) -> None:
    TransactionFactory(user=alice, description=text)
    TransactionFactory(user=alice, description="else")
    assert find(search) == [text]


@pytest.mark.parametrize("search", ["x%z", "x_z", "%", "_", "5%5"])
def test_wildcards_of_sql_are_text(find: Find, alice: User, search: str) -> None:
    TransactionFactory(user=alice, description="xyz 505")
    assert find(f"else or {search}") == []


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("Café CRÈME", "cafe creme"),
        ("Hauptstraße", "HAUPTSTRASSE"),
        ("MULLER", "Müller"),
        ("İSTANBUL ISPARTA", "istanbul ısparta"),
        ("Łódź", "lodz"),
        ("ΟΔΟΣ", "οδός"),
        ("ЁЛКА", "елка"),
        ("قَهْوَة", "قهوة"),
        ("東京タワー入場券", "タワー"),
        ("ｶﾞｿﾘﾝ代", "ガソリン"),
        ("ร้านกาแฟในเมือง", "กาแฟ"),
        ("카페 서울", "카페"),
        ("ﬁne １２", "fine 12"),
    ],
)
def test_a_word_is_found_in_its_script(find: Find, alice: User, text: str, search: str) -> None:
    TransactionFactory(user=alice, description=text)
    assert find(search) == [text]


@pytest.mark.parametrize("search", ["ain", "카", "lod", "οδ"])
def test_a_part_of_a_word_is_not_found(find: Find, alice: User, search: str) -> None:
    TransactionFactory(user=alice, description="main 카페 łódź οδός")
    assert find(search) == []


def test_a_phrase_does_not_extend_over_two_texts(find: Find, alice: User) -> None:
    TransactionFactory(user=alice, description="corner", merchant_name="shop", tags=["work", "travel"])
    assert find('"corner shop"') == find('"work travel"') == []
