"""Values that the real django-cryptography wrote are taken over, and what a pickle could do is not done."""

import json
import os
import pickle
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django_cryptography.core.signing import FernetSigner
from django_cryptography.utils.crypto import FernetBytes
from pytest_django import Settings

from core.encryption.fields import Ciphertext
from core.encryption.key_ring import EncryptionError, TamperedError
from core.encryption.stock_cryptography import StockReader, plain
from dev.factories import AccountFactory
from finance.models import EncryptedFinancialProfile

SECRET_KEY = "the secret key of the project they come from"
PLAIN = ["DE02120300000000202051", "", "é", 5, 2**70, True, None, 1.5, b"bytes", [1, ["a"]], {"a": [None], "b": {"c": "d"}}]
DATES = [Decimal("12.30"), date(2024, 2, 29), datetime(2024, 2, 29, 12, tzinfo=UTC), datetime(2024, 2, 29, 12)]  # noqa: DTZ001
# a project of its own, with the package as it is installed: its settings, its field, its pickles
WRITER = """
import json, sys
from django.conf import settings
settings.configure(**json.loads(sys.argv[1]))
from django.db import models
from django_cryptography.fields import encrypt
field = encrypt(models.CharField(max_length=99))
print(json.dumps([field._dump(value).hex() for value in json.loads(sys.argv[2])]))
"""


def written_by_the_package(values: list[Any], **settings: str) -> list[bytes]:
    """`values` as the real package stores them under `settings`."""
    command = [sys.executable, "-c", WRITER, json.dumps({"SECRET_KEY": SECRET_KEY, **settings}), json.dumps(values)]
    result = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, env={"PATH": os.environ["PATH"]})
    return [bytes.fromhex(value) for value in json.loads(result.stdout)]


def signed(pickled: bytes) -> bytes:
    """A value of the package's format with any pickle inside, signed as it should be."""
    key = StockReader(secret_key=SECRET_KEY)._cipher
    return bytes(FernetBytes(key, FernetSigner(SECRET_KEY)).encrypt(pickled))


class Bomb:
    """What an attacker would store: a pickle that calls something."""

    def __init__(self, call: Any, *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> Any:
        return self.call, self.arguments


@pytest.mark.parametrize(
    ("stock", "reader"),
    [
        ({}, {}),
        ({"CRYPTOGRAPHY_KEY": "another key"}, {"cryptography_key": "another key"}),
        ({"CRYPTOGRAPHY_SALT": "pepper"}, {"salt": "pepper"}),
    ],
)
def test_what_the_package_wrote_is_read(stock: dict[str, str], reader: dict[str, str]) -> None:
    values = ["DE02120300000000202051", "", "é", 5, None, True, 1.5, [1, "a"], {"a": [None]}]
    opened = StockReader(secret_key=SECRET_KEY, **reader)
    assert [opened.read(value) for value in written_by_the_package(values, **stock)] == values


@pytest.mark.parametrize("value", PLAIN + DATES)
@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_plain_values_are_read_whatever_the_protocol(value: object, protocol: int) -> None:
    assert plain(pickle.dumps(value, protocol)) == value


@pytest.mark.parametrize(
    "bomb",
    [
        Bomb(os.system, "true"),
        Bomb(eval, "1"),
        Bomb(getattr, {}, "pop"),
        Bomb(__import__, "os"),
        Bomb(StockReader, "x"),
        [Bomb(os.getpid)],
        {"a": Bomb(os.getpid)},
        os.getcwd,
        timedelta.__new__,
        {1, 2},
        (1, 2),
        1j,
        bytearray(b"x"),
        object,
        Decimal,
    ],
    ids=lambda value: type(value).__name__,
)
def test_all_else_is_refused_and_nothing_is_called(bomb: object) -> None:
    with pytest.raises(EncryptionError):
        StockReader(secret_key=SECRET_KEY).read(signed(pickle.dumps(bomb)))


@pytest.mark.parametrize(
    "pickled", [b"", b"garbage", b"\x80\x05.", b"\x80\x05]\x94h\x00a.", b"c__main__\nBomb\n.", b"\x82\x01."]
)
def test_a_broken_pickle_is_an_error_with_a_name(pickled: bytes) -> None:
    with pytest.raises(EncryptionError):
        plain(pickled)


def test_nothing_is_read_before_its_signature_is_right() -> None:
    value = signed(pickle.dumps("x"))
    wrong = [value[:-1] + bytes([value[-1] ^ 1]), b"\x81" + value[1:], value[:40], b"", value + b"\0"]
    reader = StockReader(secret_key=SECRET_KEY)
    assert [type(_refusal(reader, bad)) for bad in wrong] == [TamperedError] * 5
    assert type(_refusal(StockReader(secret_key="another"), value)) is TamperedError


def test_a_wrong_cryptography_key_is_named() -> None:
    values = written_by_the_package(["x"] * 3, CRYPTOGRAPHY_KEY="another key")
    reader = StockReader(secret_key=SECRET_KEY)
    assert {type(_refusal(reader, value)) for value in values} == {EncryptionError}


def _refusal(reader: StockReader, value: bytes) -> EncryptionError:
    with pytest.raises(EncryptionError) as refused:
        reader.read(value)
    return refused.value


def take_over(*arguments: str) -> None:
    call_command(
        "import_stock_cryptography", *arguments, model="finance.EncryptedFinancialProfile", column="account_number", verbosity=0
    )


@pytest.mark.django_db
def test_the_command_seals_a_column_anew(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.STOCK_SECRET_KEY = SECRET_KEY
    old, ours = AccountFactory.create_batch(3), AccountFactory(account_number="OURS")
    values = written_by_the_package(["STOCK0", "STOCK1", "STOCK2"])
    assert sum(map(_store, old, values)) == 3
    take_over("--dry-run")
    take_over()
    take_over()
    said = capsys.readouterr().out
    numbers = [EncryptedFinancialProfile.objects.get(pk=row.pk).account_number for row in [*old, ours]]
    assert numbers == ["STOCK0", "STOCK1", "STOCK2", "OURS"]
    assert EncryptedFinancialProfile.objects.with_number(old[1].user_id, "stock-1").get().pk == old[1].pk
    assert "3 values are in the stock format" in said
    assert "3 rows were taken over" in said
    assert "0 rows were taken over" in said


@pytest.mark.django_db
def test_the_command_names_what_it_cannot_read_and_goes_on(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.STOCK_SECRET_KEY = SECRET_KEY
    good, bad = AccountFactory.create_batch(2)
    _store(good, signed(pickle.dumps("GOOD")))
    _store(bad, signed(pickle.dumps(Bomb(os.getpid))))
    with pytest.raises(CommandError, match="1 values can't be opened"):
        take_over()
    assert f"{bad.pk}, account_number: The value holds a posix.getpid" in capsys.readouterr().err
    assert EncryptedFinancialProfile.objects.get(pk=good.pk).account_number == "GOOD"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "column", "problem"),
    [
        ("finance.Nothing", "account_number", "can't be found"),
        ("nonsense", "account_number", "can't be found"),
        ("finance.EncryptedFinancialProfile", "nothing", "can't be found"),
        ("finance.EncryptedFinancialProfile", "profile_name", "is not an encrypted field"),
        ("finance.EncryptedFinancialProfile", "account_number", "Set STOCK_SECRET_KEY"),
    ],
)
def test_the_command_says_what_is_missing(model: str, column: str, problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        call_command("import_stock_cryptography", model=model, column=column)


def _store(row: EncryptedFinancialProfile, value: bytes) -> int:
    """Put the package's bytes where it would have put them."""
    return EncryptedFinancialProfile.objects.filter(pk=row.pk).update(account_number=Ciphertext(value))
