"""`manage.py import_stock_cryptography` seals a column anew that stock django-cryptography had written."""

from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.core.management.base import BaseCommand, CommandError

from core.encryption.fields import is_encrypted
from core.encryption.rotation import TableRotation, in_another_format
from core.encryption.stock_cryptography import FIRST, StockReader
from mingus.management.commands.rotate_field_keys import report


class Command(BaseCommand):
    help = (
        "Seal anew, in place, what stock django-cryptography wrote into a column whose field is an encrypted one now. "
        "Set STOCK_SECRET_KEY, and STOCK_CRYPTOGRAPHY_KEY and STOCK_CRYPTOGRAPHY_SALT if the project had them. "
        "It goes on where it was stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--model", required=True, help="for example finance.EncryptedFinancialProfile")
        parser.add_argument("--column", required=True, help="the field's name, for example account_number")
        parser.add_argument("--dry-run", action="store_true", help="count the values, and change nothing")

    def handle(self, *args: Any, model: str, column: str, dry_run: bool, **options: Any) -> None:
        source = self._field(model, column)
        # SECURITY: secrets come from the environment; arguments are seen by everybody on the machine
        if not settings.STOCK_SECRET_KEY:
            raise CommandError("Set STOCK_SECRET_KEY to the SECRET_KEY of the project that wrote the values.")
        reader = StockReader(
            secret_key=settings.STOCK_SECRET_KEY,
            cryptography_key=settings.STOCK_CRYPTOGRAPHY_KEY,
            salt=settings.STOCK_CRYPTOGRAPHY_SALT,
        )
        table = TableRotation(source.model, [in_another_format(source, FIRST, reader.read)])
        if dry_run:
            count = sum(table.columns[0].count_by_key().values())
            self.stdout.write(f"{count:,} values are in the stock format. Nothing was changed: this was a dry run.")
        else:
            report(self, [table], "taken over")

    def _field(self, model: str, column: str) -> Any:
        try:
            source = apps.get_model(model)._meta.get_field(column)
        except (LookupError, ValueError, FieldDoesNotExist) as error:
            raise CommandError(f"{model}.{column} can't be found: {error}") from error
        if not is_encrypted(source):
            raise CommandError(
                f"{model}.{column} is not an encrypted field: declare it with core.encryption.fields.encrypt first."
            )
        return source
