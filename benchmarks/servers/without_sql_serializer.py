"""MINGUS's application without the serialization in SQL: rows become instances and are serialized by REST framework."""

from importlib import import_module

from mingus.asgi import application

# Serializers can be imported once the application has loaded the apps.
import_module("core.api.serializers").BaseSerializer.get_sql_serializer = classmethod(lambda cls: None)

__all__ = ["application"]
