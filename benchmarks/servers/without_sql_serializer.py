"""MINGUS's application without the serialization in SQL: rows become instances and are serialized by REST framework."""

from mingus.asgi import application
from core.api.serializers import BaseSerializer

BaseSerializer.get_sql_serializer = classmethod(lambda cls: None)  # type: ignore[method-assign, assignment]

__all__ = ["application"]
