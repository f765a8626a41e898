"""Base models, field classes, constraints and validators that every app builds on."""

from core.models.base import DataKey, IdempotencyKey

__all__ = ["DataKey", "IdempotencyKey"]
