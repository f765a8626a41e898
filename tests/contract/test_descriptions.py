"""The descriptions of the OpenAPI document: each parameter, field and operation has one, which says more than its name."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.test_openapi import SCHEMA

ARTICLES = {"a", "an", "the", "of", "this", "is", "its"}
CHOICES = re.compile(r"(^|\n\n)\* `.*", re.DOTALL)  # drf-spectacular appends a list of the values and their labels


def own(described: dict[str, Any]) -> str:
    """Return the description without the list of choices."""
    return CHOICES.sub("", described.get("description", ""))


def repeats(name: str, described: dict[str, Any]) -> bool:
    words = set(re.findall(r"[a-z0-9]+", own(described).lower())) - ARTICLES
    return words <= set(re.findall(r"[a-z0-9]+", name.lower()))


def fields_of(schema: Any, place: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the place, the name and the schema of each field, at any depth."""
    parts = schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    yield from ((place, name, described) for name, described in properties.items())
    for key, part in parts:
        if key not in {"example", "examples"}:
            yield from fields_of(part, f"{place} {key}")


OPERATIONS = {
    f"{method} {path}": operation for path, operations in SCHEMA["paths"].items() for method, operation in operations.items()
}
SHARED = SCHEMA["components"]["parameters"]


def resolved(parameter: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = SHARED[parameter["$ref"].rsplit("/", 1)[1]] if "$ref" in parameter else parameter
    return found


PARAMETERS = [
    (place, parameter["name"], parameter)
    for place, operation in OPERATIONS.items()
    for parameter in map(resolved, operation.get("parameters", []))
]
FIELDS = [*fields_of(SCHEMA["components"]["schemas"], ""), *fields_of(SCHEMA["paths"], "")]
DESCRIBED = [*PARAMETERS, *FIELDS, *((name, name, operation) for name, operation in OPERATIONS.items())]


def test_the_whole_document_is_read() -> None:
    assert len(OPERATIONS) > 200
    assert len(PARAMETERS) > 1_000
    assert len(FIELDS) > 1_500


def test_each_has_a_sentence_of_its_own() -> None:
    assert [(place, name) for place, name, described in DESCRIBED if not own(described)] == []


def test_each_sentence_ends_with_a_period() -> None:
    assert [(place, name) for place, name, described in DESCRIBED if not own(described).endswith(".")] == []


def test_no_description_only_repeats_the_name() -> None:
    assert [(place, name) for place, name, described in DESCRIBED if repeats(name, described)] == []


def test_no_two_operations_have_the_same_description() -> None:
    texts = Counter(operation["description"] for operation in OPERATIONS.values())
    assert [text for text, count in texts.items() if count > 1] == []


def test_each_tag_has_a_description() -> None:
    assert [tag["name"] for tag in SCHEMA.get("tags", []) if not own(tag).endswith(".")] == []


def test_a_placeholder_of_a_description_is_filled() -> None:
    assert [(place, name) for place, name, described in DESCRIBED if re.search(r"\{rows?\}|\{name\}", own(described))] == []


@pytest.mark.parametrize(
    ("path", "name", "text"),
    [
        ("finance/transactions", "amount__gte", "Only transactions whose `amount` is at least this."),
        ("finance/transactions", "transaction_date__lte", "Only transactions whose `transaction_date` is this day or earlier."),
        ("finance/accounts", "created_at__gte", "Only accounts whose `created_at` is this time or later."),
        ("health/goals", "status__in", "Only health goals whose `status` is one of these, separated by commas."),
        ("finance/tags", "name", "Only tags whose `name` is exactly this, in the same case."),
        ("finance/tags", "name__icontains", "Only tags whose `name` contains this text, in any case."),
        ("finance/imports", "undone_at__isnull", "True: only statement imports without a value of `undone_at`."),
        ("health/checkins", "symptoms__contains", "Only check-ins whose `symptoms` contains everything in this JSON."),
    ],
)
def test_a_filter_is_described_by_its_lookup(path: str, name: str, text: str) -> None:
    [found] = [parameter for place, known, parameter in PARAMETERS if (place, known) == (f"get /api/v1/{path}/", name)]
    assert found["description"].startswith(text)


def test_a_filter_says_what_its_field_means_but_not_the_default_of_a_write() -> None:
    [found] = [each for place, name, each in PARAMETERS if (place, name) == ("get /api/v1/finance/transactions/", "status")]
    assert own(found).endswith("State at the bank. Failed and canceled ones are not counted.")


def test_an_id_in_the_path_names_its_kind_of_row() -> None:
    [found] = [each for place, name, each in PARAMETERS if (place, name) == ("get /api/v1/finance/accounts/{id}/", "id")]
    assert found["description"] == "The id of the account."
