"""Encryption with the key ring: integrity of values, and problems of the configured keys."""

import base64
from base64 import b64encode

import pytest
from pytest_django import Settings

from core.encryption import key_ring

OLD_KEY = "0d" * 32
NEW_KEY = "1e" * 32
LABEL = "tests.secret"
HERE = key_ring.encode_associated_data(LABEL, "row-1", "alice")
SECRET = b"12345"


@pytest.fixture(autouse=True)
def ring(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [OLD_KEY]


def outcome(ciphertext: bytes, label: str = LABEL, associated_data: bytes = HERE) -> object:
    """Return the plaintext, or the class of the error."""
    try:
        return key_ring.decrypt(label, associated_data, ciphertext)
    except key_ring.EncryptionError as error:
        return type(error)


def bit_flips(ciphertext: bytes) -> list[bytes]:
    number, size = int.from_bytes(ciphertext, "big"), len(ciphertext)
    return [(number ^ (1 << bit)).to_bytes(size, "big") for bit in range(8 * size)]


def test_an_encrypted_value_is_decrypted_in_its_place() -> None:
    assert outcome(key_ring.encrypt(LABEL, HERE, SECRET)) == SECRET


def test_encryption_adds_33_bytes() -> None:
    assert len(key_ring.encrypt(LABEL, HERE, SECRET)) == len(SECRET) + 33


def test_an_empty_value_can_be_encrypted() -> None:
    assert outcome(key_ring.encrypt(LABEL, HERE, b"")) == b""


def test_the_same_value_never_has_the_same_bytes() -> None:
    assert len({key_ring.encrypt(LABEL, HERE, SECRET) for _ in range(100)}) == 100


def test_it_refuses_every_single_bit_flip_as_tampered() -> None:
    ciphertext = key_ring.encrypt(LABEL, HERE, SECRET)
    outcomes = [outcome(flipped) for flipped in bit_flips(ciphertext)]
    assert outcomes == [key_ring.TamperedError] * 304


def test_it_refuses_every_truncation_as_tampered() -> None:
    ciphertext = key_ring.encrypt(LABEL, HERE, SECRET)
    outcomes = [outcome(ciphertext[:length]) for length in range(len(ciphertext))]
    assert outcomes == [key_ring.TamperedError] * len(ciphertext)


def test_it_refuses_an_added_byte_as_tampered() -> None:
    assert outcome(key_ring.encrypt(LABEL, HERE, SECRET) + b"\x00") is key_ring.TamperedError


@pytest.mark.parametrize(
    ("label", "associated_data"),
    [
        pytest.param("tests.other", HERE, id="another column"),
        pytest.param(LABEL, key_ring.encode_associated_data(LABEL, "row-2", "alice"), id="another row"),
        pytest.param(LABEL, key_ring.encode_associated_data(LABEL, "row-1", "bob"), id="another owner"),
        pytest.param(LABEL, key_ring.encode_associated_data(LABEL, "row-1"), id="no owner"),
        pytest.param(LABEL, key_ring.encode_associated_data(LABEL, "row-1a", "lice"), id="the same letters cut elsewhere"),
    ],
)
def test_it_refuses_a_moved_value(label: str, associated_data: bytes) -> None:
    ciphertext = key_ring.encrypt(LABEL, HERE, SECRET)
    assert outcome(ciphertext, label, associated_data) is key_ring.TamperedError


def test_an_old_key_decrypts_after_a_new_one_became_primary(settings: Settings) -> None:
    ciphertext = key_ring.encrypt(LABEL, HERE, SECRET)
    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY, OLD_KEY]
    assert outcome(ciphertext) == SECRET


def test_new_values_are_encrypted_with_the_primary_key(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY, OLD_KEY]
    ciphertext = key_ring.encrypt(LABEL, HERE, SECRET)
    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY]
    assert outcome(ciphertext) == SECRET
    assert key_ring.key_id_of(ciphertext) == key_ring.key_id_of(key_ring.primary_key().header)


def test_an_unknown_key_is_named_with_the_setting(settings: Settings) -> None:
    ciphertext = key_ring.encrypt(LABEL, HERE, SECRET)
    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY]
    with pytest.raises(key_ring.UnknownKeyError, match=rf"{ciphertext[1:5].hex()}.* FIELD_ENCRYPTION_KEYS"):
        key_ring.decrypt(LABEL, HERE, ciphertext)


def test_an_edited_key_id_is_tampering_and_not_an_unknown_key(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY, OLD_KEY]
    ciphertext = key_ring.encrypt(LABEL, HERE, SECRET)
    assert outcome(ciphertext[:1] + b"\xde\xad\xbe\xef" + ciphertext[5:]) is key_ring.TamperedError


def test_a_value_with_the_id_of_another_key_is_tampered(settings: Settings) -> None:
    other = key_ring.key_id_of(key_ring.primary_key().header)
    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY, OLD_KEY]
    ciphertext = key_ring.encrypt(LABEL, HERE, SECRET)
    assert outcome(ciphertext[:1] + other + ciphertext[5:]) is key_ring.TamperedError


def test_an_error_names_the_label_and_not_the_value() -> None:
    with pytest.raises(key_ring.TamperedError, match=r"^tests\.secret: the value was edited or moved") as refusal:
        key_ring.decrypt(LABEL, HERE, key_ring.encrypt("tests.other", HERE, SECRET))
    assert SECRET.decode() not in str(refusal.value)


def test_the_ring_does_not_show_its_keys() -> None:
    ring = key_ring.parse_keys([OLD_KEY])
    assert bytes.fromhex(OLD_KEY) in ring.keys.values()
    assert "keys" not in repr(ring)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("ab" * 32, id="hexadecimal"),
        pytest.param("AB" * 32, id="upper case"),
        pytest.param(f"  {'ab' * 32}\n", id="with white space around"),
        pytest.param(base64.b64encode(b"\xab" * 32).decode(), id="base64"),
        pytest.param(base64.urlsafe_b64encode(b"\xab" * 32).decode(), id="url-safe base64"),
        pytest.param(base64.urlsafe_b64encode(b"\xab" * 32).decode().rstrip("="), id="without padding"),
    ],
)
def test_a_key_may_have_any_common_encoding(text: str) -> None:
    assert list(key_ring.parse_keys([text]).keys.values()) == [b"\xab" * 32]


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        pytest.param([], "FIELD_ENCRYPTION_KEYS is empty: set at least one key", id="none"),
        pytest.param(OLD_KEY, "must be a list of keys, not str", id="not a list"),
        pytest.param(None, "must be a list of keys, not NoneType", id="nothing"),
        pytest.param([OLD_KEY[:-2]], "Key 1 of FIELD_ENCRYPTION_KEYS is not 64 hexadecimal digits", id="too short"),
        pytest.param([OLD_KEY, OLD_KEY + "00"], "Key 2 of FIELD_ENCRYPTION_KEYS is not 64", id="too long"),
        pytest.param(["x" * 64], "Key 1 of FIELD_ENCRYPTION_KEYS is not 64", id="not hexadecimal"),
        pytest.param(["é" * 43], "Key 1 of FIELD_ENCRYPTION_KEYS is not 64", id="not ASCII"),
        pytest.param([b"\xab" * 32], "Key 1 of FIELD_ENCRYPTION_KEYS is not 64", id="not a text"),
        pytest.param([OLD_KEY, NEW_KEY, OLD_KEY.upper()], "Key 3 of FIELD_ENCRYPTION_KEYS repeats key 1", id="repeated"),
    ],
)
def test_a_problem_of_the_ring_is_reported(settings: Settings, keys: object, problem: str) -> None:
    settings.FIELD_ENCRYPTION_KEYS = keys
    assert problem in " ".join(key_ring.ring_problems())
    with pytest.raises(key_ring.EncryptionError, match=problem):
        key_ring.encrypt(LABEL, HERE, SECRET)


def test_every_bad_key_is_reported_at_once_and_none_is_quoted(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["short", OLD_KEY, "shorter", OLD_KEY]
    problems = key_ring.ring_problems()
    assert [problem.split(" of ")[0] for problem in problems] == ["Key 1", "Key 3", "Key 4"]
    assert "short" not in " ".join(problems)


def test_a_missing_setting_is_a_problem(settings: Settings) -> None:
    del settings.FIELD_ENCRYPTION_KEYS
    assert "is empty" in key_ring.ring_problems()[0]


def test_a_good_ring_has_no_problems() -> None:
    assert key_ring.ring_problems() == []


def test_a_value_can_be_read_from_text() -> None:
    ciphertext = key_ring.encrypt(LABEL, HERE, SECRET)
    assert key_ring.from_text(key_ring.TEXT_PREFIX + b64encode(ciphertext).decode()) == ciphertext


@pytest.mark.parametrize(
    "text", ["12345", "", None, 5, b"encrypted:AQ==", "encrypted:", "encrypted:AQ==", "encrypted:A", "encrypted:é"]
)
def test_other_text_is_not_an_encrypted_value(text: object) -> None:
    assert key_ring.from_text(text) is None
