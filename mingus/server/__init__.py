"""The part of the server in Python: Granian's event loop receives bodies and sends large responses, one thread runs Django.

A client that sends or reads slowly occupies a connection of the event loop, and never the thread that all requests share
(docs/decisions/0013).
"""
